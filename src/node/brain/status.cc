// What people see of a node: its status, and why it ended as it did.
#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "kafka/client/link.h"
#include "node/brain/brain.h"

namespace ductus::node {

namespace {

std::string retry_reason(supervise::Level level, const std::string& why) {
  switch (level) {
    case supervise::Level::kA:
      return {};
    case supervise::Level::kB:
      return "everything is restarted: " + why;
    case supervise::Level::kC:
      return "everything is tried again every 10 s: " + why;
  }
  return {};
}

std::string whole_seconds(base::Duration duration) {
  return std::to_string(std::max<std::int64_t>(std::chrono::floor<std::chrono::seconds>(duration).count(), 0)) + " s";
}

const char* name_of(supervise::Level level) {
  return level == supervise::Level::kA ? "A" : level == supervise::Level::kB ? "B" : "C";
}

using State = supervise::ChildState;
constexpr auto kChildStates = {State::kStarting, State::kRunning, State::kStopping, State::kBackingOff,
                               State::kStopped};

const char* name_of(State state) {
  switch (state) {
    case State::kStarting:
      return "starting";
    case State::kRunning:
      return "running";
    case State::kStopping:
      return "stopping";
    case State::kBackingOff:
      return "backing_off";
    case State::kStopped:
      return "stopped";
  }
  return "";
}

}  // namespace

NodeState Brain::node_state(base::Time now) const {
  return {.now = now,
          .stall_after = config_.stall_after,
          .stopping = draining_,
          .store_trouble = store_trouble_,
          .waits_for_budget = source_.waits_for_budget(),
          .restarting = retry_reason(supervisor_.level(), level_why_)};
}

operate::StatusReport Brain::status(base::Time now) const {
  operate::StatusReport report;
  report.name = config_.name;
  report.handler_name = config_.handler_name;
  report.fetched_bytes = fetched_bytes_;
  if (!config_.brokers.empty()) {
    report.source = kafka::to_string({config_.brokers[0].host, config_.brokers[0].port});
  }
  report.protocol = protocol_;
  for (const auto& [name, topic] : topics_) {
    const bool nothing_to_read = topic.found && topic.config.count(0, topic.partition_count) == 0;
    if (!topic.read || (topic.found && !nothing_to_read)) continue;
    operate::PartitionStatus missing;
    missing.topic = name;
    missing.partition = -1;
    missing.state = "waiting";
    missing.reason = nothing_to_read
                         ? "none of its configured partitions is there: it has " + std::to_string(topic.partition_count)
                     : !topic.trouble.empty() ? topic.trouble
                                              : source_detail_;
    report.partitions.push_back(std::move(missing));
  }
  NodeState node = node_state(now);
  const bool retrying = supervisor_.level() != supervise::Level::kA;
  report.state = draining_ ? "draining" : retrying ? "retrying" : partitions_.empty() ? "starting" : "running";
  report.reason = draining_             ? why_draining(now)
                  : retrying            ? node.restarting
                  : partitions_.empty() ? source_detail_
                                        : "";
  report.store.state = store_trouble_.empty() ? "ok" : "away";
  report.store.reason = store_trouble_;
  if (stored_at_) report.store.stored_ago_s = seconds_between(*stored_at_, now);
  report.supervision = supervision_status(now);
  const std::vector<std::string> no_thread = why_no_thread(now);
  for (const Partition& partition : partitions_) {
    if (!no_thread.empty()) node.no_thread = no_thread[partition.topic];
    node.topic_trouble = topics_.at(partition.id.topic).trouble;
    node.starts_at = supervisor_.starts_at(partition.child.child);
    const supervise::ChildState child_state = supervisor_.state(partition.child.child);
    if (partition.left && child_state == supervise::ChildState::kStopped) continue;
    report.partitions.push_back(partition.status(child_state, node));
  }
  std::sort(report.partitions.begin(), report.partitions.end(), [](const auto& left, const auto& right) {
    return std::tie(left.topic, left.partition) < std::tie(right.topic, right.partition);
  });
  return report;
}

/// What the end waits for, and until when at the latest.
std::string Brain::why_draining(base::Time now) const {
  std::string waits = writing_ ? "the store writes" : "handlers stop";
  if (calls_out_ > 0) {
    const Partition* longest = nullptr;
    for (const Partition& one : partitions_) {
      if (one.call_since && (longest == nullptr || *one.call_since < *longest->call_since)) longest = &one;
    }
    waits = std::to_string(calls_out_) + (calls_out_ == 1 ? " call runs" : " calls run");
    if (longest != nullptr) {
      waits += ", the longest for " + whole_seconds(now - *longest->call_since) + " in " + longest->name();
    }
  }
  return waits + "; ended by force in " + whole_seconds(stop_deadline_ - now);
}

operate::SupervisionStatus Brain::supervision_status(base::Time now) const {
  operate::SupervisionStatus status;
  status.level = name_of(supervisor_.level());
  status.reason = level_why_;
  if (const auto next = supervisor_.next_attempt()) status.retry_in_s = seconds_between(now, *next);
  status.restarts = std::max(supervisor_.child(supervise::kStore).generation, 1u) - 1;
  if (restarted_at_) status.last_restart_ago_s = seconds_between(*restarted_at_, now);
  status.last_restart_why = restart_why_;
  status.counted_failures = supervisor_.counted_failures();
  status.store = name_of(supervisor_.state(supervise::kStore));
  for (const auto state : kChildStates) status.adapters[name_of(state)] = 0;
  for (const Partition& partition : partitions_) {
    if (partition.left) continue;
    ++status.adapters[name_of(supervisor_.state(partition.child.child))];
    status.adapter_restarts += partition.history.restarts();
  }
  if (!periodic_) return status;
  status.periodic = {.state = name_of(supervisor_.state(supervise::kPeriodic)),
                     .next_in_s = std::nullopt,
                     .collections = periodic_->round(),
                     .failures = failed_aggregates_};
  if (const auto next = periodic_->next_at()) status.periodic->next_in_s = seconds_between(now, *next);
  return status;
}

int Brain::until_end_exit_code(Effects& out) const {
  if (!until_end_reached_) {
    out.emplace_back(LogLine{LogLevel::kError, "stopped before the end was reached"});
    return 1;
  }
  std::string names;
  for (const Partition& partition : partitions_) {
    if (partition.left) continue;
    if (partition.halted || partition.paused) names += (names.empty() ? "" : ", ") + partition.name();
  }
  if (names.empty()) return 0;
  out.emplace_back(LogLine{LogLevel::kError, "not read to the end, for the reasons above: " + names});
  return 1;
}

}  // namespace ductus::node
