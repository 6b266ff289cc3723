#include "operate/ask_brokers.h"

#include <chrono>
#include <map>
#include <string_view>
#include <utility>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "operate/source/open_source.h"

namespace ductus::operate {
namespace {

constexpr std::chrono::milliseconds kBrokersTimeout{5'000};

}  // namespace

LogLook ask_brokers(const config::NodeConfig& config, const std::vector<std::string>& topics,
                    std::optional<std::int64_t> time_ms) {
  base::ByteBudget budget(config.memory_budget_bytes);
  // There is no later look: any trouble is told at once.
  const auto source = open_source(config, 1, budget, base::Duration::zero());
  std::map<std::string_view, const config::TopicConfig*> by_name;
  for (const config::TopicConfig& topic : config.topics) by_name.emplace(topic.name, &topic);
  const Reads reads = [&](const ports::TopicPartition& partition) {
    const auto topic = by_name.find(partition.topic);
    return topic == by_name.end() || topic->second->reads(partition.partition);
  };
  const NamedPartitions named = [&](const std::string& name) {
    const auto topic = by_name.find(name);
    return topic == by_name.end() ? 1 : topic->second->named_partitions();
  };
  return look_at_log(*source, topics, base::SystemClock(), kBrokersTimeout, time_ms, reads, named);
}

ResetLooks ask_for_reset(const config::NodeConfig& config, const std::vector<std::string>& topics,
                         std::optional<std::int64_t> time_ms) {
  ResetLooks looks{ask_brokers(config, topics, time_ms), {}};
  if (config.reset_source == config::ResetSource::kSource) return looks;
  config::NodeConfig target = config;
  target.brokers = config.target_brokers;
  target.protocol = config::SourceProtocol::kAuto;  // that of [source] says nothing of another cluster
  looks.target = ask_brokers(target, topics, time_ms);
  return looks;
}

}  // namespace ductus::operate
