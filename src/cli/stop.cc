// stop: a running node finishes what is in hand, and ends.
#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "cli/ask_node.h"
#include "cli/verb.h"
#include "control/node_process.h"
#include "node/lock.h"

namespace ductus::cli {
namespace {

using std::chrono::milliseconds;

// A node ends by itself when its stop_timeout is over; only one that hangs has to be ended by force.
constexpr milliseconds kStopMargin{5'000};

class Stop {
 public:
  Stop(const config::NodeConfig& config, Surroundings& around)
      : config_(config), around_(around), socket_(control::socket_path(config.dir)) {}

  int run() {
    const base::Time deadline = clock_.now() + config_.stop_timeout + kStopMargin;
    const bool was_there = node::node_is_there(config_);
    auto process = control::NodeProcess::find(socket_);
    while (!process && process.error().code == ErrorCode::kNotFound && node::node_is_there(config_) &&
           clock_.now() < deadline) {
      std::this_thread::sleep_for(kRetryEvery);  // it starts, or it ends
      process = control::NodeProcess::find(socket_);
    }
    if (!process && process.error().code != ErrorCode::kNotFound) {
      return cannot_be_asked(config_, process.error().message, around_);
    }
    if (!process && node::node_is_there(config_)) {
      return cannot_be_asked(config_, "it starts or ends, and does not answer yet", around_);
    }
    if (!process) {
      say(around_, config_.name + (was_there ? " has stopped" : " is not running"));
      return to_int(was_there ? ExitCode::kOk : ExitCode::kNotRunning);
    }
    return stop(*process, deadline);
  }

 private:
  int stop(const control::NodeProcess& process, base::Time deadline) {
    const auto answer = control::request(socket_, "POST", "/v1/stop", kAnswerTimeout);
    if (answer && answer->status >= 300) {
      say(around_, config_.name + " refused to stop: " + std::to_string(answer->status) + " " + answer->body);
      return to_int(ExitCode::kFailed);
    }
    // One that hangs, or went away meanwhile, needs no other treatment: its end is what counts.
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock_.now());
    if (!process.wait_for_end(std::max(left, milliseconds(0)))) return stop_by_force(process);
    const bool forced = node::ended_by_force(config_, process.id());
    say(around_, config_.name + (forced ? " left behind what still ran after [node] stop_timeout; it comes again at "
                                          "the next start"
                                        : " has stopped"));
    return to_int(forced ? ExitCode::kFailed : ExitCode::kOk);
  }

  int stop_by_force(const control::NodeProcess& process) {
    const std::string who = config_.name + " (process " + std::to_string(process.id()) + ")";
    if (auto killed = process.kill(); !killed) {
      say(around_, who + " does not stop: " + killed.error().message);
    } else if (process.wait_for_end(kStopMargin)) {
      say(around_, who + " did not stop in time and was killed; what it had in hand comes again at the next start");
    } else {
      say(around_, who + " does not even end when it is killed: it waits for a device");
    }
    return to_int(ExitCode::kFailed);
  }

  const config::NodeConfig& config_;
  Surroundings& around_;
  const base::SystemClock clock_;
  const std::filesystem::path socket_;
};

}  // namespace

Action describe_stop(CLI::App&) {
  return with_config(
      [](const Call&, const config::NodeConfig& config, Surroundings& around) { return Stop(config, around).run(); });
}

}  // namespace ductus::cli
