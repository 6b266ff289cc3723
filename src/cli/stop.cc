// stop: a running node finishes what is in hand, and ends; its guardian too.
#include "cli/stop.h"

#include <signal.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "cli/ask_node.h"
#include "cli/verb.h"
#include "control/node_process.h"
#include "daemon/guardian.h"
#include "daemon/guardian_lock.h"
#include "node/lock.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

using std::chrono::milliseconds;

// What is waited for is said after this time, and again each time it has doubled.
constexpr milliseconds kTellAfter{1'000};
constexpr std::size_t kMaxNamed = 3;

/// What a node that drains is busy with: "orders/1: the handler is busy with one call for 5 s".
std::string what_is_left(const operate::StatusReport& report) {
  std::string text;
  std::size_t left = 0;
  for (const operate::PartitionStatus& partition : report.partitions) {
    if (partition.state == "stopped" || partition.partition < 0 || ++left > kMaxNamed) continue;
    text += (text.empty() ? "" : "; ") + partition.topic + "/" + std::to_string(partition.partition) + ": " +
            (partition.reason.empty() ? partition.state : partition.reason);
  }
  return left > kMaxNamed ? text + "; and " + std::to_string(left - kMaxNamed) + " more" : text;
}

class Stop {
 public:
  Stop(const config::NodeConfig& config, Surroundings& around)
      : config_(config), around_(around), socket_(control::socket_path(config.dir)) {}

  int run() {
    auto guardian = daemon::find_guardian(config_.dir);
    if (!guardian) return fail(guardian.error().message);
    guardian_ = *std::move(guardian);
    // A node ends by itself when its stop_timeout is over, and one that hangs is killed by its guardian.
    const base::Time deadline =
        began_ + config_.stop_timeout + daemon::kStopMargin + (guardian_ ? daemon::kStopMargin : milliseconds(0));
    bool was_there = guardian_.has_value() || node::node_is_there(config_);
    for (;;) {
      if (!node_) {
        auto node = control::NodeProcess::find(socket_);
        if (!node && node.error().code != ErrorCode::kNotFound) {
          return cannot_be_asked(config_, node.error().message, around_);
        }
        if (node) {
          was_there = true;
          node_.emplace(*std::move(node));
          if (!ask_node()) return to_int(ExitCode::kFailed);
        }
      }
      if (guardian_ && !std::exchange(guardian_asked_, true)) {
        if (auto asked = guardian_->signal(SIGTERM); !asked) return fail(asked.error().message);
      }
      if (is_gone()) return tell_the_end(was_there);
      if (clock_.now() >= deadline) return stop_by_force();
      tell_what_is_waited_for();
      wait_a_little();
    }
  }

 private:
  int fail(const std::string& why) { return say(around_, why), to_int(ExitCode::kFailed); }

  /// One that hangs, or went away meanwhile, needs no other treatment: its end is what counts.
  bool ask_node() {
    const auto answer = control::request(socket_, "POST", "/v1/stop", kAnswerTimeout);
    if (!answer || answer->status < 300) return true;
    say(around_, config_.name + " refused to stop: " + std::to_string(answer->status) + " " + answer->body);
    return false;
  }

  bool is_gone() const {
    if (guardian_ && !guardian_->has_ended()) return false;
    return node_ ? node_->wait_for_end(milliseconds(0)) : !node::node_is_there(config_);
  }

  void wait_a_little() {
    if (node_ && !node_->wait_for_end(kRetryEvery)) return;
    if (guardian_ && !guardian_->has_ended()) {
      guardian_->wait_for_end(kRetryEvery);
    } else if (!node_) {
      std::this_thread::sleep_for(kRetryEvery);  // it starts, or it ends
    }
  }

  void tell_what_is_waited_for() {
    if (clock_.now() - began_ < tell_after_) return;
    tell_after_ *= 2;
    const auto answer = control::request(socket_, "GET", "/v1/status", kTellAfter);
    const auto report = answer && answer->status == 200 ? operate::status_from_json(answer->body)
                                                        : Result<operate::StatusReport>(operate::StatusReport{});
    const std::string left = report ? what_is_left(*report) : "";
    say(around_, "waiting for " + (left.empty() ? config_.name + " to end" : left));
  }

  int tell_the_end(bool was_there) {
    if (!was_there) {
      say(around_, config_.name + " is not running");
      return to_int(ExitCode::kNotRunning);
    }
    const bool forced = (node_ && node::ended_by_force(config_, node_->id())) ||
                        (guardian_ && node::ended_by_force(config_, guardian_->id()));
    say(around_, config_.name + (forced ? " was ended by force and left behind what still ran; it comes again at the "
                                          "next start"
                                        : " has stopped"));
    return to_int(forced ? ExitCode::kFailed : ExitCode::kOk);
  }

  /// The guardian first: it would start the node again.
  int stop_by_force() {
    if (guardian_) {
      if (auto killed = guardian_->signal(SIGKILL); !killed) return fail(killed.error().message);
    }
    if (!node_) return cannot_be_asked(config_, "it starts or ends, and does not answer yet", around_);
    const std::string who = config_.name + " (process " + std::to_string(node_->id()) + ")";
    if (auto killed = node_->kill(); !killed) {
      say(around_, who + " does not stop: " + killed.error().message);
    } else if (node_->wait_for_end(daemon::kStopMargin)) {
      say(around_, who + " did not stop in time and was killed; what it had in hand comes again at the next start");
    } else {
      say(around_, who + " does not even end when it is killed: it waits for a device");
    }
    return to_int(ExitCode::kFailed);
  }

  const config::NodeConfig& config_;
  Surroundings& around_;
  const base::SystemClock clock_;
  const base::Time began_ = clock_.now();
  const std::filesystem::path socket_;
  std::optional<base::ProcessHandle> guardian_;
  std::optional<control::NodeProcess> node_;
  bool guardian_asked_ = false;
  base::Duration tell_after_ = kTellAfter;
};

}  // namespace

int stop_node(const config::NodeConfig& config, Surroundings& around) { return Stop(config, around).run(); }

Action describe_stop(CLI::App&) {
  return with_config(
      [](const Call&, const config::NodeConfig& config, Surroundings& around) { return stop_node(config, around); });
}

}  // namespace ductus::cli
