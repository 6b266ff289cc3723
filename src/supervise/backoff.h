// Backoff: how long a failed child waits before it starts again.
//
// 0.1 s doubling to 10 s, each of it with jitter (between half and the whole), so that many do not come back at once.
// Forgotten after a minute of progress, not of being alive: the same batch failing again keeps its delay.
// A plain value.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "base/retry_delay.h"

namespace ductus::supervise {

class Backoff {
 public:
  static constexpr base::Duration kShortest = std::chrono::milliseconds(100);
  static constexpr base::Duration kLongest = std::chrono::seconds(10);
  static constexpr base::Duration kForgetAfter = std::chrono::seconds(60);

  /// `seed` decides the jitter.
  explicit Backoff(std::uint64_t seed) : jitter_(seed) {}

  /// A failure: the delay before the next start.
  base::Duration next() {
    progress_since_.reset();
    return delay_.next(jitter_);
  }
  /// The child moved on. Once that has been so for kForgetAfter without a failure, the next delay is the shortest.
  void progressed(base::Time now) {
    if (!progress_since_) progress_since_ = now;
    if (now - *progress_since_ >= kForgetAfter) delay_.reset();
  }

 private:
  base::Jitter jitter_;
  base::RetryDelay delay_{kShortest, kLongest};
  std::optional<base::Time> progress_since_;
};

}  // namespace ductus::supervise
