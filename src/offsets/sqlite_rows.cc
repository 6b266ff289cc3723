#include "offsets/sqlite_rows.h"

#include <algorithm>
#include <limits>

#include "offsets/sqlite_schema.h"

namespace ductus::offsets {

using ports::KnownTopic;
using ports::Position;
using ports::TopicPartition;

Result<Position> read_position(const SqliteStatement& row, int column, const std::filesystem::path& path,
                               const TopicPartition& partition) {
  const auto next_offset = row.integer(column);
  const auto leader_epoch = row.integer(column + 1);
  const auto topic_id = row.bytes(column + 2);
  Position position;
  if (!next_offset || *next_offset < 0 || !leader_epoch || *leader_epoch < -1 ||
      *leader_epoch > std::numeric_limits<std::int32_t>::max() || !topic_id ||
      topic_id->size() != position.topic_id.size()) {
    return damaged(path, "no valid position of " + partition.topic + "/" + std::to_string(partition.partition));
  }
  position.next_offset = *next_offset;
  position.leader_epoch = static_cast<std::int32_t>(*leader_epoch);
  std::copy(topic_id->begin(), topic_id->end(), position.topic_id.begin());
  return position;
}

Result<KnownTopic> read_topic(const SqliteStatement& row, int column, const std::filesystem::path& path,
                              const std::string& topic) {
  const auto topic_id = row.bytes(column);
  const auto partition_count = row.integer(column + 1);
  KnownTopic known;
  if (!topic_id || topic_id->size() != known.topic_id.size() || !partition_count || *partition_count < 0 ||
      *partition_count > std::numeric_limits<std::int32_t>::max()) {
    return damaged(path, "no valid record of topic " + topic);
  }
  std::copy(topic_id->begin(), topic_id->end(), known.topic_id.begin());
  known.partition_count = static_cast<std::int32_t>(*partition_count);
  return known;
}

Result<TopicPartition> read_partition(const SqliteStatement& row, int column, const std::filesystem::path& path) {
  const auto topic = row.text(column);
  const auto partition = row.integer(column + 1);
  const auto unit = ports::unit_of(row.text(column + 2).value_or(""));
  if (!topic || !unit || !partition || *partition < 0 || *partition > std::numeric_limits<std::int32_t>::max()) {
    return damaged(path, "no valid partition of topic " + std::string(topic.value_or("?")));
  }
  return TopicPartition{std::string(*topic), static_cast<std::int32_t>(*partition), *unit};
}

}  // namespace ductus::offsets
