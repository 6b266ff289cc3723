// Broker: one broker of the old line: its topics, and what it answers of them.
//
// Thread: one.
// Source: kafka.log.LogManager, kafka.server.KafkaRequestHandlers, kafka.common.ErrorMapping (0.6.1, 0.7.2).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "sandbox/faults/script.h"
#include "sandbox/legacy/byte_log.h"
#include "sandbox/legacy/event_feed.h"
#include "sandbox/legacy/line.h"
#include "sandbox/legacy/prebuilt_sets.h"
#include "sandbox/logs/event_log.h"
#include "sandbox/logs/expectations.h"
#include "sandbox/topic_words.h"

namespace ductus::sandbox::legacy {

/// Topics that clients make by naming them: one more is refused as if the disk were full.
inline constexpr std::size_t kMaxCreatedLogs = 10'000;
/// What --prebuilt may make of a topic, in all its partitions.
inline constexpr std::int64_t kMaxPrebuiltBytes = std::int64_t{1} << 40;

enum class WireError : std::int16_t { kUnknown = -1, kNone = 0, kOffsetOutOfRange = 1, kWrongPartition = 3 };

class Broker {
 public:
  struct Settings {
    Line line = Line::k07;
    std::int64_t segment_bytes = std::int64_t{1} << 30;
    std::int64_t flush_after_ms = 0;
    std::int64_t max_message_bytes = 1'000'000;  ///< payload bytes; of 0.7
    std::int32_t default_partitions = 1;         ///< of topics that were not added
    /// What is kept of produced sets; then PRODUCE is refused as if the disk were full.
    std::size_t max_produced_bytes = std::size_t{4} << 30;
  };
  Broker(const Settings& settings, EventLog::Start start) : settings_(settings), start_(start) {}

  /// A topic of PrebuiltSets. Error: kInvalid (also: without MESSAGES, with a codec that the line does not know).
  Result<void> add_prebuilt(const PrebuiltWords& words);
  /// A topic of EventFeeds. Error: kInvalid.
  Result<void> add_events(const EventWords& words);
  /// Of the partitions that were added.
  std::vector<ExpectedPartition> expectations() const;

  Line line() const noexcept { return settings_.line; }
  std::int64_t wall_ms(base::Time now) const;

  /// nullptr: it was neither added nor made by a request.
  ByteLog* existing(std::string_view topic, std::int32_t partition, base::Time now);
  /// A partition that a FETCH or OFFSETS names. 0.6 makes it where it is not there; of 0.7 there is neither a log nor
  /// an error then. The log lives until it is forgotten.
  struct Found {
    WireError error = WireError::kNone;
    ByteLog* log = nullptr;
  };
  Found find(std::string_view topic, std::int32_t partition, base::Time now);

  /// Stores a set, or drops it in silence as 0.7.2 does one with too large a message. Partition -1 stands for one after
  /// the other. Errors: kCorrupt, kInvalid (no such topic name or partition), kLimit. The broker hangs up on all.
  Result<void> produce(std::string_view topic, std::int32_t partition, base::ByteView set, base::Time now);

  /// What the script wants. Nothing where there is no such log; a message that is appended makes it.
  void change(const LogChange& change, base::Time now);

 private:
  struct Partition {
    ByteLog log;
    std::optional<EventFeed> feed;
  };
  using Partitions = std::map<std::int32_t, Partition>;

  Result<Partitions*> add(const std::string& name, std::int32_t partitions, std::int64_t start_offset);
  ByteLog::Settings log_settings() const;
  std::int32_t partitions_of(std::string_view topic) const;
  /// Makes it where it is not there.
  Found find_or_make(std::string_view topic, std::int32_t partition, base::Time now);
  WireError check(std::string_view topic, std::int32_t partition) const;
  bool has_room_for(std::size_t bytes) const { return bytes <= settings_.max_produced_bytes - produced_bytes_; }
  void append_message(const AppendMessage& message, base::Time now);

  const Settings settings_;
  const EventLog::Start start_;
  std::map<std::string, std::int32_t, std::less<>> partition_counts_;  // of the topics that were added
  std::map<std::string, Partitions, std::less<>> topics_;
  std::map<std::string, PrebuiltSets> prebuilt_;
  std::size_t created_logs_ = 0;
  std::size_t produced_bytes_ = 0;
  std::int32_t produced_anywhere_ = 0;  // how often partition -1 was asked for
};

}  // namespace ductus::sandbox::legacy
