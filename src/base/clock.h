// Clock: where every state machine takes its time from, so that tests and the simulator can turn it by hand.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ductus::base {

using Duration = std::chrono::nanoseconds;
/// Monotonic time. Its zero means nothing; only differences do.
using Time = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Thread: any.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

/// The machine's monotonic clock.
class SystemClock final : public Clock {
 public:
  Time now() const override { return std::chrono::steady_clock::now(); }
};

/// A clock that stands still until it is told to move.
class ManualClock final : public Clock {
 public:
  Time now() const override { return now_; }
  void advance(Duration by) { now_ = now() + by; }

 private:
  std::atomic<Time> now_{Time(std::chrono::hours(1))};
};

}  // namespace ductus::base
