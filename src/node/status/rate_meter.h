// RateMeter: how fast a number that counts up has grown over the last seconds.
//
// It is told of the number when that moves, or is heard again; nothing ticks in between. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"

namespace ductus::node {

class RateMeter {
 public:
  static constexpr base::Duration kWindow = std::chrono::seconds(10);
  /// Of what comes closer together, the first and the last are kept.
  static constexpr base::Duration kSpacing = std::chrono::seconds(2);
  /// With less behind it, a rate says nothing.
  static constexpr base::Duration kShortest = std::chrono::seconds(1);

  /// `now` never goes back. A number below the one before begins anew: an offset was set.
  void note(std::int64_t value, base::Time now);
  /// Over the last kWindow, or since the first note() where that is less; nullopt: too little is known. What was noted
  /// last counts as unchanged since.
  std::optional<double> per_s(base::Time now) const;
  /// When it was last told; nullopt: never.
  std::optional<base::Time> noted_at() const noexcept;

 private:
  struct Sample {
    base::Time at;
    std::int64_t value = 0;
  };
  /// Two at or before the window's start, and those within.
  static constexpr std::size_t kSamples = 2 * (kWindow / kSpacing) + 2;

  void keep(const Sample& sample);

  std::array<Sample, kSamples> samples_{};  ///< the oldest first
  std::size_t count_ = 0;
  Sample latest_;
};

}  // namespace ductus::node
