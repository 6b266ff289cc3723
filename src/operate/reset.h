// Resetting offsets: plan_reset() says where each partition is put, apply_reset() stores all of it or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/node_config.h"
#include "ductus/result.h"
#include "operate/log_bounds.h"
#include "ports/offset_store.h"

namespace ductus::operate {

struct ResetRequest {
  enum class Target : std::uint8_t {
    kReadableEnd,
    kLogStart,
    kTime,  ///< the one that the look asked for
    kOffset,
  } target = Target::kReadableEnd;
  std::int64_t offset = 0;                ///< kOffset
  std::vector<std::string> topics;        ///< each with all its partitions, unless:
  std::optional<std::int32_t> partition;  ///< only this one
  bool all_partitions = true;             ///< false: a topic of several partitions needs `partition`
};

struct ResetRow {
  ports::TopicPartition partition;
  std::optional<ports::Position> before;
  ports::Position after;
  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> readable_end;

  /// Where the log and what was set part: such an offset is taken as the operator's word, and the node acts upon it by
  /// [offsets] when_out_of_range.
  bool outside_log() const;
};

struct ResetPlan {
  std::vector<ResetRow> rows;  ///< sorted; `before` is not known yet
  std::vector<ports::StoredTopic> topics;
};

/// Errors: kNotFound (a topic that the cluster denies), kInvalid (a partition that is not there, or must be named),
/// kUnreachable (something that is needed was not answered). Then nothing is to be written.
Result<ResetPlan> plan_reset(const ResetRequest& request, const LogLook& look);

/// Stores the plan and notes it in the journal; fills in `before`. The caller holds the node's lock.
/// Blocking: on the store's lock and disk. Errors: those of open_store() and OffsetStore::change(); kUnsupported for a
/// store that ends with the process.
Result<std::vector<ResetRow>> apply_reset(const config::NodeConfig& config, ResetPlan plan, const std::string& who,
                                          const std::string& why);

/// One line a partition: "orders/0: 120 -> 4711".
std::string to_text(const std::vector<ResetRow>& rows);
/// One JSON document on one line, of the form ductus.reset/1: fields may be added, never renamed.
std::string to_json(const config::NodeConfig& config, const std::vector<ResetRow>& rows);

}  // namespace ductus::operate
