// Setting offsets: plan_reset() and its like say where each partition is put, apply_plan() stores all of it or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/node_config.h"
#include "ductus/result.h"
#include "operate/log_bounds.h"
#include "operate/offsets/offsets_file.h"
#include "operate/offsets/stored_entries.h"
#include "ports/offset_store.h"

namespace ductus::operate {

struct ResetTarget {
  enum class Kind : std::uint8_t {
    kReadableEnd,
    kLogStart,
    kTime,    ///< the one that the look asked for; brought into the log
    kOffset,  ///< taken as given
    kShift,   ///< from where it is, brought into the log
  } kind = Kind::kReadableEnd;
  std::int64_t amount = 0;  ///< kOffset: the offset; kShift: how far forward; kTime: milliseconds since 1970
};

/// Partitions of one topic: those that the configuration reads.
struct ResetPlaces {
  config::TopicConfig topic;
  std::optional<std::int32_t> partition;  ///< only this one
  bool all_partitions = true;             ///< false: a topic of several partitions needs `partition`
};

struct ResetRequest {
  ResetTarget target;
  std::vector<ResetPlaces> places;
};

/// What the brokers say: of the topics that are read, and of the same topics where "newest" and "oldest" are looked up,
/// which is another cluster where [offsets] reset_source says so.
struct ResetLooks {
  LogLook source;
  std::optional<LogLook> target;
};

struct ResetRow {
  ports::TopicPartition partition;
  std::optional<ports::Position> before;
  std::optional<ports::Position> after;  ///< nullopt: the place is forgotten
  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> readable_end;
  std::string note;  ///< why `after` is not what was asked for; may be empty

  /// Where the log and what was set part: such an offset is taken as the operator's word, and the node acts upon it by
  /// [offsets] when_out_of_range.
  bool outside_log() const;
};

struct ResetPlan {
  std::vector<ResetRow> rows;  ///< sorted by partition
  std::vector<ports::StoredTopic> topics;
};

/// Errors: kNotFound (a topic that the cluster denies), kInvalid (a partition that is not there, must be named or is
/// named twice; nothing to shift from; clusters that differ), kUnreachable (something that is needed was not answered).
/// Then nothing is to be written.
Result<ResetPlan> plan_reset(const ResetRequest& request, const ResetLooks& looks, const Places& stored);

/// The offsets of a file, for topics that the look knows. An entry without a partition means the only one of its topic.
/// Errors: as plan_reset(), with the entry's place.
Result<ResetPlan> plan_file(const OffsetsFile& file, const LogLook& look, const Places& stored);

/// What a complete file says, as it stands there: no broker is asked, and partitions that it does not name stay.
ResetPlan plan_import(const OffsetsFile& file, const Places& stored);

/// The change that stores a plan.
ports::OperatorChange change_of(const ResetPlan& plan, const std::string& who, const std::string& why);

/// Stores the plan and notes it in the journal. The caller holds the node's lock.
/// Blocking: on the store's lock and disk. Errors: those of open_store() and OffsetStore::change().
Result<void> apply_plan(const config::NodeConfig& config, const ResetPlan& plan, const std::string& who,
                        const std::string& why);

}  // namespace ductus::operate
