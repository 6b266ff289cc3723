#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <utility>

#include "base/escape.h"
#include "cli/completion/completion.h"
#include "cli/version.h"
#include "config/suggest.h"

namespace ductus::cli {
namespace {

constexpr std::string_view kShortHelp =
    "ductus pipes Kafka topics through your code.\n"
    "\n"
    "usage: ductus VERB CONFIG [options]\n"
    "verbs: start console stop running status logs attach peek pause resume restart offsets config completion\n"
    "       reset_offsets reset_to_oldest_offsets zero_offsets reset_single_offset reset_offsets_from_file\n"
    "\n"
    "  ductus console orders               read the topics of config/orders.toml until Ctrl-C\n"
    "  ductus start orders                 the same by itself, started again when it crashes\n"
    "  ductus status orders --json         how far it is, for a script\n"
    "  ductus stop orders                  let the running node finish what is in hand, and end\n"
    "\n"
    "CONFIG is a name, looked up as config/NAME.toml, or a path with a '/'. More: ductus [VERB] --help\n";

constexpr std::size_t kMaxShownBytes = 500;

Reply usage_error(const std::string& what) {
  return {ExitCode::kUsage, "",
          "ductus: " + base::escaped(what, kMaxShownBytes) + "\n'ductus --help' tells what there is.\n"};
}

std::string typed(const Verb& verb) { return (*verb.group == '\0' ? "" : std::string(verb.group) + " ") + verb.name; }

/// `word` is none of the verbs, or none of those of `group`.
Reply unknown_verb(const std::string& word, const std::string& group) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) {
    if (group == verb.group) names.emplace_back(verb.name);
    if (group.empty() && *verb.group != '\0') names.emplace_back(verb.group);
  }
  const auto meant = config::closest(word, names);
  const std::string front = group.empty() ? "" : group + " ";
  return usage_error("there is no verb '" + front + word + "'" +
                     (meant ? "; did you mean '" + front + *meant + "'?" : ""));
}

/// What CLI11 fills in.
struct Parsed {
  Call call;
  std::string config_dir;
  Action act;
};

void describe_verb(CLI::App& parent, const Verb& verb, Parsed& parsed) {
  CLI::App* const app = parent.add_subcommand(verb.name, verb.description);
  app->fallthrough();
  if (verb.takes_config) {
    app->add_option("CONFIG", parsed.call.config, "A name, or a path with a '/'")->required()->type_name("");
  }
  if (verb.tells_json) app->add_flag("--json", parsed.call.json, "One line of JSON, for a script");
  // Actions are made once: what they hold lives as long as the command line.
  app->callback([&parsed, &verb, act = verb.describe(*app)] {
    parsed.call.verb = typed(verb);
    parsed.act = act;
  });
}

void describe(CLI::App& app, Parsed& parsed) {
  app.description("Pipes Kafka topics through your code.");
  app.set_version_flag("--version", [] { return version_text(); }, "Print the version, and those of the libraries");
  app.add_option("--config-dir", parsed.config_dir, "Where CONFIG is looked up, in place of config/ and conf/")
      ->type_name("DIR");
  app.add_option("--set", parsed.call.sets, "Set a key of the configuration; may be repeated")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  // Words that are left over are looked at by hand: for an unknown verb the library only says that one is missing.
  app.allow_extras();
  std::map<std::string, CLI::App*> groups;
  for (const Verb& verb : verbs()) {
    if (*verb.group == '\0') {
      describe_verb(app, verb, parsed);
      continue;
    }
    CLI::App*& group = groups[verb.group];
    if (group == nullptr) {
      group =
          app.add_subcommand(verb.group, std::string("More of ") + verb.group + ": ductus " + verb.group + " --help");
      group->fallthrough();
      group->allow_extras();
    }
    describe_verb(*group, verb, parsed);
  }
  app.footer(
      "Exit codes: 0 ok, 1 failed or stopped by force, 2 usage, 3 not running, 4 unreachable or timed out,\n"
      "            5 refused for safety, 6 configuration invalid, 7 threshold passed");
}

/// The innermost that was typed: the app itself, a group or a verb.
const CLI::App& innermost(const CLI::App& app) {
  const auto below = app.get_subcommands();
  return below.empty() ? app : innermost(*below.front());
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
    return Reply{ExitCode::kOk, innermost(app).help(), ""};
  } catch (const CLI::CallForVersion& version) {
    return Reply{ExitCode::kOk, version.what(), ""};
  } catch (const CLI::ParseError& error) {
    return usage_error(error.what());
  }
  const auto left = app.remaining(true);
  const CLI::App& typed_last = innermost(app);
  for (const CLI::App* level = &app; !level->get_subcommands().empty(); level = level->get_subcommands().front()) {
    if (level->get_subcommands().size() > 1) return usage_error("more than one verb");
  }
  if (!parsed.act) {
    const auto word = std::find_if(left.begin(), left.end(), [](const auto& one) { return !one.starts_with('-'); });
    if (word != left.end()) return unknown_verb(*word, &typed_last == &app ? "" : typed_last.get_name());
  }
  if (!left.empty()) return usage_error("cannot make sense of '" + left.front() + "'");
  if (!parsed.act) return usage_error("the verb is missing");
  if (!parsed.config_dir.empty()) parsed.call.config_dir = parsed.config_dir;
  return CommandLine{std::move(parsed.call), std::move(parsed.act)};
}

int run_command_line(std::vector<std::string> arguments, Surroundings& around) {
  if (!arguments.empty() && arguments.front() == kCompleteVerb) {
    print_candidates({arguments.begin() + 1, arguments.end()}, around);
    around.out.flush();
    return to_int(ExitCode::kOk);
  }
  int code = 0;
  auto parsed = parse_command_line(std::move(arguments));
  if (const Reply* const reply = std::get_if<Reply>(&parsed)) {
    around.out << reply->out;
    around.err << reply->err;
    code = to_int(reply->code);
  } else {
    const auto& line = std::get<CommandLine>(parsed);
    code = line.act(line.call, around);
  }
  around.out.flush();
  if (around.out.good() || around.reader_has_left) return code;
  // A reader that has gone, a full disk: a script must not take half an answer for a whole one.
  around.err << "ductus: standard output did not take all of the answer\n";
  return to_int(ExitCode::kFailed);
}

}  // namespace ductus::cli
