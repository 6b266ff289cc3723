// RestartWindow: have there been too many failures of late?
//
// A failure at t is inside the window at `now` iff now − t < period. With more than `intensity` inside, the window
// trips: at intensity 100 the 101st, at 0 the first. A plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

#include "base/clock.h"

namespace ductus::supervise {

class RestartWindow {
 public:
  RestartWindow(std::uint32_t intensity, base::Duration period) : intensity_(intensity), period_(period) {}

  /// Counts a failure. True where the window trips. `now` never goes back.
  [[nodiscard]] bool record(base::Time now) {
    failures_.push_back(now);
    while (!failures_.empty() && now - failures_.front() >= period_) failures_.pop_front();
    if (failures_.size() <= intensity_) return false;
    while (failures_.size() > intensity_ + std::size_t{1}) failures_.pop_front();
    return true;
  }
  /// Forgets all of them.
  void clear() noexcept { failures_.clear(); }
  /// How many the last record() found inside.
  std::size_t size() const noexcept { return failures_.size(); }

 private:
  std::uint32_t intensity_;
  base::Duration period_;
  std::deque<base::Time> failures_;  ///< oldest first, at most intensity + 1
};

}  // namespace ductus::supervise
