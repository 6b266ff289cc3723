// RetryDelay: how long to wait before the next try, doubling; Jitter: so that many do not try at the same instant.
//
// Thread: plain values.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace ductus::base {

/// Deterministic from its seed (splitmix64).
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_(seed) {}
  /// Between half of `delay` and the whole.
  Duration of(Duration delay) noexcept {
    const auto half = static_cast<std::uint64_t>(delay.count()) / 2;
    return delay - Duration(static_cast<Duration::rep>(half == 0 ? 0 : next() % (half + 1)));
  }

 private:
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

class RetryDelay {
 public:
  RetryDelay(Duration first, Duration longest) : first_(first), longest_(longest), next_(first) {}
  /// The delay before the next try; the one after it is twice as long.
  Duration next(Jitter& jitter) noexcept {
    const Duration delay = next_;
    next_ = std::min(next_ * 2, longest_);
    return jitter.of(delay);
  }
  /// After a success.
  void reset() noexcept { next_ = first_; }

 private:
  Duration first_;
  Duration longest_;
  Duration next_;
};

}  // namespace ductus::base
