// Progress, and the lack of it: what the supervisor is told of it, and that no stall stays silent.
#include <algorithm>
#include <utility>

#include "node/brain/brain.h"

namespace ductus::node {

namespace {

/// How often stalls are looked for, while there is something to do, within stall_after.
constexpr int kStallChecks = 4;

}  // namespace

void Brain::note_progress(Partition& partition, base::Time now, Effects& out) {
  partition.progress_at = now;
  partition.silences = 0;
  if (std::exchange(partition.stall_told, false))
    log(LogLevel::kInfo, partition.name() + " moves on", out, "moves on: " + partition.id.topic);
  supervisor_.on_progressed({partition.child.child, partition.child.generation}, now, supervise_out_);
}

/// After whatever may have changed what the partition waits for.
void Brain::note_due(Partition& partition, base::Time now) {
  const WorkDue due = partition.work_due();
  if (due != partition.due) {
    --due_[static_cast<std::size_t>(partition.due)];
    ++due_[static_cast<std::size_t>(due)];
    partition.due = due;
    partition.due_since = now;
  }
  const bool something_to_do = due != WorkDue::kNo || partition.lag().value_or(0) > 0;
  if (something_to_do && stall_check_at_ == base::Time::max())
    stall_check_at_ = now + config_.stall_after / kStallChecks;
}

bool Brain::work_is_due() const {
  if (due_[static_cast<std::size_t>(WorkDue::kUnreachable)] > 0) return true;
  if (source_away_ && topics_missing_ > 0) return true;
  return due_[static_cast<std::size_t>(WorkDue::kBehind)] > 0 && !source_.waits_for_budget();
}

void Brain::check_stalls(base::Time now, Effects& out) {
  stall_check_at_ = base::Time::max();
  std::size_t stalled = 0;
  std::vector<Partition*> silent;
  NodeState node = node_state(now);
  const std::vector<std::string> no_thread = why_no_thread(now);
  for (Partition& partition : partitions_) {
    const bool something_to_do = partition.due != WorkDue::kNo || partition.lag().value_or(0) > 0;
    if (!something_to_do || partition.halted || partition.paused || partition.left) continue;
    stall_check_at_ = now + config_.stall_after / kStallChecks;
    if (now - partition.progress_at < config_.stall_after) continue;
    if (!std::exchange(partition.stall_told, true) && ++stalled <= kStallsNamed) {
      if (!no_thread.empty()) node.no_thread = no_thread[partition.topic];
      node.topic_trouble = topics_.at(partition.id.topic).trouble;
      const operate::PartitionStatus status = partition.status(supervisor_.state(partition.child.child), node);
      log(LogLevel::kWarn, partition.name() + " makes no progress: " + status.state + ": " + status.reason, out,
          "stalled: " + partition.id.topic);
    }
    const bool asked_in_vain = partition.due == WorkDue::kBehind && !partition.trouble && !node.waits_for_budget;
    if (asked_in_vain && now - partition.due_since >= config_.stall_after) silent.push_back(&partition);
  }
  if (stalled > kStallsNamed) {
    log(LogLevel::kWarn, std::to_string(stalled - kStallsNamed) + " more partitions make no progress", out,
        "more stalled");
  }
  // In levels B and C everything is asked anew already.
  if (!silent.empty() && supervisor_.level() == supervise::Level::kA) break_silence(silent, now, out);
}

/// The source was asked and says nothing at all: first the partitions are asked anew, then over new connections, then
/// everything restarts.
void Brain::break_silence(const std::vector<Partition*>& silent, base::Time now, Effects& out) {
  std::uint32_t tried = 0;
  for (Partition* partition : silent) {
    partition->due_since = now;
    tried = std::max(tried, partition->silences++);
    if (partition->silences == 1) ask_anew(*partition, now, out);
  }
  std::string what = "the source says nothing of " + silent.front()->name();
  if (silent.size() > 1) what += " and " + std::to_string(silent.size() - 1) + " more";
  if (tried >= 2) return supervisor_.restart_all(what, now, supervise_out_);
  log(LogLevel::kWarn, what + (tried == 0 ? ": it is asked anew" : ": its connections are made anew"), out,
      "silent source");
  if (tried == 1) source_.reconnect(now, source_out_);
}

void Brain::ask_anew(Partition& partition, base::Time now, Effects& out) {
  source_.detach(partition.child, now, source_out_);
  source_.attach(partition.child, partition.id, now, source_out_);
  pipeline::AdapterEffects effects;
  partition.adapter.ask_again(effects);
  run_adapter(partition, std::move(effects), now, out);
}

}  // namespace ductus::node
