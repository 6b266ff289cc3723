// PartitionHistory: what a partition has done of late, as status tells it: its rates, the call it is in, how the last
// ones ended, and how often it failed.
//
// Told of each call and each failure, never of a message. A plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "node/status/rate_meter.h"
#include "node/work.h"
#include "operate/status_details.h"

namespace ductus::node {

class PartitionHistory {
 public:
  static constexpr std::size_t kResultsKept = 5;

  void call_begins(const Work& work, base::Time now);
  void call_ended(const WorkDone& done, base::Time now);
  /// The source told where the log ends.
  void heard_end(std::int64_t readable_end, base::Time now);
  /// It ended; `restarts`: and starts again by itself.
  void failed(bool restarts, base::Time now);

  std::uint64_t restarts() const noexcept { return restarts_; }
  /// Fills in what it knows. The age of the last message is for those who have a calendar.
  void tell(operate::PartitionActivity& activity, std::optional<std::int64_t> lag, base::Time now) const;

 private:
  struct Result {
    ports::Handled::Kind kind = ports::Handled::Kind::kOk;
    base::Duration took{};
    base::Time ended_at;
    std::uint64_t messages = 0;
    std::chrono::milliseconds delay{};
  };
  void remember(const ports::Handled& handled, base::Time now);

  RateMeter in_;
  RateMeter out_;
  std::optional<Work::Kind> call_;
  base::Time call_since_;
  std::optional<operate::BatchInHand> batch_;
  std::array<Result, kResultsKept> results_{};  ///< a ring
  std::size_t results_ever_ = 0;
  std::uint64_t messages_ = 0;  ///< handled, and their bytes
  std::uint64_t bytes_ = 0;
  std::int64_t last_timestamp_ms_ = -1;
  std::uint64_t restarts_ = 0;
  std::optional<base::Time> failed_at_;
};

/// From `from` to `to`, never below 0.
double seconds_between(base::Time from, base::Time to);

}  // namespace ductus::node
