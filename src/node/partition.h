// Partition: what the brain keeps of one topic-partition beside its adapter: incarnation, back-off, what is known of
// its log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "ductus/value.h"
#include "operate/status_report.h"
#include "pipeline/adapter.h"
#include "ports/batch_source.h"
#include "supervise/backoff.h"

namespace ductus::node {

struct Partition {
  ports::ChildRef child;  ///< its generation counts the starts
  ports::TopicPartition id;
  const Value* init = nullptr;
  pipeline::Adapter adapter;
  supervise::Backoff backoff;

  std::optional<base::Time> restart_at;  ///< in back-off until then
  std::optional<std::string> halted;     ///< stopped until an operator or a policy decides: why
  std::optional<std::string> trouble;    ///< what the source says, while it lasts
  std::string last_error;

  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> high_watermark;
  std::optional<std::int64_t> readable_end;
  std::optional<std::int64_t> until_end;  ///< the readable end seen at the start
  base::Time progress_at;                 ///< when its position moved last, or it was started
  std::int64_t progress_offset = -1;

  /// TOPIC/PARTITION, for people.
  std::string name() const { return id.topic + "/" + std::to_string(id.partition); }
  /// Messages not yet processed; nullopt where unknown.
  std::optional<std::int64_t> lag() const;
  operate::PartitionStatus status(base::Time now, base::Duration stall_after, bool store_away) const;
};

}  // namespace ductus::node
