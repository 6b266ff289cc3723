// ProcessGuard: what a guardian does about the end of its node's process.
//
// One that crashed is started again after a back-off (backoff.h), which a minute of life makes short again. So one that
// crashes at once, each time, is soon started every 5 to 10 s, for ever; no window counts restarts, because the
// back-off alone leaves at most eight of them to any ten seconds.
// A start that fails leaves nothing behind: before the first process was up, nothing is started again.
// A pure state machine, without a clock.
#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "supervise/backoff.h"

namespace ductus::supervise {

/// How a process ended.
struct ProcessEnd {
  std::optional<int> exit_code;  ///< none: a signal killed it
  bool forced = false;           ///< it had been asked to end, and left calls behind
};

class ProcessGuard {
 public:
  /// Exit codes by which a node says that starting it again is of no use.
  static constexpr int kWrongUsage = 2;
  static constexpr int kRefused = 5;  ///< another one runs
  static constexpr int kWrongConfig = 6;

  /// `seed` decides the jitter.
  explicit ProcessGuard(std::uint64_t seed) : backoff_(seed) {}

  /// The process is up.
  void on_up(base::Time now);
  /// The process shall end, and none come after it.
  void on_stop() noexcept { stopping_ = true; }
  /// The process ended. When to start the next one; nullopt: there is no next one, and the guardian ends too.
  std::optional<base::Time> on_end(const ProcessEnd& end, base::Time now);

  bool stopping() const noexcept { return stopping_; }

 private:
  Backoff backoff_;
  std::optional<base::Time> up_since_;
  bool was_up_ = false;
  bool stopping_ = false;
};

}  // namespace ductus::supervise
