// time_lag: how old what a partition reads is, by the time in its messages. Also known as ductus_example_handler.
//
// A message is a text line whose second field, parted by spaces, is a unix time in seconds. The lag of a partition is
// the time now minus that of the first message of its last batch: -1 before any, 0 once it has nothing to read, 0 for
// a time that is yet to come. A message without such a time is accepted, counted in the log, and leaves the lag as it
// is. The aggregate element is the lag; once per period the largest one of each topic is pushed as a gauge (gauges.h),
// or logged where no `url` is set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"
#include "handlers/builtin.h"
#include "handlers/gauges.h"

namespace ductus::handlers {

struct TimeLagSettings {
  std::string metric;
  std::optional<GaugeSettings> push;  ///< nullopt: the lags are logged
  std::function<std::int64_t()> now;  ///< seconds since 1970
};

inline constexpr std::chrono::milliseconds kPushWithin{5000};
/// How long a push may last: half a period, and kPushWithin at most.
base::Duration push_within(base::Duration periodic_every);

/// Later times than that of the year 9999 are no seconds.
inline constexpr std::int64_t kLatestTime{253402300799};

/// The time of a line; nullopt: its second field is no whole number from 0 to kLatestTime.
std::optional<std::int64_t> time_of(std::string_view line);

std::unique_ptr<Module> make_time_lag_module(TimeLagSettings settings);

/// From `[handler] settings`: url, email, token_file, ca_file, metric. Errors: kInvalid, those of GaugePush::token().
Result<std::unique_ptr<Module>> make_time_lag_module(const Value& settings, const NodeFacts& node);

}  // namespace ductus::handlers
