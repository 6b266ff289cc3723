// BatchSource: where sets come from. The first port of the data path (batch_source → handler_host → offset_store).
//
// A source is a pure state machine for one cluster: events in, effects out; it owns no socket and no clock.
// The node's sockets move the bytes, the simulator scripts them. Kafka and Kafka 0.6/0.7 are two sources.
//
// Way of a set: want() → Send → answer → AnswerCutter::cut() (any worker, no lock) → answered() → Deliver.
// Thread: all of BatchSource is entered under the node's baton; AnswerCutter and SetDecoder are stateless
// and may be called from any thread at any time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/byte_budget.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/message_list.h"
#include "ductus/batch.h"
#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::ports {

/// A supervised child and its incarnation. What carries an older generation is stale and is dropped.
struct ChildRef {
  std::uint32_t child = 0;
  std::uint32_t generation = 0;
  bool operator==(const ChildRef&) const = default;
};

// ---- sets ------------------------------------------------------------------------------------------------

/// A producer whose records from first_offset on were aborted (read_committed).
struct AbortedTransaction {
  std::int64_t producer_id = 0;
  std::int64_t first_offset = 0;
};

/// Where decoding of a set stands: bytes of `joined` and `records` consumed, and offsets below `next_offset` done.
struct SetCursor {
  std::size_t bytes = 0;
  std::int64_t next_offset = 0;
};

class SetDecoder;

/// What one fetch answer holds for one partition, still undecoded.
struct FetchedSet {
  /// For a set that waits: has its records in memory of their own, so that they no longer pin the body, which other
  /// sets may share. Nothing happens where they are most of it.
  void own_records() {
    if (body == nullptr || records.size() > body->size() / 2) return;
    body = std::make_shared<const base::Buffer>(base::Buffer::copy_of(records));
    records = body->view();
  }

  /// What a record batch claims as its leader epoch, or -1.
  std::int32_t believed_epoch(std::int32_t claimed) const noexcept {
    return claimed >= 0 && (max_leader_epoch < 0 || claimed <= max_leader_epoch) ? claimed : -1;
  }

  std::shared_ptr<const base::Buffer> body;  ///< pins `records`; nullptr only in tests
  base::ByteView records;                    ///< whole record batches; a cut-off last one is left out
  base::Buffer joined;                       ///< what stands before `records` and came in pieces, in several answers
  const SetDecoder* decoder = nullptr;       ///< lives as long as the program
  std::int64_t asked_offset = 0;             ///< records below it are skipped
  std::int64_t next_offset = 0;              ///< the first offset after the set
  std::int32_t leader_epoch = -1;            ///< of the last record batch; -1 unknown
  std::int32_t max_leader_epoch = -1;        ///< a record batch that claims a later one is not believed; -1 unknown
  TopicId topic_id{};
  std::int64_t log_start_offset = -1;  ///< -1 unknown, as the next two
  std::int64_t high_watermark = -1;
  std::int64_t readable_end = -1;  ///< last stable offset under read_committed, else the high watermark
  std::vector<AbortedTransaction> aborted;
  base::ByteBudget::Charge charge;  ///< its share of the byte budget, for released()
  bool found_waiting = false;       ///< for the node: it has waited for its callback for a while
};

/// Memory that decoding needs, kept by each worker and used again: no allocation per message.
struct DecodeArena {
  base::MessageList messages;
  std::vector<base::Buffer> inflated;  ///< what the views of `messages` point into where it was compressed
  std::size_t inflated_used = 0;

  /// For the next batch: empty, with no more than `max_kept_bytes` kept for decompressed bytes. One batch may have many
  /// record batches, another one large: without this each place would keep the largest it ever had.
  void begin_batch(std::size_t max_kept_bytes) {
    messages.clear();
    inflated_used = 0;
    std::size_t kept = 0;
    std::erase_if(inflated, [&](const base::Buffer& buffer) {
      const bool fits = buffer.capacity() <= max_kept_bytes - kept;
      if (fits) kept += buffer.capacity();
      return !fits;
    });
  }
};

/// One batch decoded: `arena.messages` are its messages, `cursor` is where the next one starts.
struct DecodedBatch {
  SetCursor cursor;
  std::int32_t leader_epoch = -1;  ///< of the last record batch in it
  std::size_t decoded_bytes = 0;
  bool last = false;  ///< the set is used up
};

