// OffsetStore: where positions live. The third port of the data path (batch_source → handler_host → offset_store).
//
// Thread: one thread calls it, the store thread of the node or an operator's verb. Blocking: yes, on disk or network.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ductus/result.h"

namespace ductus::ports {

/// One partition of one topic.
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  auto operator<=>(const TopicPartition&) const = default;
};

/// Kafka's id of a topic, which changes when the topic is made anew. All zero: not known.
using TopicId = std::array<std::uint8_t, 16>;

/// A place in a partition.
struct Position {
  std::int64_t next_offset = 0;    ///< the first offset not yet processed
  std::int32_t leader_epoch = -1;  ///< of the last record before it; -1 unknown
  TopicId topic_id{};
  bool operator==(const Position&) const = default;
};

/// A position to be stored.
struct StoredPosition {
  TopicPartition partition;
  Position position;
};

class OffsetStore {
 public:
  virtual ~OffsetStore() = default;

  /// The stored positions of the given partitions, in their order; nullopt where none is stored.
  /// Errors: kIo, kUnreachable, kTimedOut (try again), kCorrupt, kUnsupported (an operator must look).
  virtual Result<std::vector<std::optional<Position>>> load(std::span<const TopicPartition> partitions) = 0;

  /// Stores one round: all of it or nothing. On ok() it is durable.
  /// Errors as load(); after kTimedOut and kUnreachable the outcome is unknown until it is read back.
  virtual Result<void> store(std::span<const StoredPosition> round) = 0;
};

}  // namespace ductus::ports
