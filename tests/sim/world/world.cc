#include "sim/world/world.h"

#include <numeric>

namespace ductus::sim {
namespace {

config::OffsetPolicy any_policy(Random& random) {
  constexpr config::OffsetPolicy kAll[] = {config::OffsetPolicy::kStop, config::OffsetPolicy::kEarliest,
                                           config::OffsetPolicy::kLatest};
  return kAll[random.below(3)];
}

}  // namespace

Settings choose_settings(Random& random) {
  Settings settings;
  settings.versions = random.chance(0.2) ? kBefore27 : kModern;
  settings.brokers = static_cast<int>(random.between(1, 3));
  const auto topics = static_cast<int>(random.between(1, 3));
  for (int i = 0; i < topics; ++i) settings.partitions.push_back(static_cast<int>(random.between(1, 3)));
  // About so many appends in all, however many partitions.
  const int partitions = std::accumulate(settings.partitions.begin(), settings.partitions.end(), 0);
  settings.append_every = partitions * base::Duration(std::chrono::hours(1)) / random.between(3600, 4400);
  settings.transactions = random.chance(0.5);
  settings.has_sync = random.chance(0.5);
  if (random.chance(0.3)) settings.idle_interval = std::chrono::milliseconds(random.between(500, 20'000));

  config::NodeConfig& config = settings.config;
  config.name = config.handler_name = "sim";
  for (std::size_t i = 0; i < settings.partitions.size(); ++i) config.topics.push_back({World::topic_name(i), Value()});
  for (std::int32_t id = 1; id <= settings.brokers; ++id) {
    config.brokers.push_back({"b" + std::to_string(id), Brokers::port_of(id)});
  }
  config.read_committed = random.chance(0.8);
  config.fetch_max_wait = std::chrono::milliseconds(random.between(500, 5000));
  config.batch_max_bytes = static_cast<std::size_t>(random.between(40, 300));
  config.memory_budget_bytes = static_cast<std::size_t>(random.chance(0.3) ? 3 << 20 : 64 << 20);
  config.max_uncommitted_batches = static_cast<std::uint32_t>(random.between(1, 16));
  config.when_missing = any_policy(random);
  config.when_out_of_range = any_policy(random);
  config.when_truncated = any_policy(random);
  config.when_recreated = any_policy(random);
  config.max_threads = static_cast<std::uint32_t>(random.chance(0.3) ? random.between(2, 4) : 256);
  if (random.chance(0.5)) config.periodic_every = std::chrono::milliseconds(random.between(5000, 60'000));
  if (random.chance(0.3)) config.intensity = static_cast<std::uint32_t>(random.between(3, 10));
  config.stall_after = std::chrono::milliseconds(random.between(20'000, 60'000));
  config.escalate_after = std::chrono::milliseconds(random.between(30'000, 60'000));
  return settings;
}

void make_legacy(Settings& settings, Random& random) {
  settings.versions = kLegacy;
  settings.brokers = 1;
  settings.transactions = false;
  settings.segment_bytes = random.between(300, 30'000);
  config::NodeConfig& config = settings.config;
  config.brokers.resize(1);
  for (std::size_t i = 0; i < settings.partitions.size(); ++i) {
    config.topics[i].partitions = {{0, settings.partitions[i] - 1}};
  }
  if (random.chance(0.2)) config.memory_budget_bytes = static_cast<std::size_t>(random.between(20'000, 100'000));
  // From less than a message has, to more than a burst.
  const auto bytes = [&](std::int64_t low, std::int64_t high) {
    return static_cast<std::int32_t>(random.duration(base::Duration(low), base::Duration(high)).count());
  };
  kafka06::SourceSettings& source = settings.legacy.emplace();
  source.broker = {config.brokers[0].host, config.brokers[0].port};
  source.line = random.chance(0.75) ? kafka06::Line::k07 : kafka06::Line::k06;
  source.may_create_topics = random.chance(0.7);
  source.connections = static_cast<std::size_t>(random.between(1, 3));
  source.partitions_per_request = random.chance(0.3) ? 2 : 64;
  source.partition_max_bytes = bytes(48, 64 << 10);
  source.response_max_bytes = bytes(200, 128 << 10);
  source.idle_max_bytes = std::min(source.partition_max_bytes, bytes(48, 16 << 10));
  source.max_message_bytes = std::size_t{1} << 20;
}

World::World(std::uint64_t seed, Settings the_settings)
    : random(seed),
      settings(std::move(the_settings)),
      logs(settings.brokers),
      brokers(settings.brokers, settings.versions, logs, timeline, random),
      store(timeline, random),
      checker(logs, store, timeline) {
  behaviours.has_sync = settings.has_sync;
  behaviours.idle_interval = settings.idle_interval;
  const config::NodeConfig& config = settings.config;
  checker.rules = {.max_uncommitted_batches = config.max_uncommitted_batches,
                   .read_committed = config.read_committed,
                   .may_begin_at_latest = config.when_missing == config::OffsetPolicy::kLatest ||
                                          config.when_recreated == config::OffsetPolicy::kLatest,
                   .unit = settings.legacy ? ports::OffsetUnit::kBytes : ports::OffsetUnit::kMessages,
                   .stall_after = config.stall_after};
  if (settings.legacy) {
    logs.segment_bytes = settings.segment_bytes;
    legacy.emplace(settings.legacy->line, brokers, logs, timeline, random);
  }
  store.on_stored = [this](const ports::StoredPosition& stored) { checker.on_stored(stored); };
  store.on_loaded = [this](const ports::TopicPartition& partition, const std::optional<ports::Position>& position) {
    checker.on_loaded(partition, position);
  };
  store.on_changed = [this](const ports::TopicPartition& partition, const ports::Position& position) {
    checker.on_operator_set_live({partition.topic, partition.partition}, position.next_offset);
  };
  store.on_conflict = [this](const ports::TopicPartition& partition) {
    checker.on_conflict({partition.topic, partition.partition});
  };
  brokers.on_fetch = [this](const AskedSet& asked) { checker.on_fetch(asked); };
  for (std::size_t i = 0; i < settings.partitions.size(); ++i) {
    logs.create(topic_name(i), settings.partitions[i], random);
  }
}

}  // namespace ductus::sim
