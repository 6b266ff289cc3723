#include "operate/offsets/plan_report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;
using Offset = std::optional<std::int64_t>;

std::string counted(std::int64_t count, ports::OffsetUnit unit) {
  std::string_view name = name_of(unit);
  if (count == 1) name.remove_suffix(1);
  return std::to_string(count) + " " + std::string(name);
}

std::string or_mark(Offset offset) { return offset ? std::to_string(*offset) : "?"; }

bool is_made_anew(const ResetRow& row) {
  const ports::TopicId unknown{};
  return row.before->topic_id != unknown && row.after->topic_id != unknown &&
         row.before->topic_id != row.after->topic_id;
}

std::string move_in_words(const ResetRow& row) {
  const std::int64_t from = row.before->next_offset;
  const std::int64_t to = row.after->next_offset;
  if (is_made_anew(row)) return "the topic was made anew since";
  if (from == to) return "unchanged";
  // What the log no longer holds, or does not hold yet, is neither handled nor skipped.
  const std::int64_t start = row.log_start_offset.value_or(0);
  if (to < from) {
    const std::int64_t again = std::min(from, row.readable_end.value_or(from)) - std::max(to, start);
    return counted(std::max<std::int64_t>(again, 0), row.partition.unit) + " handled again";
  }
  const std::int64_t skipped = std::max<std::int64_t>(to - std::max(from, start), 0);
  return counted(skipped, row.partition.unit) + (skipped > 0 ? " SKIPPED" : " skipped");
}

}  // namespace

std::string what_happens(const ResetRow& row) {
  if (!row.after) {
    return row.before ? "forgotten: the node acts by offsets.when_missing" : "unchanged: nothing is stored";
  }
  std::string text = row.before ? move_in_words(row) : "set for the first time";
  if (row.outside_log()) {
    text = "OUTSIDE the log, which goes from " + or_mark(row.log_start_offset) + " to " + or_mark(row.readable_end);
  }
  return row.note.empty() ? text : text + " (" + row.note + ")";
}

std::string to_json(const config::NodeConfig& config, const ResetPlan& plan, PlanState state) {
  const auto or_null = [](Offset offset) { return offset ? Json(*offset) : Json(nullptr); };
  const auto offset_of = [](const std::optional<ports::Position>& position) {
    return position ? Json(position->next_offset) : Json(nullptr);
  };
  Json partitions = Json::array();
  for (const ResetRow& row : plan.rows) {
    partitions.push_back({
        {"topic", row.partition.topic},
        {"partition", row.partition.partition},
        {"unit", name_of(row.partition.unit)},
        {"before", offset_of(row.before)},
        {"next_offset", offset_of(row.after)},
        {"log_start_offset", or_null(row.log_start_offset)},
        {"readable_end", or_null(row.readable_end)},
        {"outside_log", row.outside_log()},
        {"what_happens", what_happens(row)},
    });
  }
  const Json document = {{"schema", "ductus.reset/1"},
                         {"name", config.name},
                         {"handler_name", config.handler_name},
                         {"dry_run", state == PlanState::kDryRun},
                         {"partitions", std::move(partitions)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace ductus::operate
