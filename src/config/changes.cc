#include "config/changes.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <utility>

#include "config/schema.h"

namespace ductus::config {
namespace {

constexpr auto kLive = std::to_array<std::string_view>({
    "node.stop_timeout",
    "target.brokers",
    "batch.max_bytes",
    "memory.budget_bytes",
    "store.max_uncommitted_batches",
    "offsets.when_missing",
    "offsets.when_out_of_range",
    "offsets.when_truncated",
    "offsets.when_recreated",
    "offsets.reset_source",
    "handler.max_threads",
    "supervision.intensity",
    "supervision.period",
    "supervision.stall_after",
    "supervision.escalate_after",
    "log.level",
});

std::map<std::string_view, const TopicConfig*> by_name(const NodeConfig& config) {
  std::map<std::string_view, const TopicConfig*> topics;
  for (const TopicConfig& topic : config.topics) topics.emplace(topic.name, &topic);
  return topics;
}

void compare_topics(const NodeConfig& old, const NodeConfig& now, Changes& changes) {
  const auto before = by_name(old);
  const auto after = by_name(now);
  for (const TopicConfig& topic : now.topics) {
    const auto found = before.find(topic.name);
    if (found == before.end()) {
      changes.added_topics.push_back(topic.name);
    } else if (*found->second != topic) {
      changes.changed_topics.push_back(topic.name);
    }
  }
  for (const TopicConfig& topic : old.topics) {
    if (!after.contains(topic.name)) changes.removed_topics.push_back(topic.name);
  }
}

// Of the keys that are taken over what was written now, of the others what was.
std::shared_ptr<const Settings> followed_settings(const NodeConfig& old, const NodeConfig& now) {
  Settings settings;
  for (const Key& key : keys()) {
    const bool taken_over = key.path == "topics" || applies_live(key.path);
    const Setting* const written = (taken_over ? now : old).written_for(key.path);
    if (written != nullptr) settings.emplace(key.path, *written);
  }
  return std::make_shared<const Settings>(std::move(settings));
}

// What may not be shown is compared all the same.
bool differs(const Key& key, const NodeConfig& old, const NodeConfig& now) {
  if (key.path == "store.password") return old.store_password != now.store_password;
  return value_of(key, old) != value_of(key, now);
}

}  // namespace

bool applies_live(std::string_view path) noexcept { return std::ranges::find(kLive, path) != kLive.end(); }

NodeConfig followed(const NodeConfig& old, const NodeConfig& now) {
  NodeConfig config = old;
  config.topics = now.topics;
  config.stop_timeout = now.stop_timeout;
  config.target_brokers = now.target_brokers;
  config.batch_max_bytes = now.batch_max_bytes;
  config.memory_budget_bytes = now.memory_budget_bytes;
  config.max_uncommitted_batches = now.max_uncommitted_batches;
  config.when_missing = now.when_missing;
  config.when_out_of_range = now.when_out_of_range;
  config.when_truncated = now.when_truncated;
  config.when_recreated = now.when_recreated;
  config.reset_source = now.reset_source;
  config.max_threads = now.max_threads;
  config.intensity = now.intensity;
  config.period = now.period;
  config.stall_after = now.stall_after;
  config.escalate_after = now.escalate_after;
  config.log_level = now.log_level;
  config.written = followed_settings(old, now);
  return config;
}

Changes changes(const NodeConfig& old, const NodeConfig& now) {
  Changes changes;
  compare_topics(old, now, changes);
  for (const Key& key : keys()) {
    if (key.path == "topics" || !differs(key, old, now)) continue;
    (applies_live(key.path) ? changes.live : changes.restart).emplace_back(key.path);
  }
  return changes;
}

}  // namespace ductus::config
