// StatusFeed: a status that is asked for again and again, on a thread of its own, so that keys are never kept waiting.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ductus/result.h"
#include "operate/status_report.h"

namespace ductus::cli {

class StatusFeed {
 public:
  struct Look {
    operate::StatusReport report;
    std::string events;  ///< the last ones, a line each; empty where the node tells of none
  };
  using Ask = std::function<Result<Look>()>;

  /// Asks at once, and then `every` so often, from start to start. `ask` runs on the feed's thread. Error: kIo.
  static Result<std::unique_ptr<StatusFeed>> start(Ask ask, std::chrono::milliseconds every);
  /// Blocking: while `ask` runs.
  ~StatusFeed();
  StatusFeed(const StatusFeed&) = delete;
  StatusFeed& operator=(const StatusFeed&) = delete;

  /// Readable while there is an answer to take.
  int fd() const noexcept { return fd_; }
  /// The newest answer; nullopt where it was taken already. Thread: any.
  std::optional<Result<Look>> take();

 private:
  StatusFeed(Ask ask, std::chrono::milliseconds every, int fd);
  void run(const std::stop_token& stop);

  const Ask ask_;
  const std::chrono::milliseconds every_;
  const int fd_;  // an eventfd
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::optional<Result<Look>> newest_;
  std::jthread thread_;
};

}  // namespace ductus::cli