/// Turns the bytes of a set into messages.
class SetDecoder {
 public:
  virtual ~SetDecoder() = default;
  /// Decodes from `cursor` on, whole record batches, until `max_bytes` decoded bytes are reached or the set
  /// ends; at least one record batch. Checks CRC and structure of all it decodes. Messages may be none
  /// (control, aborted, compacted records). The messages are views into `set` and `arena`.
  /// Errors: kCorrupt, kLimit (decompression cap), kUnsupported; the record batches before the bad one are
  /// decoded first, so that an error means: nothing good lies at `cursor`.
  virtual Result<DecodedBatch> decode(const FetchedSet& set, const SetCursor& cursor, std::size_t max_bytes,
                                      DecodeArena& arena) const = 0;
};

// ---- sockets ---------------------------------------------------------------------------------------------

/// A connection of a source. Numbers are never used twice.
using ConnectionId = std::uint64_t;

/// What a source wrote on a request, given back with its answer. Protocol-specific; opaque to the node.
struct RequestTag {
  std::uint32_t correlation_id = 0;
  std::int16_t api_key = 0;
  std::int16_t api_version = 0;
};

/// An answer, cut into its parts. Protocol-specific; opaque to the node.
struct Answer {
  virtual ~Answer() = default;
};

/// Turns the body of an answer into an Answer, for fetch answers by hopping record batch headers.
class AnswerCutter {
 public:
  virtual ~AnswerCutter() = default;
  /// `frame` is the answer without its length. Errors (kCorrupt, kLimit, kUnsupported) end the connection.
  virtual Result<std::unique_ptr<Answer>> cut(const RequestTag& tag, base::Buffer frame) const = 0;
};

// ---- effects ---------------------------------------------------------------------------------------------

struct OpenConnection {
  ConnectionId connection;
  std::string host;  ///< name or address
  std::uint16_t port;
};
struct CloseConnection {
  ConnectionId connection;
};
/// One whole request, length prefix included. Answers come in the order of the requests.
struct Send {
  ConnectionId connection;
  RequestTag tag;
  std::vector<std::uint8_t> bytes;
};
/// The set that want() asked for.
struct Deliver {
  ChildRef child;
  FetchedSet set;
};
/// Why a partition gets nothing.
struct Trouble {
  ChildRef child;
  Error error;
  enum class Kind : std::uint8_t {
    kRetrying,  ///< a state, shown to the operator; the source heals it by itself
    // With all others the source has stopped working on this partition.
    kFinal,             ///< only an operator can help
    kOffsetOutOfRange,  ///< the offset lies outside the log
    kTruncated,         ///< the log was cut below the offset, and may have grown again since
    kRecreated,         ///< the topic was deleted and made anew
  } kind = Kind::kRetrying;
  std::int64_t log_start_offset = -1;
  std::int64_t log_end_offset = -1;
  std::int64_t parted_at = -1;  ///< of a log that was cut: from here on it may hold other messages; -1 unknown
};
/// The trouble is over: the partition is served again.
struct Healed {
  ChildRef child;
};
/// The answer to look_up().
struct OffsetFound {
  ChildRef child;
  std::int64_t offset = 0;
  std::int32_t leader_epoch = -1;
  TopicId topic_id{};  ///< of the log it belongs to
};
/// What is known of the log, from any answer: -1 unknown.
struct LogBounds {
  ChildRef child;
  std::int64_t log_start_offset = -1;
  std::int64_t high_watermark = -1;
  std::int64_t readable_end = -1;
};
/// The partitions of a topic as the cluster has them now (after attach_topic()).
struct TopicFound {
  std::string topic;
  TopicId topic_id{};
  std::int32_t partition_count = 0;
  OffsetUnit unit = OffsetUnit::kMessages;
};
/// The topic is not there, or not to be read. The source goes on asking.
struct TopicMissing {
  std::string topic;
  Error error;
};
/// Which protocol the brokers speak, told once, before anything else.
struct ProtocolFound {
  OffsetUnit unit = OffsetUnit::kMessages;
  std::string protocol;  ///< "kafka", "kafka-0.7", "kafka-0.6"
  std::string why;       ///< how that is known, for a person
};
/// A line for the log and the status: the cluster is away, or back.
struct SourceState {
  bool reachable = false;
  std::string detail;
};
/// A broker cannot be reached: a state, told once until a connection to it stands again, however many wait for it.
struct BrokerAway {
  std::string broker;  ///< its address
  Error error;
};

