// Partition: what the brain keeps of one topic-partition beside its adapter: incarnation, what is known of its log, and
// since when it makes no progress.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "ductus/result.h"
#include "ductus/value.h"
#include "node/status/partition_history.h"
#include "operate/status_report.h"
#include "pipeline/adapter.h"
#include "ports/batch_source.h"
#include "supervise/supervisor.h"

namespace ductus::node {

/// What of the node decides how a partition's state is told.
struct NodeState {
  base::Time now;
  base::Duration stall_after;
  bool stopping = false;
  std::string store_trouble;  ///< why the store does not answer; empty: it does
  bool waits_for_budget = false;
  std::string topic_trouble;            ///< why the cluster does not tell of the partition's topic; empty: it does
  std::string no_thread;                ///< who holds all threads; empty: one is free
  std::string restarting;               ///< why all partitions are restarted; empty: they are not
  std::optional<base::Time> starts_at;  ///< when the partition is started again; nullopt: it is up, or nobody knows
};

/// Whether a partition waits for its source alone, as supervision counts it.
enum class WorkDue : std::uint8_t {
  kNo,
  kBehind,       ///< messages are there, or may be, and do not come
  kUnreachable,  ///< its broker is away
};

struct Partition {
  ports::ChildRef child;  ///< the incarnation that is up, or was last
  ports::TopicPartition id;
  std::size_t topic = 0;  ///< its number in the configuration
  std::shared_ptr<const Value> init;
  pipeline::Adapter adapter;

  std::optional<std::string> halted;  ///< stopped until an operator or a policy decides: why
  bool paused = false;                ///< by an operator
  bool changing = false;              ///< an operator puts it elsewhere
  bool left = false;                  ///< the configuration does not name it any more
  std::optional<Error> trouble;       ///< what the source says, while it lasts
  std::string last_error;
  bool heard = false;                    ///< the source has told this incarnation of its log
  std::optional<base::Time> call_since;  ///< a worker is in a call for it

  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> high_watermark;
  std::optional<std::int64_t> readable_end;
  std::optional<std::int64_t> until_end;  ///< the readable end seen at the start

  base::Time progress_at;  ///< when its position moved last, or there was something to do for the first time since
  bool stall_told = false;
  WorkDue due = WorkDue::kNo;
  base::Time due_since;
  std::uint32_t silences = 0;  ///< in a row: what was tried against them

  PartitionHistory history;

  /// TOPIC/PARTITION, for people.
  std::string name() const { return id.topic + "/" + std::to_string(id.partition); }
  /// Messages not yet processed; nullopt where unknown.
  std::optional<std::int64_t> lag() const;
  WorkDue work_due() const;
  operate::PartitionStatus status(supervise::ChildState child_state, const NodeState& node) const;
};

}  // namespace ductus::node
