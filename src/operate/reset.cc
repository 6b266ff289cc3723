#include "operate/reset.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include "base/escape.h"
#include "operate/open_store.h"

namespace ductus::operate {
namespace {

using Offset = std::optional<std::int64_t>;
using Kind = ResetTarget::Kind;

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

std::string partitions_in_words(const std::string& topic, std::int32_t count) {
  if (count == 1) return base::escaped(topic) + " has one partition, 0";
  return base::escaped(topic) + " has " + std::to_string(count) + " partitions, 0 to " + std::to_string(count - 1);
}

// What the request means for a topic of `count` partitions.
Result<std::vector<std::int32_t>> partitions_of(const ResetPlaces& places, std::int32_t count) {
  const std::string has = partitions_in_words(places.topic.name, count);
  if (places.partition) {
    const std::string wrong = "--partition " + std::to_string(*places.partition) + ": ";
    if (*places.partition >= count) return Error{ErrorCode::kInvalid, wrong + has};
    if (places.topic.reads(*places.partition)) return std::vector{*places.partition};
    return Error{ErrorCode::kInvalid, wrong + "it is none of those that the configuration reads of this topic"};
  }
  if (count > 1 && !places.all_partitions) {
    return Error{ErrorCode::kInvalid, has + ": say --partition N for one of them, or --all-partitions"};
  }
  std::vector<std::int32_t> partitions;
  for (std::int32_t i = 0; i < count; ++i) {
    if (places.topic.reads(i)) partitions.push_back(i);
  }
  return partitions;
}

void sort_rows(std::vector<ResetRow>& rows) {
  std::ranges::sort(rows, {}, [](const ResetRow& row) -> const auto& { return row.partition; });
}

ports::OffsetUnit unit_of(const LogLook& look) {
  return look.protocol ? look.protocol->unit : ports::OffsetUnit::kMessages;
}

// Makes rows, all for the same looks and the same store.
class Planner {
 public:
  Planner(const LogLook& source, const LogLook& origin, const Places& stored)
      : source_(source), origin_(origin), stored_(stored) {}

  /// The topic as the cluster that is read has it; that both clusters have the same partitions is checked.
  Result<ports::KnownTopic> topic(const std::string& topic) const {
    const auto found = source_.topics.find(topic);
    if (found == source_.topics.end()) return missing_topic(topic, source_);
    if (&origin_ == &source_) return found->second;
    const auto there = origin_.topics.find(topic);
    if (there == origin_.topics.end()) {
      Error error = missing_topic(topic, origin_);
      error.message = "[target]: " + error.message;
      return error;
    }
    if (unit_of(origin_) != unit_of(source_)) {
      return Error{ErrorCode::kInvalid, "offsets of the cluster of [target] count " +
                                            std::string(name_of(unit_of(origin_))) + ", those of [source] " +
                                            std::string(name_of(unit_of(source_))) + "; nothing was changed"};
    }
    if (there->second.partition_count == found->second.partition_count) return found->second;
    return Error{ErrorCode::kInvalid,
                 partitions_in_words(topic, found->second.partition_count) + ", but " +
                     std::to_string(there->second.partition_count) +
                     " in the cluster of [target]: their offsets do not belong together; nothing was changed"};
  }

  Result<void> add(const ports::TopicPartition& partition, const ports::TopicId& topic_id, const ResetTarget& target) {
    const auto bounds = source_.partitions.find(partition);
    if (bounds == source_.partitions.end()) return unanswered(name_of(partition), source_.trouble);
    const auto place = stored_.find(partition);
    ResetRow row{partition, {}, {}, bounds->second.log_start_offset, bounds->second.readable_end, ""};
    if (place != stored_.end()) row.before = place->second;
    const auto offset = offset_for(row, target);
    if (!offset) return offset.error();
    row.after = ports::Position{*offset, -1, topic_id};
    // Where it stays, what is known of it stays as well.
    if (row.before && row.before->next_offset == *offset && row.before->topic_id == topic_id) row.after = row.before;
    if (!named_.insert(partition).second) {
      return Error{ErrorCode::kInvalid, name_of(partition) + " is named twice; nothing was changed"};
    }
    rows_.push_back(std::move(row));
    return {};
  }

  /// A topic is accounted for where each of its partitions is set.
  ResetPlan finish() {
    ResetPlan plan{std::move(rows_), {}};
    sort_rows(plan.rows);
    const bool keeps_count = unit_of(source_) == ports::OffsetUnit::kMessages;  // else it is the configuration's own
    std::map<std::string, std::int32_t> counts;
    for (const ResetRow& row : plan.rows) ++counts[row.partition.topic];
    for (const auto& [topic, count] : counts) {
      const ports::KnownTopic& known = source_.topics.at(topic);
      if (known.partition_count == count && keeps_count) plan.topics.push_back({topic, known});
    }
    return plan;
  }

