// RepeatLimit: which lines of one cause are written, and what is said of those that are not.
//
// A pure state machine: time comes in with each call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ductus/module.h"

namespace ductus::base {

/// The part of a line that stays the same when it comes again: its begin, each number as a 0.
std::string cause_of(std::string_view line);

class RepeatLimit {
 public:
  /// Of one cause, in an interval that begins with its first line.
  static constexpr std::uint32_t kLinesPerCause = 10;
  static constexpr Duration kInterval = std::chrono::seconds(60);
  /// Causes that are told apart at a time; those beyond count as one.
  static constexpr std::size_t kMaxCauses = 1000;
  /// A longer cause is cut.
  static constexpr std::size_t kMaxCauseBytes = 128;

  /// Lines of one cause that were not written.
  struct Repeated {
    LogLevel level{};         ///< of the last one
    std::string line;         ///< the last one
    std::uint64_t times = 0;  ///< how many
    Duration span{};          ///< since the first line of the interval, written ones included
  };

  /// Whether `line` is to be written; else it is counted.
  bool admit(LogLevel level, std::string_view cause, std::string_view line, Time now);
  /// What was counted in intervals that are over, each told once; with `all`, in those that run as well.
  std::vector<Repeated> over(Time now, bool all = false);
  /// When the next interval is over: call over() then. Time::max(): none runs.
  Time next() const;

 private:
  struct Interval {
    Time began;
    std::uint32_t written = 0;
    Repeated rest;
  };
  using Intervals = std::map<std::string, Interval, std::less<>>;

  Interval& interval_of(std::string_view cause, Time now);

  Intervals intervals_;                       ///< by cause
  std::deque<Intervals::iterator> by_begin_;  ///< the oldest first
};

}  // namespace ductus::base
