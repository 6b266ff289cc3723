// Progress: how fast a node reads, said every few seconds while a person or a log looks on.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "operate/status_report.h"

namespace ductus::operate {

/// Turns one status after the other into a line: messages/s, MB/s, lag, and the time left at that pace.
class ProgressLine {
 public:
  /// Empty where nothing has moved since the last line, and for the first status: it has nothing to be compared with.
  std::string next(const StatusReport& status, base::Time now);

 private:
  std::map<std::pair<std::string, std::int32_t>, std::int64_t> offsets_;
  std::optional<std::int64_t> lag_;
  std::uint64_t fetched_bytes_ = 0;
  std::optional<base::Time> at_;
};

/// Looks at the status from a thread of its own: once a second where stderr is a terminal, as one live line there; else
/// every five seconds, into the log.
class Progress {
 public:
  /// `look` is called from the thread; it and `log` outlive this.
  Progress(std::function<StatusReport()> look, base::Log& log, const base::Clock& clock);
  /// Wipes the live line away.
  ~Progress();

 private:
  void run();
  void say(const std::string& line);

  std::function<StatusReport()> look_;
  base::Log& log_;
  const base::Clock& clock_;
  const bool live_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace ductus::operate
