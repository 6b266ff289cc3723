#include "offsets/round.h"

#include <set>
#include <string>

#include "base/escape.h"

namespace ductus::offsets {

Result<void> check_round(std::span<const ports::StoredPosition> round) {
  for (const auto& [partition, position] : round) {
    if (partition.partition >= 0 && position.next_offset >= 0 && position.leader_epoch >= -1) continue;
    return Error{ErrorCode::kInvalid, "not stored: " + base::escaped(partition.topic) + "/" +
                                          std::to_string(partition.partition) + " at offset " +
                                          std::to_string(position.next_offset) + ", leader epoch " +
                                          std::to_string(position.leader_epoch)};
  }
  return {};
}

Result<void> check_topics(std::span<const ports::StoredTopic> topics) {
  for (const auto& [topic, known] : topics) {
    if (known.partition_count >= 0) continue;
    return Error{ErrorCode::kInvalid, "not stored: " + base::escaped(topic) + " with " +
                                          std::to_string(known.partition_count) + " partitions"};
  }
  return {};
}

Result<void> check_change(const ports::OperatorChange& change) {
  std::set<ports::TopicPartition> named;
  for (const ports::PositionChange& one : change.positions) {
    if (named.insert(one.partition).second) continue;
    return Error{ErrorCode::kInvalid, "not stored: " + base::escaped(one.partition.topic) + "/" +
                                          std::to_string(one.partition.partition) + " is named twice"};
  }
  if (auto valid = check_round(round_of(change)); !valid) return valid;
  return check_topics(change.topics);
}

std::vector<ports::StoredPosition> round_of(const ports::OperatorChange& change) {
  std::vector<ports::StoredPosition> round;
  round.reserve(change.positions.size());
  for (const auto& [partition, before, after] : change.positions) {
    if (after) round.push_back({partition, *after});
  }
  return round;
}

Error changed_meanwhile(const ports::PositionChange& change, const std::optional<ports::Position>& found) {
  const auto offset_of = [](const std::optional<ports::Position>& position) {
    return position ? "offset " + std::to_string(position->next_offset) : std::string("no offset");
  };
  return {ErrorCode::kRefused, base::escaped(change.partition.topic) + "/" +
                                   std::to_string(change.partition.partition) + ": the store holds " +
                                   offset_of(found) + " where it held " + offset_of(change.before) +
                                   " a moment ago: somebody else changed it; nothing was written, try again"};
}

}  // namespace ductus::offsets
