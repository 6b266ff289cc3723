#include "cli/verbs.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>

#include "base/clock.h"
#include "base/escape.h"
#include "cli/command_line.h"
#include "cli/reset.h"
#include "config/suggest.h"
#include "control/client.h"
#include "control/node_process.h"
#include "node/lock.h"
#include "operate/status_report.h"
#include "operate/stopped_status.h"

namespace ductus::cli {
namespace {

using std::chrono::milliseconds;

// A node answers from memory: one that takes longer hangs.
constexpr milliseconds kAnswerTimeout{5'000};
// A node ends by itself when its stop_timeout is over; only one that hangs has to be ended by force.
constexpr milliseconds kStopMargin{5'000};
constexpr milliseconds kRetryEvery{20};

class VerbRun {
 public:
  VerbRun(const CommandLine& line, const config::NodeConfig& config, Surroundings& surroundings)
      : line_(line), config_(config), around_(surroundings), socket_(control::socket_path(config.dir)) {}

  int run() {
    switch (line_.verb) {
      case Verb::kConsole:
        return console();
      case Verb::kStatus:
        return to_int(status());
      case Verb::kStop:
        return to_int(stop());
      case Verb::kRunning:
        return to_int(running());
      case Verb::kResetOffsets:
      case Verb::kResetToOldestOffsets:
      case Verb::kZeroOffsets:
      case Verb::kResetSingleOffset:
        return to_int(reset_offsets(line_, config_, around_));
    }
    return to_int(ExitCode::kUsage);
  }

 private:
  void say(const std::string& text) { around_.err << "ductus: " << base::escaped(text) << "\n"; }

  const ModuleEntry* find_module(const std::vector<ModuleEntry>& modules) {
    std::vector<std::string> names;
    for (const ModuleEntry& entry : modules) {
      if (entry.name == config_.module) return &entry;
      names.push_back(entry.name);
    }
    std::string known;
    for (const std::string& name : names) known += (known.empty() ? "" : ", ") + name;
    const auto meant = config::closest(config_.module, names);
    say("[handler] module: there is no '" + config_.module + "' in this program; it has: " + known +
        (meant ? "; did you mean '" + *meant + "'?" : ""));
    return nullptr;
  }

  // The factory is the user's code.
  Result<std::unique_ptr<Module>> make_module(const ModuleEntry& entry) const {
    try {
      auto module = entry.factory(config_.settings);
      if (module && *module == nullptr) return Error{ErrorCode::kCallback, "its factory returned no module"};
      return module;
    } catch (const std::exception& error) {
      return Error{ErrorCode::kCallback, std::string("its factory threw: ") + error.what()};
    } catch (...) {
      return Error{ErrorCode::kCallback, "its factory threw"};
    }
  }

  int console() {
    const std::vector<ModuleEntry> modules = node::all_modules(around_.modules, config_);
    const ModuleEntry* const entry = find_module(modules);
    if (entry == nullptr) return to_int(ExitCode::kConfigInvalid);
    auto module = make_module(*entry);
    if (!module) {
      say("module '" + entry->name + "': " + module.error().message);
      return to_int(module.error().code == ErrorCode::kInvalid ? ExitCode::kConfigInvalid : ExitCode::kFailed);
    }
    return around_.run_node(config_, *std::move(module), {line_.until_end, line_.timeout});
  }

  // A node that starts has no socket yet, and one that ends has none any more: it is waited for.
  Result<control::HttpAnswer> ask_for_status() {
    const base::SystemClock clock;
    const base::Time deadline = clock.now() + kAnswerTimeout;
    for (;;) {
      auto answer = control::request(socket_, "GET", "/status", kAnswerTimeout);
      if (answer || answer.error().code != ErrorCode::kNotFound || !node::node_is_there(config_)) return answer;
      if (clock.now() >= deadline) return Error{ErrorCode::kTimedOut, "it starts or ends, and does not answer yet"};
      std::this_thread::sleep_for(kRetryEvery);
    }
  }

  ExitCode status() {
    const auto answer = ask_for_status();
    if (!answer && answer.error().code == ErrorCode::kNotFound) {
      return show(operate::status_of_stopped_node(config_));
    }
    if (!answer) return no_answer(answer.error().message);
    if (answer->status != 200) return no_answer("it answered " + std::to_string(answer->status) + " " + answer->body);
    const auto report = operate::status_from_json(answer->body);
    if (!report) return no_answer(report.error().message);
    return show(*report);
  }

  ExitCode show(const operate::StatusReport& report) {
    around_.out << (line_.json ? operate::to_json(report) + "\n" : operate::to_text(report));
    return ExitCode::kOk;
  }

  ExitCode no_answer(const std::string& why) {
    say(config_.name + " runs, but cannot be asked: " + why);
    return ExitCode::kUnreachable;
  }

  ExitCode running() {
    const auto process = control::NodeProcess::find(socket_);
    // One whose queue is full runs as well.
    const bool runs = process || process.error().code == ErrorCode::kTimedOut || node::node_is_there(config_);
    if (!runs && process.error().code != ErrorCode::kNotFound) {
      say(process.error().message);
      return ExitCode::kFailed;
    }
    around_.out << (runs ? "true\n" : "false\n");
    return runs ? ExitCode::kOk : ExitCode::kNotRunning;
  }

  ExitCode stop() {
    const base::SystemClock clock;
    const base::Time deadline = clock.now() + config_.stop_timeout + kStopMargin;
    const bool was_there = node::node_is_there(config_);
    auto process = control::NodeProcess::find(socket_);
    while (!process && process.error().code == ErrorCode::kNotFound && node::node_is_there(config_) &&
           clock.now() < deadline) {
      std::this_thread::sleep_for(kRetryEvery);  // it starts, or it ends
      process = control::NodeProcess::find(socket_);
    }
    if (!process && process.error().code != ErrorCode::kNotFound) return no_answer(process.error().message);
    if (!process && node::node_is_there(config_)) return no_answer("it starts or ends, and does not answer yet");
    if (!process) {
      say(config_.name + (was_there ? " has stopped" : " is not running"));
      return was_there ? ExitCode::kOk : ExitCode::kNotRunning;
    }
    const auto answer = control::request(socket_, "POST", "/stop", kAnswerTimeout);
    if (answer && answer->status >= 300) {
      say(config_.name + " refused to stop: " + std::to_string(answer->status) + " " + answer->body);
      return ExitCode::kFailed;
    }
    // One that hangs, or went away meanwhile, needs no other treatment: its end is what counts.
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.now());
    if (process->wait_for_end(std::max(left, milliseconds(0)))) {
      const bool forced = node::ended_by_force(config_, process->id());
      say(config_.name +
          (forced ? " left behind what still ran after [node] stop_timeout; it comes again at the next start"
                  : " has stopped"));
      return forced ? ExitCode::kFailed : ExitCode::kOk;
    }
    return stop_by_force(*process);
  }

  ExitCode stop_by_force(const control::NodeProcess& process) {
    const std::string who = config_.name + " (process " + std::to_string(process.id()) + ")";
    if (auto killed = process.kill(); !killed) {
      say(who + " does not stop: " + killed.error().message);
    } else if (process.wait_for_end(kStopMargin)) {
      say(who + " did not stop in time and was killed; what it had in hand comes again at the next start");
    } else {
      say(who + " does not even end when it is killed: it waits for a device");
    }
    return ExitCode::kFailed;
  }

  const CommandLine& line_;
  const config::NodeConfig& config_;
  Surroundings& around_;
  const std::filesystem::path socket_;
};

std::optional<config::NodeConfig> load(const CommandLine& line, Surroundings& around) {
  auto config = config::load({line.config, line.config_dir, line.sets, around.environment, around.cwd});
  if (config) return *std::move(config);
  std::string_view problems = config.error().message;
  while (!problems.empty()) {
    const auto end = problems.find('\n');
    around.err << "ductus: " << base::escaped(problems.substr(0, end)) << "\n";
    problems.remove_prefix(end == std::string_view::npos ? problems.size() : end + 1);
  }
  return std::nullopt;
}

int act(const std::variant<CommandLine, Reply>& parsed, Surroundings& around) {
  if (const Reply* const reply = std::get_if<Reply>(&parsed)) {
    around.out << reply->out;
    around.err << reply->err;
    return to_int(reply->code);
  }
  const auto& line = std::get<CommandLine>(parsed);
  const auto config = load(line, around);
  return config ? VerbRun(line, *config, around).run() : to_int(ExitCode::kConfigInvalid);
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, Surroundings& around) {
  const int code = act(parse_command_line(std::move(arguments)), around);
  around.out.flush();
  if (around.out.good()) return code;
  // A reader that has gone, a full disk: a script must not take half an answer for a whole one.
  around.err << "ductus: standard output did not take all of the answer\n";
  return to_int(ExitCode::kFailed);
}

}  // namespace ductus::cli
