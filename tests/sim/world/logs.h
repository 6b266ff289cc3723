// Logs: what is true: every record that was ever written, in which log it stands, and what has become of it.
//
// Brokers serve from here, faults change it, the checker compares what the node did with it.
//
// Where the broker is of Kafka 0.6 or 0.7, a batch is an entry of its log: `base` is the byte at which it begins, all
// its records have that offset, and its next one is the byte behind it.
#pragma once

#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ports/offset_store.h"
#include "sim/world/entries.h"
#include "sim/world/random.h"

namespace ductus::sim {

using Uid = std::uint32_t;  ///< of a record: its index in Logs::records
inline constexpr std::int32_t kNever = std::numeric_limits<std::int32_t>::max();

struct Log;

struct Record {
  Log* log = nullptr;
  std::int64_t offset = 0;
  std::int32_t epoch = 0;              ///< in which it was written
  std::int32_t cut_in_epoch = kNever;  ///< the epoch of the leader that lost it
  enum class Fate : std::uint8_t { kPlain, kOpen, kCommitted, kAborted, kControl } fate = Fate::kPlain;
  bool there = true;             ///< still in its log: not cut, trimmed or compacted away
  std::int32_t entry_bytes = 0;  ///< of the entry that it came in, on the line of Kafka 0.6 and 0.7
  std::uint16_t part = 0;        ///< which of the messages of that entry
  bool ends_entry = true;        ///< the last of them

  // What the node did with it.
  bool accepted = false;  ///< a handler said ok, and has not been lost since
  bool durable = false;   ///< that is synced, or needs no sync
  bool excused = false;   ///< an operator passed over it, or a policy that said so

  /// What stands at an offset depends on who led: whether a reader of the leader of `at_epoch` sees this one.
  bool on_branch(std::int32_t at_epoch) const noexcept { return epoch <= at_epoch && cut_in_epoch > at_epoch; }
};

/// A record batch as the leader has it.
struct LogBatch {
  std::int64_t base = 0;
  std::int64_t last = 0;  ///< its last offset, whether or not a record stands there
  std::int32_t epoch = 0;
  std::int64_t producer_id = -1;
  std::int16_t attributes = 0;
  std::vector<Uid> records;
  std::vector<std::uint8_t> bytes;
};

struct AbortedRange {
  std::int64_t producer_id = 0;
  std::int64_t first = 0;
  std::int64_t last = 0;  ///< of the marker
};

/// One partition of one incarnation of a topic.
struct Log {
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int32_t leader = 1;  ///< broker id; -1: none
  std::int32_t epoch = 0;
  std::deque<LogBatch> batches;
  std::map<std::int32_t, std::int64_t> epoch_starts;  ///< epoch → its first offset
  std::map<std::int64_t, std::int64_t> open;          ///< producer → first offset of its open transaction
  std::vector<AbortedRange> aborted;
  std::vector<Uid> cut;                             ///< records that a leader lost
  std::int32_t cut_epoch = 0;                       ///< of the last leader that lost some
  std::int64_t checked = 0;                         ///< up to here the checker has found nothing missing
  base::Time old_leader_until = base::Time::min();  ///< one that goes on answering as if nothing had happened

  // Of Kafka 0.6 and 0.7.
  std::vector<std::int64_t> segments;            ///< where each begins; empty: offsets count messages
  std::set<std::int64_t> boundaries{0};          ///< of entries that were ever written
  std::map<std::int64_t, std::int64_t> hollows;  ///< entries without a message that were ever written: from, to
  std::int64_t damaged_to = 0;                   ///< behind the last entry that cannot be read
  bool is_sound = true;  ///< never spoilt, lost or made anew, nor its offset misplaced: all of it can be read

  std::int64_t stable_end() const;
  std::int64_t readable_end(bool read_committed) const { return read_committed ? stable_end() : end; }
  /// Index of the batch that holds `offset`, or of the first one behind it.
  std::size_t batch_at(std::int64_t offset) const;
  /// Somewhere in [from, to], both included: on the line of Kafka 0.6 and 0.7 where an entry begins, or the end.
  std::int64_t any_place(std::int64_t from, std::int64_t to, Random& random) const;
  /// Where the newest epoch that is not later than `asked` ends, and which one that is; {-1, -1}: not known.
  std::pair<std::int32_t, std::int64_t> end_of_epoch(std::int32_t asked) const;
};

struct Topic {
  std::string name;
  ports::TopicId id{};
  std::deque<Log> logs;  ///< stay where they are
};

class Logs {
 public:
  explicit Logs(int brokers) : brokers_(brokers) {}

  std::vector<Record> records;
  base::Time leaders_hidden_until = base::Time::min();  ///< some broker's metadata tells old ones
  /// Of Kafka 0.6 and 0.7: a segment that has as much is the last one no more. 0: offsets count messages.
  std::int64_t segment_bytes = 0;

  /// Makes a topic, or makes it anew: with another id and empty logs.
  Topic& create(const std::string& name, int partitions, Random& random);
  void add_partition(Topic& topic, Random& random);
  Topic& topic(const std::string& name) { return topics_[current_.at(name)]; }
  std::vector<std::string> names() const;
  /// Of whatever incarnation; an unknown or zero id means the one of today.
  Topic& incarnation(const std::string& name, const ports::TopicId& id);
  /// nullptr: none has the id any more.
  Topic* find(const ports::TopicId& id);
  /// All that are gone.
  std::vector<Topic*> former(const std::string& name);

  // What happens to one log.
  void append(Log& log, int count, std::int16_t codec);
  /// Of Kafka 0.6 and 0.7: one entry with so many messages.
  void append_entry(Log& log, int count, const EntryForm& form);
  void append_in_transaction(Log& log, std::int64_t producer, int count);
  void end_transaction(Log& log, std::int64_t producer, bool commit);
  /// Another broker leads, with all that there is.
  void move_leader(Log& log, std::int32_t broker);
  /// Another one leads that never had what stands from `at` on.
  void lose_tail(Log& log, std::int32_t broker, std::int64_t at);
  void trim(Log& log, std::int64_t start);
  /// Some byte of an entry of Kafka 0.6 and 0.7 is another one from now on: what it held is lost.
  void damage(Log& log, LogBatch& entry, Random& random);
  /// The log is deleted with all that it held, and made anew: it begins at 0 again.
  void make_anew(Log& log);
  /// Some records of batches that are no longer written to go, and some batches as a whole.
  void compact(Log& log, Random& random);

  /// What stands in a record's value.
  static std::string value_of(Uid uid);

 private:
  LogBatch& new_batch(Log& log, int count, std::int16_t attributes, std::int64_t producer, Record::Fate fate);
  static void encode(LogBatch& batch, const std::vector<Record>& records);

  int brokers_;
  std::uint8_t last_id_ = 0;
  std::deque<Topic> topics_;  ///< of all incarnations
  std::map<std::string, std::size_t> current_;
};

}  // namespace ductus::sim