 private:
  Result<std::int64_t> offset_for(ResetRow& row, const ResetTarget& target) const {
    if (target.kind == Kind::kOffset) return target.amount;
    if (target.kind == Kind::kShift) return shifted(row, target.amount);
    const auto bounds = origin_.partitions.find(row.partition);
    const std::string name = name_of(row.partition);
    if (bounds == origin_.partitions.end()) return unanswered(name, origin_.trouble);
    const Offset found = target.kind == Kind::kReadableEnd ? bounds->second.readable_end
                         : target.kind == Kind::kLogStart  ? bounds->second.log_start_offset
                                                           : bounds->second.at_time;
    if (!found) return unanswered(name, bounds->second.trouble);
    if (target.kind != Kind::kTime) return *found;
    const bool is_end = found == bounds->second.readable_end;
    if (is_end) row.note = "no message at that time or after it";
    if (!is_end && row.partition.unit == ports::OffsetUnit::kBytes) {
      row.note = "the start of a segment, perhaps long before that time: within one Kafka 0.6 and 0.7 find no place";
    }
    return within_log(row, *found);
  }

  Result<std::int64_t> shifted(ResetRow& row, std::int64_t by) const {
    if (!row.before) {
      return Error{ErrorCode::kInvalid, name_of(row.partition) +
                                            ": no offset is stored that could be shifted; set one first; nothing was "
                                            "changed"};
    }
    const std::int64_t from = row.before->next_offset;
    const std::int64_t room = std::numeric_limits<std::int64_t>::max() - from;
    return within_log(row, by > room ? std::numeric_limits<std::int64_t>::max() : from + by);
  }

  Result<std::int64_t> within_log(ResetRow& row, std::int64_t wanted) const {
    if (!row.log_start_offset || !row.readable_end) {
      return unanswered(name_of(row.partition), source_.partitions.at(row.partition).trouble);
    }
    const std::int64_t offset = std::min(std::max(wanted, *row.log_start_offset), *row.readable_end);
    if (offset < wanted) row.note = std::to_string(wanted) + " is past the end of the log";
    if (offset > wanted) row.note = std::to_string(wanted) + " is before the start of the log";
    return offset;
  }

  const LogLook& source_;
  const LogLook& origin_;
  const Places& stored_;
  std::vector<ResetRow> rows_;
  std::set<ports::TopicPartition> named_;
};

Error at_place(const std::string& where, Error error) {
  error.message = where + ": " + error.message;
  return error;
}

}  // namespace

bool ResetRow::outside_log() const {
  return after && ((log_start_offset && after->next_offset < *log_start_offset) ||
                   (readable_end && after->next_offset > *readable_end));
}

Result<ResetPlan> plan_reset(const ResetRequest& request, const ResetLooks& looks, const Places& stored) {
  Planner planner(looks.source, looks.target ? *looks.target : looks.source, stored);
  for (const ResetPlaces& places : request.places) {
    const auto known = planner.topic(places.topic.name);
    if (!known) return known.error();
    const auto wanted = partitions_of(places, known->partition_count);
    if (!wanted) return wanted.error();
    for (const std::int32_t i : *wanted) {
      if (auto added = planner.add({places.topic.name, i, unit_of(looks.source)}, known->topic_id, request.target);
          !added) {
        return std::move(added).error();
      }
    }
  }
  return planner.finish();
}

Result<ResetPlan> plan_file(const OffsetsFile& file, const LogLook& look, const Places& stored) {
  Planner planner(look, look, stored);
  for (const FileEntry& entry : file.entries) {
    const auto known = planner.topic(entry.topic);
    if (!known) return at_place(entry.where, known.error());
    const std::int32_t count = known->partition_count;
    if ((!entry.partition && count != 1) || entry.partition >= count) {
      return Error{ErrorCode::kInvalid, entry.where + ": " + partitions_in_words(entry.topic, count) +
                                            (entry.partition ? ", not " + std::to_string(*entry.partition)
                                                             : ": say which by \"partition\"") +
                                            "; nothing was changed"};
    }
    const ports::TopicPartition partition{entry.topic, entry.partition.value_or(0), unit_of(look)};
    if (!look.partitions.contains(partition)) {  // a look takes in all that is read
      return Error{ErrorCode::kInvalid,
                   entry.where + ": the configuration does not read " + name_of(partition) + "; nothing was changed"};
    }
    auto added = planner.add(partition, known->topic_id, {Kind::kOffset, entry.position.next_offset});
    if (!added) return at_place(entry.where, std::move(added).error());
  }
  return planner.finish();
}

ResetPlan plan_import(const OffsetsFile& file, const Places& stored) {
  ResetPlan plan{{}, file.topics};
  for (const FileEntry& entry : file.entries) {
    const ports::TopicPartition partition{entry.topic, entry.partition.value_or(0), entry.unit};
    const auto place = stored.find(partition);
    const auto before = place == stored.end() ? std::nullopt : std::optional(place->second);
    plan.rows.push_back({partition, before, entry.position, {}, {}, ""});
  }
  sort_rows(plan.rows);
  return plan;
}

ports::OperatorChange change_of(const ResetPlan& plan, const std::string& who, const std::string& why) {
  ports::OperatorChange change{who, why, {}, plan.topics};
  for (const ResetRow& row : plan.rows) change.positions.push_back({row.partition, row.before, row.after});
  return change;
}

Result<void> apply_plan(const config::NodeConfig& config, const ResetPlan& plan, const std::string& who,
                        const std::string& why) {
  auto store = open_store(config, base::LockOwner::kVerb);
  if (!store) return std::move(store).error();
  return (*store)->change(change_of(plan, who, why));
}

}  // namespace ductus::operate
