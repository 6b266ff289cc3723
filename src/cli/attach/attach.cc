// attach: commands to a running node, from a terminal, a script or one line.
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "base/escape.h"
#include "cli/attach/commands.h"
#include "cli/attach/history_file.h"
#include "cli/attach/line_editor.h"
#include "cli/attach/script_lines.h"
#include "cli/verb.h"

namespace ductus::cli {
namespace {

using Outcome = AttachCommands::Outcome;

int exit_code(Outcome outcome) { return to_int(outcome == Outcome::kFailed ? ExitCode::kFailed : ExitCode::kOk); }

int run_script(AttachCommands& commands, Surroundings& around) {
  ScriptLines lines(around.in_fd);
  std::string line;
  for (;;) {
    const auto more = lines.next(line);
    if (!more) {
      say(around, more.error().message);
      return to_int(ExitCode::kFailed);
    }
    if (!*more) return to_int(ExitCode::kOk);
    const Outcome outcome = commands.run(line);
    around.out.flush();
    if (outcome != Outcome::kOk) return exit_code(outcome);
  }
}

/// At a terminal: until the person leaves.
int run_session(const config::NodeConfig& config, Surroundings& around, const Style& style) {
  std::unique_ptr<LineEditor> editor;
  const auto confirm = [&](const std::string& question, const std::string& word) {
    auto asks = LineEditor::open(base::escaped(question), [](std::string_view) { return Completion{}; });
    std::string answer;
    return asks && (*asks)->read(answer) == LineEditor::End::kLine && answer == word;
  };
  AttachCommands commands(config, around, style, confirm);
  auto opened = LineEditor::open(base::escaped(config.handler_name) + "> ",
                                 [&](std::string_view before) { return commands.complete(before); });
  if (!opened) {
    say(around, opened.error().message);
    return to_int(ExitCode::kFailed);
  }
  editor = *std::move(opened);
  HistoryFile history(HistoryFile::path_from(around.environment));
  for (const std::string& line : history.lines()) editor->remember(line);
  // While a command runs Ctrl-C is too late for it, and must not end the session either.
  ::signal(SIGINT, SIG_IGN);
  std::string line;
  for (;;) {
    if (editor->read(line) == LineEditor::End::kLeave) {
      around.out << "\n";
      break;
    }
    if (!line.empty()) editor->remember(line);
    history.add(line);
    const Outcome outcome = commands.run(line);
    around.out.flush();
    around.err.flush();
    if (outcome == Outcome::kLeave) break;
    if (!around.out.good()) return to_int(ExitCode::kFailed);
  }
  around.out << "left; " << base::escaped(config.name) << " runs on\n";
  return to_int(ExitCode::kOk);
}

int attach(const Call& call, const config::NodeConfig& config, Surroundings& around, const std::string& command) {
  const auto status = tell_node(config, "GET", "/v1/status");
  if (!status && status.error().code == ErrorCode::kNotFound) {
    say(around, config.name + " is not running; 'ductus start " + call.config + "' starts it");
    return to_int(ExitCode::kNotRunning);
  }
  if (!status) {
    say(around, config.name + " cannot be asked: " + status.error().message);
    return to_int(ExitCode::kUnreachable);
  }
  const Style style = style_for(around.out_fd, ColourChoice::kAuto, around.environment);
  const bool at_terminal = around.in_fd >= 0 && ::isatty(around.in_fd) == 1 && style.terminal;
  if (command.empty() && at_terminal) {
    const auto report = operate::status_from_json(*status);
    const std::string pid = report && report->process.pid ? ", pid " + std::to_string(*report->process.pid) : "";
    around.out << "attached to " << base::escaped(config.handler_name) << pid
               << ". 'help' lists commands; Ctrl-D leaves, the node keeps running.\n"
               << std::flush;
    return run_session(config, around, style);
  }
  AttachCommands commands(config, around, style, {});
  return command.empty() ? run_script(commands, around) : exit_code(commands.run(command));
}

}  // namespace

Action describe_attach(CLI::App& app) {
  const auto command = std::make_shared<std::string>();
  app.add_option("-c", *command, "Do this one command, and leave")->type_name("'COMMAND'");
  return with_config([command](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return attach(call, config, around, *command);
  });
}

}  // namespace ductus::cli
