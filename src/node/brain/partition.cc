#include "node/brain/partition.h"

#include <algorithm>

namespace ductus::node {

std::optional<std::int64_t> Partition::lag() const {
  const std::optional<std::int64_t> next = adapter.next_offset();
  if (!next || !readable_end) return std::nullopt;
  return std::max<std::int64_t>(*readable_end - *next, 0);
}

WorkDue Partition::work_due() const {
  using Phase = pipeline::AdapterPhase;
  const Phase phase = adapter.phase();
  if ((phase != Phase::kFetching && phase != Phase::kLookingUp) || adapter.in_call()) return WorkDue::kNo;
  if (adapter.draining()) return WorkDue::kNo;
  if (trouble && (trouble->code == ErrorCode::kUnreachable || trouble->code == ErrorCode::kTimedOut ||
                  trouble->code == ErrorCode::kIo)) {
    return WorkDue::kUnreachable;
  }
  // Nothing known yet: a source that is silent from the start must not pass for one with nothing to bring.
  const bool behind = heard && phase == Phase::kFetching ? lag().value_or(1) > 0 : !trouble;
  return behind ? WorkDue::kBehind : WorkDue::kNo;
}

namespace {

struct StateAndReason {
  const char* state;
  std::string reason;
};

std::string seconds(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + " s";
}

/// A call holds the partition up, or waits for a thread.
std::optional<StateAndReason> describe_call(const Partition& partition, const NodeState& node) {
  if (!partition.adapter.in_call()) return std::nullopt;
  if (!partition.call_since) {
    if (node.no_thread.empty()) return std::nullopt;
    return StateAndReason{"waiting", node.no_thread};
  }
  const base::Duration lasts = node.now - *partition.call_since;
  if (lasts < node.stall_after && !node.stopping) return std::nullopt;
  return StateAndReason{lasts < node.stall_after ? "waiting" : "stalled",
                        "the handler is busy with one call for " + seconds(lasts)};
}

StateAndReason describe_fetching(const Partition& partition, const NodeState& node) {
  if (partition.trouble) return {"waiting", partition.trouble->message};
  const std::optional<std::int64_t> lag = partition.lag();
  if (!lag || !partition.heard) {
    return {"starting", node.restarting.empty() ? "the broker has not said where the log ends" : node.restarting};
  }
  if (*lag == 0 && !node.topic_trouble.empty()) return {"waiting", node.topic_trouble};
  if (*lag == 0) {
    const std::int64_t held_back = partition.high_watermark.value_or(0) - *partition.readable_end;
    if (held_back <= 0) return {"ok", ""};
    return {"waiting", "an open transaction holds back what follows offset " + std::to_string(*partition.readable_end) +
                           ": up to " + std::to_string(held_back) + " messages"};
  }
  if (node.waits_for_budget) return {"waiting", "the byte budget is used up by batches in hand"};
  if (node.now - partition.progress_at < node.stall_after) return {"behind", ""};
  return {"stalled", "no messages arrive"};
}

std::string away(const NodeState& node) { return "the store is away: " + node.store_trouble; }

StateAndReason describe_running(const Partition& partition, const NodeState& node) {
  using Phase = pipeline::AdapterPhase;
  if (auto held_up = describe_call(partition, node)) return *std::move(held_up);
  switch (partition.adapter.phase()) {
    case Phase::kDeferred:
      return {"deferred", "the handler asked for a delay"};
    case Phase::kLoading:
      if (!node.store_trouble.empty()) return {"waiting", away(node)};
      return {"starting", "the stored offset is being loaded"};
    case Phase::kStoringPolicy:
    case Phase::kWaitingStore:
      return {"waiting", node.store_trouble.empty() ? "waits for the store" : away(node)};
    case Phase::kLookingUp:
      if (partition.trouble) return {"waiting", partition.trouble->message};
      return {"starting", "the broker has not said where the log begins and ends"};
    case Phase::kFetching:
      return describe_fetching(partition, node);
    case Phase::kHandling:
      return {partition.lag() == 0 ? "ok" : "behind", ""};
    case Phase::kStartingHandler:
      return {"starting", "the handler is being made"};
    case Phase::kStopping:
    case Phase::kIdle:
      break;
  }
  return {"backoff", partition.last_error};
}

StateAndReason describe(const Partition& partition, supervise::ChildState child_state, const NodeState& node) {
  using State = supervise::ChildState;
  if (partition.left) return {"stopped", "it is no longer configured: what is in hand is being finished"};
  if (partition.changing) return {"starting", "an operator puts it at another offset"};
  if (partition.halted) return {"stopped", *partition.halted};
  if (partition.paused) {
    const bool done = child_state == State::kStopped;
    return {"paused", done ? "an operator paused it" : "an operator pauses it: what is in hand is being finished"};
  }
  if (node.stopping && child_state != State::kRunning && partition.adapter.phase() == pipeline::AdapterPhase::kIdle) {
    return {"stopped", "the node is stopping"};
  }
  switch (child_state) {
    case State::kBackingOff:
      return {"backoff", node.restarting.empty() ? partition.last_error : node.restarting};
    case State::kStopping:
      if (node.stopping) return describe_running(partition, node);
      return {"backoff", node.restarting};
    case State::kStarting:
      return {"starting", node.restarting};
    case State::kStopped:
      return {"stopped", "the node is stopping"};
    case State::kRunning:
      break;
  }
  return describe_running(partition, node);
}

}  // namespace

operate::PartitionStatus Partition::status(supervise::ChildState child_state, const NodeState& node) const {
  StateAndReason described = describe(*this, child_state, node);
  operate::PartitionStatus status;
  status.topic = id.topic;
  status.partition = id.partition;
  status.state = described.state;
  status.reason = std::move(described.reason);
  status.next_offset = adapter.next_offset();
  status.log_start_offset = log_start_offset;
  status.high_watermark = high_watermark;
  status.readable_end = readable_end;
  history.tell(status.activity, lag(), node.now);
  if (id.unit == ports::OffsetUnit::kBytes) status.activity.approx_lag_bytes = lag();  // which it is exactly
  status.activity.last_error = last_error;
  status.activity.uncommitted_batches = adapter.uncommitted_batches();
  const std::optional<base::Time> retry_at = node.starts_at ? node.starts_at : adapter.deferred_until();
  if (retry_at) status.activity.retry_in_s = seconds_between(node.now, *retry_at);
  return status;
}

}  // namespace ductus::node
