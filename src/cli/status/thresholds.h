// Thresholds: how much lag a monitor lets pass.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"
#include "operate/status_report.h"

namespace ductus::cli {

struct Thresholds {
  struct Lag {
    std::string topic;  ///< empty: all of them together
    std::int64_t most = 0;
  };
  std::vector<Lag> lags;
  std::optional<std::chrono::milliseconds> behind;  ///< of each partition

  bool any() const noexcept { return !lags.empty() || behind; }
};

/// "10000", "orders=500", or several parted by commas: N for the total, TOPIC=N for one topic. Error: kInvalid.
Result<std::vector<Thresholds::Lag>> lag_thresholds(std::string_view text);

/// What has passed, a line each. What is not known counts as passed: a monitor must not take silence for health.
std::vector<std::string> passed(const Thresholds& thresholds, const operate::StatusReport& report);

}  // namespace ductus::cli
