// OffsetStore: where positions live. The third port of the data path (batch_source → handler_host → offset_store).
//
// Thread: one thread calls it, the store thread of the node or an operator's verb. Blocking: yes, on disk or network.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/result.h"

namespace ductus::ports {

/// What the offsets of a log count: messages, or on the line of Kafka 0.6 and 0.7 the bytes of the log.
enum class OffsetUnit : std::uint8_t { kMessages, kBytes };

/// "messages", "bytes".
constexpr std::string_view name_of(OffsetUnit unit) noexcept {
  return unit == OffsetUnit::kBytes ? "bytes" : "messages";
}

/// The inverse of name_of(); nullopt for what is neither.
constexpr std::optional<OffsetUnit> unit_of(std::string_view name) noexcept {
  if (name == name_of(OffsetUnit::kMessages)) return OffsetUnit::kMessages;
  return name == name_of(OffsetUnit::kBytes) ? std::optional(OffsetUnit::kBytes) : std::nullopt;
}

/// The log of one partition of one topic. One that counts bytes is another log than one that counts messages, so that
/// a byte position is never read as the offset of a message.
struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  OffsetUnit unit = OffsetUnit::kMessages;
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
  bool operator==(const StoredPosition&) const = default;
};

/// A topic as it was when its partitions were last accounted for. A partition of the same topic id whose index is
/// partition_count or above is new: it begins at its log's start, whatever the policy.
struct KnownTopic {
  TopicId topic_id{};
  std::int32_t partition_count = 0;
  bool operator==(const KnownTopic&) const = default;
};

/// A topic to be stored.
struct StoredTopic {
  std::string topic;
  KnownTopic known;
  bool operator==(const StoredTopic&) const = default;
};

/// Where an operator puts one partition. nullopt: no place is stored.
struct PositionChange {
  TopicPartition partition;
  std::optional<Position> before;  ///< what the store must hold now
  std::optional<Position> after;   ///< nullopt: the place is forgotten
  bool operator==(const PositionChange&) const = default;
};

/// What an operator changes with one command.
struct OperatorChange {
  std::string who;
  std::string why;  ///< the command
  std::vector<PositionChange> positions;
  std::vector<StoredTopic> topics;
};

/// An operator's change as the journal keeps it.
struct JournalAct {
  std::int64_t act = 0;  ///< from 1 on; later acts have higher numbers, which may leave gaps
  std::string at;        ///< "2026-11-26T13:00:00.123Z"
  std::string who;
  std::string why;
  std::vector<PositionChange> positions;  ///< sorted by partition
  bool operator==(const JournalAct&) const = default;
};

/// All that a store holds for one handler_name, both sorted.
struct StoreEntries {
  std::vector<StoredPosition> positions;
  std::vector<StoredTopic> topics;
};

/// Acts that a journal keeps for a handler_name: the oldest goes when a further one is noted.
inline constexpr std::size_t kMaxJournalActs = 1'000;
/// Positions, and topics, that entries() gives, and positions in what journal() gives.
inline constexpr std::size_t kMaxStoreEntries = 200'000;

class OffsetStore {
 public:
  virtual ~OffsetStore() = default;

  /// The stored positions of the given partitions, in their order; nullopt where none is stored.
  /// Errors: kIo, kUnreachable, kTimedOut (try again), kCorrupt, kUnsupported (an operator must look).
  virtual Result<std::vector<std::optional<Position>>> load(std::span<const TopicPartition> partitions) = 0;

  /// Stores one round: all of it or nothing. On ok() it is durable.
  /// Errors as load(); after kTimedOut and kUnreachable the outcome is unknown until it is read back.
  /// kRefused: another node owns the places, or somebody else has changed some of them: see conflicts().
  virtual Result<void> store(std::span<const StoredPosition> round) = 0;
  /// Of the last store() that ended with kRefused: the indices in its round whose place somebody else has changed since
  /// this store wrote or read it; empty where the whole store is refused. load() takes in the new place.
  virtual std::vector<std::size_t> conflicts() const { return {}; }

  /// The topics as stored, in the order of `topics`; nullopt where one never was. Errors as load().
  virtual Result<std::vector<std::optional<KnownTopic>>> load_topics(std::span<const std::string> topics) = 0;
  /// Stores what is now known of some topics: all of them or none. Errors as store().
  virtual Result<void> store_topics(std::span<const StoredTopic> topics) = 0;

  /// Stores what an operator decided, and notes it in the journal: all of it or nothing. On ok() it is durable. A
  /// change of no position is not noted. Errors as store(); kRefused where the store holds another position than
  /// `before`; kInvalid also where a partition is named twice.
  virtual Result<void> change(const OperatorChange& change) = 0;

  /// Errors as load(); kLimit beyond kMaxStoreEntries.
  virtual Result<StoreEntries> entries() = 0;
  /// The last acts, the newest first: at most `limit`, and no more than fit into kMaxStoreEntries positions; the newest
  /// is always there, and each is whole. Errors as load().
  virtual Result<std::vector<JournalAct>> journal(std::size_t limit) = 0;

  /// How often keep_alive() is to be called while nothing else is; nullopt: never.
  virtual std::optional<std::chrono::milliseconds> keep_alive_every() const { return std::nullopt; }
  /// Tells others that this owner is alive. Errors as store().
  virtual Result<void> keep_alive() { return {}; }
};

}  // namespace ductus::ports
