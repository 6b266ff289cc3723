// Random: every choice of a run, from one seed.
#pragma once

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "base/clock.h"

namespace ductus::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  /// splitmix64.
  std::uint64_t next() noexcept {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  /// From 0 to n-1; `n` at least 1.
  std::size_t below(std::size_t n) noexcept { return next() % n; }
  /// Both ends included.
  std::int64_t between(std::int64_t low, std::int64_t high) noexcept {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool chance(double probability) noexcept { return unit() < probability; }
  /// As many of each order of magnitude.
  base::Duration duration(base::Duration low, base::Duration high) {
    const double ratio = static_cast<double>(high.count()) / static_cast<double>(low.count());
    return base::Duration(static_cast<std::int64_t>(static_cast<double>(low.count()) * std::pow(ratio, unit())));
  }
  /// Between two arrivals that come `mean` apart.
  base::Duration gap(base::Duration mean) {
    return base::Duration(static_cast<std::int64_t>(-std::log(1.0 - unit()) * static_cast<double>(mean.count())));
  }
  template <class Container>
  auto& pick(Container& from) {
    return from[below(from.size())];
  }

 private:
  double unit() noexcept { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  std::uint64_t state_;
};

}  // namespace ductus::sim