using SourceEffect = std::variant<OpenConnection, CloseConnection, Send, Deliver, Trouble, Healed, OffsetFound,
                                  LogBounds, TopicFound, TopicMissing, ProtocolFound, SourceState, BrokerAway>;
using SourceEffects = std::vector<SourceEffect>;

/// Which offset look_up() asks for.
struct OffsetQuery {
  enum Which : std::uint8_t {
    kEarliest,
    kLatest,  ///< the readable end
    kAtTime,  ///< of the first message at or after `time_ms`; where there is none, the readable end
  } which = kEarliest;
  std::int64_t time_ms = 0;  ///< milliseconds since 1970

  // NOLINTNEXTLINE(*-explicit-constructor): most queries are no more than that
  constexpr OffsetQuery(Which the_which, std::int64_t the_time_ms = 0) : which(the_which), time_ms(the_time_ms) {}
  bool operator==(const OffsetQuery&) const = default;
};

// ---- the source ------------------------------------------------------------------------------------------

class BatchSource {
 public:
  virtual ~BatchSource() = default;

  /// Stateless: may be used by any thread, and lives as long as the source.
  virtual const AnswerCutter& cutter() const = 0;

  // Commands. All take `now` and append to `out`; none blocks or fails.

  /// From now on the topic's partitions are known and watched: TopicFound (again when they change) or TopicMissing.
  /// `named_partitions`: the highest partition that the configuration names + 1, at least 1. It counts where no broker
  /// tells how many there are: on Kafka 0.6 and 0.7.
  virtual void attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time now,
                            SourceEffects& out) = 0;
  /// Its partitions are not watched any more: nothing is told of it until it is attached again.
  virtual void detach_topic(const std::string& topic, base::Time now, SourceEffects& out) = 0;
  /// From now on the partition may be asked for. Its log bounds are looked up once: LogBounds.
  virtual void attach(ChildRef child, const TopicPartition& partition, base::Time now, SourceEffects& out) = 0;
  /// Forgets a child: nothing more is delivered to it. A connection that waits for its answer goes on.
  virtual void detach(ChildRef child, base::Time now, SourceEffects& out) = 0;
  /// Asks for one set from `from` on; answered by exactly one Deliver, or Trouble until it heals.
  /// Asking again before the Deliver replaces the first question.
  virtual void want(ChildRef child, const Position& from, base::Time now, SourceEffects& out) = 0;
  /// Asks for an offset of the log; answered by OffsetFound, or Trouble until it heals.
  virtual void look_up(ChildRef child, OffsetQuery query, base::Time now, SourceEffects& out) = 0;
  /// The bytes of a delivered set are no longer pinned: gives its share of the budget back.
  virtual void released(const base::ByteBudget::Charge& charge, base::Time now, SourceEffects& out) = 0;

  /// Makes every connection anew; what is asked stays asked. A source that keeps none has nothing to do.
  virtual void reconnect(base::Time, SourceEffects&) {}
  /// What was delivered and not yet released uses up the byte budget: something is not asked until some of it is. A
  /// source without a budget never waits for it.
  virtual bool waits_for_budget() const { return false; }

  /// Sends what the commands since the last flush ask for; called once at the end of each entry under the baton,
  /// so that several partitions share one request.
  virtual void flush(base::Time now, SourceEffects& out) = 0;

  // Events from the sockets.

  virtual void opened(ConnectionId connection, base::Time now, SourceEffects& out) = 0;
  virtual void answered(ConnectionId connection, const RequestTag& tag, std::unique_ptr<Answer> answer, base::Time now,
                        SourceEffects& out) = 0;
  /// The connection could not be opened, broke, or was ended for a bad answer. Also after CloseConnection.
  virtual void lost(ConnectionId connection, const Error& why, base::Time now, SourceEffects& out) = 0;

  /// Does what is due at `now`.
  virtual void tick(base::Time now, SourceEffects& out) = 0;
  /// When tick() is wanted next; Time::max() where nothing is due.
  virtual base::Time next_tick() const = 0;
};

}  // namespace ductus::ports
