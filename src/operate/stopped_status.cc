#include "operate/stopped_status.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "operate/ask_brokers.h"
#include "operate/offsets/stored_entries.h"

namespace ductus::operate {
namespace {

StoredPlaces ask_store(const config::NodeConfig& config) {
  const auto entries = stored_entries(config);
  if (!entries) return {{}, entries.error().message};
  return {places_of(*entries), ""};
}

std::string reason_for(const PartitionStatus& partition, const std::string& trouble, const StoredPlaces& stored) {
  if (!stored.trouble.empty()) return stored.trouble;
  if (!partition.next_offset) return "no offset is stored" + (trouble.empty() ? "" : "; " + trouble);
  if (partition.log_start_offset && *partition.next_offset < *partition.log_start_offset) {
    return "the stored offset lies before the start of the log, " + std::to_string(*partition.log_start_offset);
  }
  const auto end = partition.high_watermark ? partition.high_watermark : partition.readable_end;
  if (end && *partition.next_offset > *end) {
    return "the stored offset lies after the end of the log, " + std::to_string(*end);
  }
  return trouble;
}

PartitionStatus row(const ports::TopicPartition& partition, const PartitionBounds& bounds, const StoredPlaces& stored) {
  PartitionStatus status;
  status.topic = partition.topic;
  status.partition = partition.partition;
  status.state = "stopped";
  status.log_start_offset = bounds.log_start_offset;
  status.high_watermark = bounds.high_watermark;
  status.readable_end = bounds.readable_end;
  const auto position = stored.positions.find(partition);
  if (position != stored.positions.end()) status.next_offset = position->second.next_offset;
  status.reason = reason_for(status, bounds.trouble, stored);
  return status;
}

std::string first_broker(const config::NodeConfig& config) {
  if (config.brokers.empty()) return "?";
  const config::BrokerAddress& broker = config.brokers.front();
  const bool is_ipv6 = broker.host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + broker.host + "]" : broker.host) + ":" + std::to_string(broker.port);
}

}  // namespace

StatusReport stopped_report(const config::NodeConfig& config, const LogLook& look, const StoredPlaces& stored) {
  StatusReport report{config.name, config.handler_name, "not_running", first_broker(config), {}};
  report.protocol = look.protocol;
  for (const auto& [partition, bounds] : look.partitions) report.partitions.push_back(row(partition, bounds, stored));
  for (const config::TopicConfig& one : config.topics) {
    const auto missing = look.missing_topics.find(one.name);
    if (missing == look.missing_topics.end()) continue;
    const auto& [topic, why] = *missing;
    PartitionBounds unknown;
    unknown.trouble = look.trouble.empty() ? why.message : look.trouble;
    const std::size_t before = report.partitions.size();
    for (auto at = stored.positions.lower_bound({topic, 0}); at != stored.positions.end() && at->first.topic == topic;
         ++at) {
      if (one.reads(at->first.partition)) report.partitions.push_back(row(at->first, unknown, stored));
    }
    if (report.partitions.size() > before) continue;
    PartitionStatus nothing = row({topic, -1}, unknown, stored);
    if (stored.trouble.empty()) nothing.reason = unknown.trouble;
    report.partitions.push_back(std::move(nothing));
  }
  std::sort(report.partitions.begin(), report.partitions.end(), [](const auto& left, const auto& right) {
    return std::tie(left.topic, left.partition) < std::tie(right.topic, right.partition);
  });
  return report;
}

StatusReport status_of_stopped_node(const config::NodeConfig& config) {
  std::vector<std::string> topics;
  for (const config::TopicConfig& topic : config.topics) topics.push_back(topic.name);
  const LogLook look = ask_brokers(config, topics);
  return stopped_report(config, look, ask_store(config));
}

}  // namespace ductus::operate
