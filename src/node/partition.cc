#include "node/partition.h"

#include <algorithm>

namespace ductus::node {

std::optional<std::int64_t> Partition::lag() const {
  const std::optional<std::int64_t> next = adapter.next_offset();
  if (!next || !readable_end) return std::nullopt;
  return std::max<std::int64_t>(*readable_end - *next, 0);
}

namespace {

struct StateAndReason {
  const char* state;
  std::string reason;
};

StateAndReason describe(const Partition& partition, base::Time now, base::Duration stall_after, bool store_away) {
  using Phase = pipeline::AdapterPhase;
  if (partition.halted) return {"stopped", *partition.halted};
  if (partition.restart_at) return {"backoff", partition.last_error};
  const Phase phase = partition.adapter.phase();
  if (phase == Phase::kDeferred) return {"deferred", "the handler asked for a delay"};
  if (phase == Phase::kWaitingStore || phase == Phase::kStoringPolicy) {
    return {"waiting", store_away ? "the store is away" : "waits for the store"};
  }
  if (phase == Phase::kLoading && store_away) return {"waiting", "the store is away"};
  if (partition.trouble) return {"waiting", *partition.trouble};
  if (phase == Phase::kIdle) return {"stopped", "the node is stopping"};
  if (phase != Phase::kFetching && phase != Phase::kHandling) return {"starting", ""};
  const std::optional<std::int64_t> lag = partition.lag();
  if (!lag) return {"starting", "the broker has not said where the log ends"};
  if (*lag == 0) return {"ok", ""};
  if (now - partition.progress_at < stall_after) return {"behind", ""};
  return {"stalled", phase == Phase::kHandling ? "the handler is busy with one batch" : "no messages arrive"};
}

}  // namespace

operate::PartitionStatus Partition::status(base::Time now, base::Duration stall_after, bool store_away) const {
  StateAndReason described = describe(*this, now, stall_after, store_away);
  operate::PartitionStatus status;
  status.topic = id.topic;
  status.partition = id.partition;
  status.state = described.state;
  status.reason = std::move(described.reason);
  status.next_offset = adapter.next_offset();
  status.log_start_offset = log_start_offset;
  status.high_watermark = high_watermark;
  status.readable_end = readable_end;
  return status;
}

}  // namespace ductus::node
