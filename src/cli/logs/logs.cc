// logs: the end of a node's log, and what comes behind it.
#include <poll.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/escape.h"
#include "base/log.h"
#include "cli/logs/log_file.h"
#include "cli/logs/log_line.h"
#include "cli/terminal/style.h"
#include "cli/verb.h"
#include "control/client.h"
#include "control/node_process.h"
#include "daemon/detach.h"
#include "node/lock.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

constexpr std::chrono::milliseconds kLookEvery{200};
// Where the log is does not depend on the answer of a node that hangs.
constexpr std::chrono::milliseconds kNodeTimeout{1'000};

struct LogsOptions {
  bool follow = false;
  std::size_t lines = 100;
  std::optional<LogLevel> least;
  std::string topic;  ///< empty: all

  /// What was written past the log has neither level nor topic.
  bool wants(std::string_view line) const {
    if (!least && topic.empty()) return true;
    const auto said = log_line_from(line);
    return said && (!least || said->level >= *least) && (topic.empty() || concerns(said->message, topic));
  }
};

/// A daemon's log is a file; else it is where `log.file` says, or stderr.
Result<std::filesystem::path> place_of_log(const config::NodeConfig& config) {
  const auto answer = control::request(control::socket_path(config.dir), "GET", "/v1/status", kNodeTimeout);
  const auto report = answer && answer->status == 200
                          ? operate::status_from_json(answer->body)
                          : Result<operate::StatusReport>(Error{ErrorCode::kUnreachable, "no answer"});
  if (!report) return daemon::log_file(config);
  const operate::ProcessStatus& process = report->process;
  if (!process.log_file.empty()) return std::filesystem::path(process.log_file);
  if (!process.guardian.empty()) return daemon::log_file(config);
  return Error{ErrorCode::kUnsupported,
               config.name + " logs to stderr: see where 'console' was started; of a service, " +
                   "'journalctl -u ductus@" + config.name + "'. 'log.file' names a file for it"};
}

/// The log is not there.
int say_missing(const config::NodeConfig& config, Surroundings& around, const std::string& why) {
  if (node::node_is_there(config)) {
    say(around, why + "; the node makes it anew on SIGHUP");
    return to_int(ExitCode::kFailed);
  }
  say(around, why + "; " + config.name + " is not running. 'start' writes there; 'console' " +
                  (config.log_file.empty()
                       ? "logs to stderr, which of a service 'journalctl -u ductus@" + config.name + "' shows"
                       : "as well"));
  return to_int(ExitCode::kNotRunning);
}

class Logs {
 public:
  Logs(const LogsOptions& options, Surroundings& around)
      : options_(options),
        around_(around),
        at_terminal_(style_for(around.out_fd, ColourChoice::kNever, around.environment).terminal) {}

  int run(LogFile log) {
    auto done = log.go_to_last(options_.lines, [this](std::string_view line) { return options_.wants(line); });
    const auto take = [this](const LogFile::Piece& piece) { show(piece); };
    if (done) done = log.read(take);
    if (!options_.follow) log.finish(take);
    while (done && options_.follow && reader_is_there()) done = log.follow(take);
    if (done) return to_int(ExitCode::kOk);
    say(around_, done.error().message);
    return to_int(ExitCode::kFailed);
  }

 private:
  void show(const LogFile::Piece& piece) {
    if (piece.begins) shown_ = options_.wants(piece.text);
    if (!shown_) return;
    around_.out << (at_terminal_ ? base::escaped_once(piece.text) : std::string(piece.text));
    if (piece.ends) around_.out << '\n';
  }

  /// Waits for a moment. False: nobody reads any more, or the disk is full.
  bool reader_is_there() {
    around_.out.flush();
    pollfd reader{around_.out_fd, 0, 0};
    const int ready = ::poll(&reader, 1, around_.out.good() ? static_cast<int>(kLookEvery.count()) : 0);
    const bool gone = ready > 0 && (reader.revents & (POLLERR | POLLHUP)) != 0;
    around_.reader_has_left = around_.reader_has_left || gone;
    return !gone && around_.out.good();
  }

  const LogsOptions& options_;
  Surroundings& around_;
  const bool at_terminal_;
  bool shown_ = true;
};

int show_logs(const config::NodeConfig& config, Surroundings& around, const LogsOptions& options) {
  const auto place = place_of_log(config);
  auto log = place ? LogFile::open(*place) : Result<LogFile>(place.error());
  if (log) return Logs(options, around).run(*std::move(log));
  if (log.error().code == ErrorCode::kNotFound) return say_missing(config, around, log.error().message);
  say(around, log.error().message);
  return to_int(ExitCode::kFailed);
}

}  // namespace

Action describe_logs(CLI::App& app) {
  const auto options = std::make_shared<LogsOptions>();
  app.add_flag("-f,--follow", options->follow, "Go on with what comes, over rotation, until Ctrl-C");
  app.add_option("-n,--lines", options->lines, "How many of the last lines; without it 100")
      ->type_name("LINES")
      ->check(CLI::NonNegativeNumber);
  app.add_option_function<std::string>(
         "--level", [options](const std::string& name) { options->least = *base::log_level_of(name); },
         "Only lines of this level and worse")
      ->type_name("debug|info|warn|error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  app.add_option("--topic", options->topic, "Only lines that concern this topic")->type_name("T");
  return with_config([options](const Call&, const config::NodeConfig& config, Surroundings& around) {
    return show_logs(config, around, *options);
  });
}

}  // namespace ductus::cli
