#include "cli/status/thresholds.h"

#include <charconv>

#include "cli/status/status_text.h"
#include "cli/terminal/units.h"

namespace ductus::cli {
namespace {

Result<Thresholds::Lag> lag_threshold(std::string_view item) {
  Thresholds::Lag lag;
  std::string_view digits = item;
  if (const auto equals = item.rfind('='); equals != std::string_view::npos) {
    lag.topic = item.substr(0, equals);
    digits = item.substr(equals + 1);
    if (lag.topic.empty()) digits = {};
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), lag.most);
  if (digits.empty() || error != std::errc() || end != digits.data() + digits.size() || lag.most < 0) {
    return Error{ErrorCode::kInvalid,
                 "expected a number of messages, or TOPIC=NUMBER, not '" + std::string(item) + "'"};
  }
  return lag;
}

void judge_lag(const Thresholds::Lag& threshold, const operate::StatusReport& report, std::vector<std::string>& out) {
  const std::string what = threshold.topic.empty() ? "the total lag" : "the lag of " + threshold.topic;
  const std::string limit = ", the limit " + std::to_string(threshold.most);
  std::optional<std::int64_t> lag = threshold.topic.empty() ? report.total_lag() : 0;
  bool is_there = threshold.topic.empty();
  for (const operate::PartitionStatus& partition : report.partitions) {
    if (threshold.topic.empty() || partition.topic != threshold.topic) continue;
    is_there = true;
    lag = known_sum(lag, partition.lag());
  }
  if (!is_there || !lag) {
    out.push_back(what + " is not known" + limit);
  } else if (*lag > threshold.most) {
    out.push_back(what + " is " + std::to_string(*lag) + limit);
  }
}

void judge_time(std::chrono::milliseconds most, const operate::StatusReport& report, std::vector<std::string>& out) {
  const double limit_s = std::chrono::duration<double>(most).count();
  const std::string limit = ", the limit " + duration_text(limit_s);
  if (report.partitions.empty()) out.push_back("how far behind it is, is not known" + limit);
  for (const operate::PartitionStatus& partition : report.partitions) {
    if (partition.lag() == 0) continue;
    const auto behind_s = partition.activity.behind_s;
    if (!behind_s) {
      out.push_back("how far behind " + place_of(partition) + " is, is not known" + limit);
    } else if (*behind_s > limit_s) {
      out.push_back(place_of(partition) + " is " + duration_text(*behind_s) + " behind" + limit);
    }
  }
}

}  // namespace

Result<std::vector<Thresholds::Lag>> lag_thresholds(std::string_view text) {
  std::vector<Thresholds::Lag> lags;
  for (;;) {
    const auto comma = text.find(',');
    auto lag = lag_threshold(text.substr(0, comma));
    if (!lag) return std::move(lag).error();
    lags.push_back(*std::move(lag));
    if (comma == std::string_view::npos) return lags;
    text.remove_prefix(comma + 1);
  }
}

std::vector<std::string> passed(const Thresholds& thresholds, const operate::StatusReport& report) {
  std::vector<std::string> lines;
  for (const Thresholds::Lag& threshold : thresholds.lags) judge_lag(threshold, report, lines);
  if (thresholds.behind) judge_time(*thresholds.behind, report, lines);
  return lines;
}

}  // namespace ductus::cli
