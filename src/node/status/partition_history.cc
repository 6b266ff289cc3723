#include "node/status/partition_history.h"

#include <algorithm>
#include <cmath>

namespace ductus::node {
namespace {

const char* name_of(Work::Kind kind) {
  switch (kind) {
    case Work::Kind::kStartHandler:
      return "init";
    case Work::Kind::kHandle:
      return "handle_messages";
    case Work::Kind::kHandleIdle:
      return "handle_idle";
    case Work::Kind::kSync:
      return "sync";
    case Work::Kind::kAggregate:
      return "aggregate_element";
    case Work::Kind::kStopHandler:
      return "stop";
    case Work::Kind::kPeriodic:
      return "handle_periodic_aggregate";
  }
  return "";
}

const char* name_of(ports::Handled::Kind kind) {
  switch (kind) {
    case ports::Handled::Kind::kOk:
      return "ok";
    case ports::Handled::Kind::kDefer:
      return "defer";
    case ports::Handled::Kind::kFail:
      return "fail";
    case ports::Handled::Kind::kBadBytes:
      return "bad_bytes";
  }
  return "";
}

}  // namespace

double seconds_between(base::Time from, base::Time to) {
  return std::max(std::chrono::duration<double>(to - from).count(), 0.0);
}

void PartitionHistory::call_begins(const Work& work, base::Time now) {
  call_ = work.kind;
  call_since_ = now;
  if (work.kind != Work::Kind::kHandle) return;
  batch_ = {std::max(work.cursor.next_offset, work.set.asked_offset), work.set.next_offset,
            work.set.records.size() - std::min(work.cursor.bytes, work.set.records.size())};
}

void PartitionHistory::call_ended(const WorkDone& done, base::Time now) {
  if (done.kind == Work::Kind::kHandle) remember(done.handled, now);
  call_.reset();
}

void PartitionHistory::remember(const ports::Handled& handled, base::Time now) {
  if (handled.kind != ports::Handled::Kind::kDefer) batch_.reset();
  results_[results_ever_++ % kResultsKept] = {handled.kind, now - call_since_, now, handled.messages, handled.delay};
  if (handled.kind != ports::Handled::Kind::kOk) return;
  out_.note(handled.position.next_offset, now);
  messages_ += handled.messages;
  bytes_ += handled.bytes;
  if (handled.last_timestamp_ms >= 0) last_timestamp_ms_ = handled.last_timestamp_ms;
}

void PartitionHistory::heard_end(std::int64_t readable_end, base::Time now) { in_.note(readable_end, now); }

void PartitionHistory::failed(bool restarts, base::Time now) {
  failed_at_ = now;
  if (restarts) ++restarts_;
  batch_.reset();
}

void PartitionHistory::tell(operate::PartitionActivity& activity, std::optional<std::int64_t> lag,
                            base::Time now) const {
  activity.restarts = restarts_;
  if (failed_at_) activity.last_error_ago_s = seconds_between(*failed_at_, now);
  // While the log is not asked for, nobody knows how it grows.
  if (const auto heard = in_.noted_at(); heard && now - *heard < RateMeter::kWindow) activity.in_per_s = in_.per_s(now);
  activity.out_per_s = out_.per_s(now);
  if (last_timestamp_ms_ >= 0) activity.last_message_at_ms = last_timestamp_ms_;
  if (lag == 0) {
    activity.approx_lag_bytes = 0;
  } else if (lag && messages_ > 0) {
    const double bytes = static_cast<double>(*lag) * (static_cast<double>(bytes_) / static_cast<double>(messages_));
    if (bytes < 9e18) activity.approx_lag_bytes = std::llround(bytes);
  }
  if (call_) activity.call = {name_of(*call_), seconds_between(call_since_, now)};
  activity.batch = batch_;
  for (std::size_t i = 1; i <= std::min(results_ever_, kResultsKept); ++i) {
    const Result& result = results_[(results_ever_ - i) % kResultsKept];
    activity.last_results.push_back({.verdict = name_of(result.kind),
                                     .took_s = std::chrono::duration<double>(result.took).count(),
                                     .ago_s = seconds_between(result.ended_at, now),
                                     .messages = result.messages});
    if (result.kind == ports::Handled::Kind::kDefer) {
      activity.last_results.back().deferred_by_s = std::chrono::duration<double>(result.delay).count();
    }
  }
}

}  // namespace ductus::node
