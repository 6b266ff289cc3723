#include "operate/reset.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "base/escape.h"
#include "offsets/open_store.h"

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;
using Offset = std::optional<std::int64_t>;
using Target = ResetRequest::Target;

std::string name_of(const ports::TopicPartition& partition) {
  return base::escaped(partition.topic) + "/" + std::to_string(partition.partition);
}

Error unanswered(const std::string& what, const std::string& why) {
  return {ErrorCode::kUnreachable, what + ": " + (why.empty() ? "the broker did not answer in time" : why) +
                                       "; nothing was changed: try again when the cluster answers"};
}

Error missing_topic(const std::string& topic, const LogLook& look) {
  const auto missing = look.missing_topics.find(topic);
  const std::string name = "topic " + base::escaped(topic);
  if (missing == look.missing_topics.end()) return unanswered(name, look.trouble);
  if (missing->second.code != ErrorCode::kNotFound) {
    return unanswered(name, look.trouble.empty() ? missing->second.message : look.trouble);
  }
  return {ErrorCode::kNotFound,
          missing->second.message + "; nothing was changed: make the topic, or take it out of the configuration"};
}

// What the request means for a topic of `count` partitions: the first and the one behind the last.
Result<std::pair<std::int32_t, std::int32_t>> partitions_of(const ResetRequest& request, const std::string& topic,
                                                            std::int32_t count) {
  const std::string has =
      base::escaped(topic) + " has " + std::to_string(count) + " partitions, 0 to " + std::to_string(count - 1);
  if (request.partition) {
    if (*request.partition < count) return std::pair(*request.partition, *request.partition + 1);
    return Error{ErrorCode::kInvalid, "--partition " + std::to_string(*request.partition) + ": " + has};
  }
  if (count > 1 && !request.all_partitions) {
    return Error{ErrorCode::kInvalid, has + ": say --partition N for one of them, or --all-partitions"};
  }
  return std::pair(0, count);
}

Result<ResetRow> plan_row(const ResetRequest& request, const LogLook& look, const ports::TopicPartition& partition,
                          const ports::TopicId& topic_id) {
  const auto bounds = look.partitions.find(partition);
  if (bounds == look.partitions.end()) return unanswered(name_of(partition), look.trouble);
  ResetRow row{partition, {}, {}, bounds->second.log_start_offset, bounds->second.readable_end};
  const Offset target = request.target == Target::kReadableEnd ? row.readable_end
                        : request.target == Target::kLogStart  ? row.log_start_offset
                        : request.target == Target::kTime      ? bounds->second.at_time
                                                               : Offset(request.offset);
  if (!target) return unanswered(name_of(partition), bounds->second.trouble);
  row.after.next_offset = *target;
  row.after.topic_id = topic_id;
  return row;
}

}  // namespace

bool ResetRow::outside_log() const {
  return (log_start_offset && after.next_offset < *log_start_offset) ||
         (readable_end && after.next_offset > *readable_end);
}

Result<ResetPlan> plan_reset(const ResetRequest& request, const LogLook& look) {
  ResetPlan plan;
  for (const std::string& topic : request.topics) {
    const auto found = look.topics.find(topic);
    if (found == look.topics.end()) return missing_topic(topic, look);
    const auto wanted = partitions_of(request, topic, found->second.partition_count);
    if (!wanted) return wanted.error();
    for (std::int32_t i = wanted->first; i < wanted->second; ++i) {
      auto row = plan_row(request, look, {topic, i}, found->second.topic_id);
      if (!row) return std::move(row).error();
      plan.rows.push_back(*std::move(row));
    }
    if (!request.partition) plan.topics.push_back({topic, found->second});
  }
  return plan;
}

Result<std::vector<ResetRow>> apply_reset(const config::NodeConfig& config, ResetPlan plan, const std::string& who,
                                          const std::string& why) {
  if (config.store_url == "memory:") {
    return Error{ErrorCode::kUnsupported,
                 "store.url is memory: its offsets end with each process, there is nothing to reset"};
  }
  auto store = offsets::open_store(config.store_url, config.store_path, config.handler_name, base::LockOwner::kVerb);
  if (!store) return std::move(store).error();
  std::vector<ports::TopicPartition> partitions;
  for (const ResetRow& row : plan.rows) partitions.push_back(row.partition);
  const auto before = (*store)->load(partitions);
  if (!before) return before.error();
  ports::OperatorChange change{who, why, {}, std::move(plan.topics)};
  for (std::size_t i = 0; i < plan.rows.size(); ++i) {
    plan.rows[i].before = (*before)[i];
    change.positions.push_back({plan.rows[i].partition, plan.rows[i].before, plan.rows[i].after});
  }
  if (auto changed = (*store)->change(change); !changed) return std::move(changed).error();
  return std::move(plan.rows);
}

std::string to_text(const std::vector<ResetRow>& rows) {
  std::string text;
  for (const ResetRow& row : rows) {
    text += name_of(row.partition) + ": " + (row.before ? std::to_string(row.before->next_offset) : "none") + " -> " +
            std::to_string(row.after.next_offset) + "\n";
  }
  return text;
}

std::string to_json(const config::NodeConfig& config, const std::vector<ResetRow>& rows) {
  const auto or_null = [](Offset offset) { return offset ? Json(*offset) : Json(nullptr); };
  Json partitions = Json::array();
  for (const ResetRow& row : rows) {
    partitions.push_back({
        {"topic", row.partition.topic},
        {"partition", row.partition.partition},
        {"before", row.before ? Json(row.before->next_offset) : Json(nullptr)},
        {"next_offset", row.after.next_offset},
        {"log_start_offset", or_null(row.log_start_offset)},
        {"readable_end", or_null(row.readable_end)},
        {"outside_log", row.outside_log()},
    });
  }
  const Json document = {{"schema", "ductus.reset/1"},
                         {"name", config.name},
                         {"handler_name", config.handler_name},
                         {"partitions", std::move(partitions)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace ductus::operate
