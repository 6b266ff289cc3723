#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <utility>

#include "base/escape.h"
#include "cli/time_argument.h"
#include "cli/version.h"
#include "config/readers.h"
#include "config/suggest.h"

namespace ductus::cli {
namespace {

constexpr std::string_view kShortHelp =
    "ductus pipes Kafka topics through your code.\n"
    "\n"
    "usage: ductus VERB CONFIG [options]\n"
    "verbs: console  stop  running  status\n"
    "       reset_offsets  reset_to_oldest_offsets  zero_offsets  reset_single_offset\n"
    "\n"
    "  ductus console orders               read the topics of config/orders.toml until Ctrl-C\n"
    "  ductus status orders --json         how far it is, for a script\n"
    "  ductus stop orders                  let the running node finish what is in hand, and end\n"
    "\n"
    "CONFIG is a name, looked up as config/NAME.toml, or a path with a '/'. More: ductus [VERB] --help\n";

struct VerbEntry {
  Verb verb;
  const char* name;
  const char* description;
};
constexpr std::array<VerbEntry, 8> kVerbs = {{
    {Verb::kConsole, "console", "Run the node in this terminal until it is stopped"},
    {Verb::kStop, "stop", "Let a running node finish what is in hand and end; by force after [node] stop_timeout"},
    {Verb::kRunning, "running", "Print true (exit code 0) or false (3)"},
    {Verb::kStatus, "status", "Show how far each partition is, whether the node runs or not"},
    {Verb::kResetOffsets, "reset_offsets", "Set every partition to the end of its log: only what comes from now on"},
    {Verb::kResetToOldestOffsets, "reset_to_oldest_offsets", "Set every partition to the start of its log"},
    {Verb::kZeroOffsets, "zero_offsets", "Set every partition to offset 0"},
    {Verb::kResetSingleOffset, "reset_single_offset", "Set one topic, or one partition of it, to OFFSET"},
}};

Reply usage_error(const std::string& what) {
  return {ExitCode::kUsage, "", "ductus: " + base::escaped(what, 500) + "\n'ductus --help' tells what there is.\n"};
}

Reply unknown_verb(const std::string& word) {
  std::vector<std::string> names;
  for (const VerbEntry& entry : kVerbs) names.emplace_back(entry.name);
  const auto meant = config::closest(word, names);
  return usage_error("there is no verb '" + word + "'" + (meant ? "; did you mean '" + *meant + "'?" : ""));
}

Result<std::chrono::milliseconds> duration_from(const std::string& text) {
  config::Tree tree;
  tree.data = text;
  return config::read_duration(tree, std::chrono::milliseconds(1), std::chrono::hours(24 * 365), false);
}

// By hand: the library takes what is too large for the largest.
std::optional<std::int64_t> offset_from(const std::string& text) {
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (error != std::errc() || end != text.data() + text.size() || offset < 0) return std::nullopt;
  return offset;
}

// What CLI11 fills in.
struct Parsed {
  CommandLine line;
  std::string config_dir;
  std::string timeout;
  std::string offset;
  std::int32_t partition = 0;
};

constexpr bool tells_json(Verb verb) { return verb != Verb::kConsole && verb != Verb::kStop; }

void describe_console(CLI::App& verb, Parsed& parsed) {
  auto* const until_end =
      verb.add_flag("--until-end", parsed.line.until_end, "End once all that was there at the start has been read");
  verb.add_option("--timeout", parsed.timeout, "With --until-end: give up after this time (10s, 5m)")
      ->type_name("TIME")
      ->needs(until_end);
}

void describe_reset_offsets(CLI::App& verb, Parsed& parsed) {
  verb.add_option("--to-time", parsed.line.to_time,
                  "To its first message at or after TIME (2026-11-26T13:00:00Z, or milliseconds since 1970) instead; "
                  "where there is none, to the end")
      ->type_name("TIME");
}

void describe_reset_single_offset(CLI::App& verb, Parsed& parsed) {
  verb.add_option("TOPIC", parsed.line.topic, "One of the configuration's topics")->required()->type_name("");
  verb.add_option("OFFSET", parsed.offset, "The first message to be read")->required()->type_name("");
  auto* const partition = verb.add_option("--partition", parsed.partition, "This partition only")
                              ->type_name("N")
                              ->check(CLI::Range(std::int32_t{0}, std::numeric_limits<std::int32_t>::max()));
  verb.add_flag("--all-partitions", parsed.line.all_partitions, "Every partition of the topic")->excludes(partition);
}

void describe(CLI::App& app, Parsed& parsed) {
  app.description("Pipes Kafka topics through your code.");
  app.set_version_flag("--version", [] { return version_text(); }, "Print the version, and those of the libraries");
  app.add_option("--config-dir", parsed.config_dir, "Where CONFIG is looked up, in place of config/ and conf/")
      ->type_name("DIR");
  app.add_option("--set", parsed.line.sets, "Set a key of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  // Words that are left over are looked at by hand: for an unknown verb the library only says that one is missing.
  app.allow_extras();
  for (const VerbEntry& entry : kVerbs) {
    CLI::App* const verb = app.add_subcommand(entry.name, entry.description);
    verb->fallthrough();
    verb->add_option("CONFIG", parsed.line.config, "A name, or a path with a '/'")->required()->type_name("");
    verb->callback([&parsed, &entry] { parsed.line.verb = entry.verb; });
    if (tells_json(entry.verb)) verb->add_flag("--json", parsed.line.json, "One line of JSON, for a script");
    if (entry.verb == Verb::kConsole) describe_console(*verb, parsed);
    if (entry.verb == Verb::kResetOffsets) describe_reset_offsets(*verb, parsed);
    if (entry.verb == Verb::kResetSingleOffset) describe_reset_single_offset(*verb, parsed);
  }
  app.footer(
      "Exit codes: 0 ok, 1 failed or stopped by force, 2 usage, 3 not running, 4 unreachable or timed out,\n"
      "            5 refused for safety, 6 configuration invalid");
}

}  // namespace

const char* name_of(Verb verb) {
  const auto* const entry =
      std::find_if(kVerbs.begin(), kVerbs.end(), [&](const auto& one) { return one.verb == verb; });
  return entry->name;
}

std::variant<CommandLine, Reply> parse_command_line(std::vector<std::string> arguments) {
  if (arguments.empty()) return Reply{ExitCode::kUsage, "", std::string(kShortHelp)};
  Parsed parsed;
  CLI::App app("", "ductus");
  describe(app, parsed);
  std::reverse(arguments.begin(), arguments.end());  // as parse() takes them
  try {
    app.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    const auto verbs = app.get_subcommands();
    return Reply{ExitCode::kOk, (verbs.empty() ? app : *verbs.front()).help(), ""};
  } catch (const CLI::CallForVersion& version) {
    return Reply{ExitCode::kOk, version.what(), ""};
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  const auto left = app.remaining();
  const auto verbs = app.get_subcommands();
  if (verbs.size() > 1) return usage_error("more than one verb");
  if (verbs.empty()) {
    const auto word = std::find_if(left.begin(), left.end(), [](const auto& one) { return !one.starts_with('-'); });
    if (word != left.end()) return unknown_verb(*word);
  }
  if (!left.empty()) return usage_error("cannot make sense of '" + left.front() + "'");
  if (verbs.empty()) return usage_error("the verb is missing");

  if (!parsed.config_dir.empty()) parsed.line.config_dir = parsed.config_dir;
  if (!parsed.timeout.empty()) {
    const auto timeout = duration_from(parsed.timeout);
    if (!timeout) return usage_error("--timeout: " + timeout.error().message + ", not '" + parsed.timeout + "'");
    parsed.line.timeout = *timeout;
  }
  if (parsed.line.verb == Verb::kResetOffsets && verbs.front()->count("--to-time") > 0) {
    parsed.line.to_time_ms = time_from(parsed.line.to_time);
    if (!parsed.line.to_time_ms) {
      return usage_error(
          "--to-time: expected a time such as 2026-11-26T13:00:00Z or 2026-11-26T14:00:00+01:00, or "
          "milliseconds since 1970, not '" +
          parsed.line.to_time + "'");
    }
  }
  if (parsed.line.verb == Verb::kResetSingleOffset) {
    const auto offset = offset_from(parsed.offset);
    if (!offset) return usage_error("OFFSET: expected a whole number from 0 on, not '" + parsed.offset + "'");
    parsed.line.offset = *offset;
    if (verbs.front()->count("--partition") > 0) parsed.line.partition = parsed.partition;
  }
  return std::move(parsed.line);
}

}  // namespace ductus::cli
