#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/escape.h"
#include "cli/version.h"
#include "config/readers.h"
#include "config/suggest.h"

namespace ductus::cli {
namespace {

constexpr std::string_view kShortHelp =
    "ductus pipes Kafka topics through your code.\n"
    "\n"
    "usage: ductus VERB CONFIG [options]\n"
    "verbs: console  status  stop  running\n"
    "\n"
    "  ductus console orders               read the topics of config/orders.toml until Ctrl-C\n"
    "  ductus status orders --json         how far it is, for a script\n"
    "  ductus stop orders                  let the running node finish what is in hand, and end\n"
    "\n"
    "CONFIG is a name, looked up as config/NAME.toml, or a path with a '/'.\n"
    "'ductus --help' tells all options, 'ductus VERB --help' those of a verb.\n";

struct VerbEntry {
  Verb verb;
  const char* name;
  const char* description;
};
constexpr std::array<VerbEntry, 4> kVerbs = {{
    {Verb::kConsole, "console", "Run the node in this terminal until it is stopped"},
    {Verb::kStatus, "status", "Show how far each partition is, whether the node runs or not"},
    {Verb::kStop, "stop", "Let a running node finish what is in hand and end; by force after [node] stop_timeout"},
    {Verb::kRunning, "running", "Print true (exit code 0) or false (3)"},
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

// What CLI11 fills in.
struct Parsed {
  CommandLine line;
  std::string config_dir;
  std::string timeout;
};

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
    if (entry.verb == Verb::kStatus) verb->add_flag("--json", parsed.line.json, "One line of JSON: ductus.status/1");
    if (entry.verb == Verb::kConsole) {
      auto* const until_end = verb->add_flag("--until-end", parsed.line.until_end,
                                             "End once all that was there at the start has been read");
      verb->add_option("--timeout", parsed.timeout, "With --until-end: give up after this time (10s, 5m)")
          ->type_name("TIME")
          ->needs(until_end);
    }
  }
  app.footer(
      "Exit codes: 0 ok, 1 failed or stopped by force, 2 usage, 3 not running, 4 unreachable or timed out,\n"
      "            5 refused for safety, 6 configuration invalid");
}

}  // namespace

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
  return std::move(parsed.line);
}

}  // namespace ductus::cli
