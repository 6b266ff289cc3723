// start: the node runs by itself, under a guardian; the verb ends once it is up.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/escape.h"
#include "cli/ask_node.h"
#include "cli/modules.h"
#include "cli/verb.h"
#include "daemon/detach.h"
#include "daemon/guardian.h"
#include "daemon/guardian_lock.h"
#include "node/lock.h"
#include "operate/status_report.h"

namespace ductus::cli {
namespace {

// How long a node that is up is given to find its topics and offsets, before it is looked at for what stopped.
constexpr std::chrono::milliseconds kSettleWithin{2'000};
constexpr std::size_t kMaxNamed = 10;
// Of what a node that did not start has said.
constexpr std::size_t kMaxTailBytes = 8 * 1024;
constexpr std::size_t kMaxTailLines = 20;

/// The last lines of what was appended to `file` since it had `size` bytes.
std::vector<std::string> tail(const std::filesystem::path& file, std::uintmax_t size) {
  std::error_code unknown;
  const std::uintmax_t now = std::filesystem::file_size(file, unknown);
  if (unknown || now <= size) return {};
  std::ifstream log(file, std::ios::binary);
  log.seekg(static_cast<std::streamoff>(std::max(size, now - std::min<std::uintmax_t>(now, kMaxTailBytes))));
  std::vector<std::string> lines;
  for (std::string line; std::getline(log, line);) lines.push_back(std::move(line));
  if (lines.size() > kMaxTailLines) lines.erase(lines.begin(), lines.end() - kMaxTailLines);
  return lines;
}

/// Its topics are found and their offsets loaded.
bool has_settled(const operate::StatusReport& report) {
  return !report.partitions.empty() &&
         std::none_of(report.partitions.begin(), report.partitions.end(),
                      [](const auto& partition) { return partition.state == "starting" || partition.partition < 0; });
}

class Start {
 public:
  Start(const Call& call, const config::NodeConfig& config, Surroundings& around)
      : call_(call), config_(config), around_(around), log_(daemon::log_file(config)) {}

  int run() {
    // Taken and given back: it makes the folder, waits for another verb, and refuses where a node runs.
    if (auto lock = node::lock_node(config_, base::LockOwner::kVerb); !lock) {
      return say(around_, lock.error().message), to_int(exit_code_of(lock.error()));
    }
    const auto guardian = daemon::find_guardian(config_.dir);
    if (!guardian) return fail(guardian.error().message);
    if (*guardian) {
      say(around_, config_.name + " has crashed, and its guardian (process " + std::to_string((*guardian)->id()) +
                       ") starts it again; stop it first");
      return to_int(ExitCode::kRefused);
    }
    std::error_code ignored;  // opening says what is wrong
    std::filesystem::create_directory(log_.parent_path(), ignored);
    if (!std::ofstream(log_, std::ios::app)) {
      return fail("cannot open the log file " + log_.string() + ": " + std::generic_category().message(errno));
    }
    std::error_code unknown;
    const std::uintmax_t log_size = std::filesystem::file_size(log_, unknown);
    const auto launched = daemon::launch(config_, [this](const daemon::Guarded& guarded) { return node(guarded); });
    if (!launched) return fail(launched.error().message);
    return launched->how == daemon::Launched::How::kUp ? tell_it_is_up(*launched) : tell_why_not(*launched, log_size);
  }

 private:
  int fail(const std::string& why) { return say(around_, why), to_int(ExitCode::kFailed); }

  /// In the node's process. The configuration may have changed since the last start.
  int node(const daemon::Guarded& guarded) {
    auto config = load_config(call_, around_);
    if (config && config->dir != config_.dir) {
      say(around_, "[node] dir: has changed since the node was started; stop it with the old one, then start it");
      config.reset();
    }
    if (!config) return to_int(ExitCode::kConfigInvalid);
    config->log_file = daemon::log_file(*config);
    const auto reload = [load = reload_of(call_, around_)] {
      auto now = load();
      if (now) now->log_file = daemon::log_file(*now);
      return now;
    };
    return run_node(*config, {.reload = reload, .when_up = guarded.when_up, .guardian = &guarded.guardian}, around_);
  }

  int tell_why_not(const daemon::Launched& launched, std::uintmax_t log_size) {
    const bool in_time = launched.how != daemon::Launched::How::kTimedOut;
    const std::vector<std::string> said = tail(log_, log_size);
    for (const std::string& line : said) around_.err << base::escaped(line) << "\n";
    // It may well have said something: on a full disk that is lost.
    const std::string where = said.empty() ? "; nothing of it is in " + log_.string() +
                                                 ": is there room? 'ductus console " + call_.config + "' says it here"
                                           : "; what it said is in " + log_.string();
    say(around_,
        config_.name + " did not start" +
            (in_time ? "" : " within " + std::to_string(daemon::kUpWithin.count() / 1000) + " s and was ended") +
            where);
    if (!in_time) return to_int(ExitCode::kUnreachable);
    // One that is asked to stop while it starts ends well, but it does not run.
    return launched.exit_code == 0 ? to_int(ExitCode::kFailed) : launched.exit_code;
  }

  int tell_it_is_up(const daemon::Launched& launched) {
    say(around_, config_.name + " runs, guarded by process " + std::to_string(launched.guardian) + "; its log is " +
                     log_.string());
    warn_of_what_is_wrong();
    return to_int(ExitCode::kOk);
  }

  /// Of a node that runs all the same: no room for its log, or a partition without a stored offset.
  void warn_of_what_is_wrong() {
    const base::SystemClock clock;
    const base::Time deadline = clock.now() + kSettleWithin;
    for (;;) {
      const auto answer = get_from_node(config_, "/v1/status");
      const auto report = answer && answer->status == 200
                              ? operate::status_from_json(answer->body)
                              : Result<operate::StatusReport>(Error{ErrorCode::kUnreachable, "no answer"});
      if (!report) return;  // it has been stopped again
      if (has_settled(*report) || clock.now() >= deadline) return warn_of_what_is_wrong(*report);
      std::this_thread::sleep_for(kRetryEvery);
    }
  }

  void warn_of_what_is_wrong(const operate::StatusReport& report) {
    if (!report.process.log_trouble.empty()) say(around_, "warning: " + report.process.log_trouble);
    std::size_t stopped = 0;
    for (const operate::PartitionStatus& partition : report.partitions) {
      if (partition.state != "stopped" || ++stopped > kMaxNamed) continue;
      say(around_, "warning: " + partition.topic + "/" + std::to_string(partition.partition) +
                       " does not run: " + partition.reason);
    }
    if (stopped > kMaxNamed) say(around_, "warning: and " + std::to_string(stopped - kMaxNamed) + " more");
    if (stopped == 0) return;
    say(around_, "to set an offset: 'ductus stop " + call_.config + "', 'ductus reset_single_offset " + call_.config +
                     " TOPIC OFFSET', 'ductus start " + call_.config + "'");
  }

  const Call& call_;
  const config::NodeConfig& config_;
  Surroundings& around_;
  const std::filesystem::path log_;
};

}  // namespace

Action describe_start(CLI::App&) {
  return with_config([](const Call& call, const config::NodeConfig& config, Surroundings& around) {
    return Start(call, config, around).run();
  });
}

}  // namespace ductus::cli
