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
  const bool retrying = supervisor_.level() != supervise::Level::kA;
  report.state = draining_ ? "draining" : retrying ? "retrying" : partitions_.empty() ? "starting" : "running";
  NodeState node = node_state(now);
  const std::vector<std::string> no_thread = why_no_thread(now);
  for (const Partition& partition : partitions_) {
    if (!no_thread.empty()) node.no_thread = no_thread[partition.topic];
    node.topic_trouble = topics_.at(partition.id.topic).trouble;
    const supervise::ChildState child_state = supervisor_.state(partition.child.child);
    if (partition.left && child_state == supervise::ChildState::kStopped) continue;
    report.partitions.push_back(partition.status(child_state, node));
  }
  std::sort(report.partitions.begin(), report.partitions.end(), [](const auto& left, const auto& right) {
    return std::tie(left.topic, left.partition) < std::tie(right.topic, right.partition);
  });
  return report;
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
