// What rows of an offsets file hold. kCorrupt where ductus cannot have written it.
#pragma once

#include <filesystem>
#include <string>

#include "ductus/result.h"
#include "offsets/sqlite_connection.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// From three columns, `column` the first: offset, leader epoch, topic id.
Result<ports::Position> read_position(const SqliteStatement& row, int column, const std::filesystem::path& path,
                                      const ports::TopicPartition& partition);

/// From two columns, `column` the first: topic id, partition count.
Result<ports::KnownTopic> read_topic(const SqliteStatement& row, int column, const std::filesystem::path& path,
                                     const std::string& topic);

/// Of a TopicPartition: topic, partition, unit.
inline constexpr int kPartitionColumns = 3;
/// From kPartitionColumns columns, `column` the first.
Result<ports::TopicPartition> read_partition(const SqliteStatement& row, int column, const std::filesystem::path& path);

}  // namespace ductus::offsets
