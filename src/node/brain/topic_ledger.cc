#include "node/brain/topic_ledger.h"

namespace ductus::node {
namespace {

// A broker that does not know ids says nothing against it.
bool may_be_same(const ports::TopicId& a, const ports::TopicId& b) {
  const ports::TopicId unknown{};
  return a == b || a == unknown || b == unknown;
}

}  // namespace

bool TopicLedger::is_same_topic(const Entry& entry) {
  return entry.account && may_be_same(entry.account->topic_id, entry.now.topic_id);
}

void TopicLedger::found(const std::string& topic, const ports::TopicId& id, std::int32_t partition_count,
                        const std::vector<config::PartitionRange>& read) {
  Entry& entry = topics_[topic];
  entry.config.partitions = read;
  if (!may_be_same(entry.now.topic_id, id)) entry.stored.clear();
  entry.now = {id, partition_count};
}

void TopicLedger::loaded(const std::string& topic, const std::optional<ports::KnownTopic>& stored) {
  const auto known = topics_.find(topic);
  if (known == topics_.end() || known->second.account) return;
  Entry& entry = known->second;
  entry.account = stored ? *stored : entry.now;
  entry.untold = !stored;
}

void TopicLedger::stored(const ports::TopicPartition& partition, const ports::Position& position) {
  const auto found = topics_.find(partition.topic);
  if (found == topics_.end() || !found->second.account) return;
  Entry& entry = found->second;
  if (!may_be_same(position.topic_id, entry.now.topic_id)) return;
  if (is_same_topic(entry) && partition.partition < entry.account->partition_count) return;
  entry.stored.insert(partition.partition);
  settle(entry);
}

void TopicLedger::settle(Entry& entry) {
  const std::int32_t first = is_same_topic(entry) ? entry.account->partition_count : 0;
  if (static_cast<std::int64_t>(entry.stored.size()) < entry.config.count(first, entry.now.partition_count)) return;
  entry.account = entry.now;
  entry.stored.clear();
  entry.untold = true;
}

pipeline::Unstored TopicLedger::why_unstored(const ports::TopicPartition& partition) const {
  const auto found = topics_.find(partition.topic);
  if (found == topics_.end() || !found->second.account) return pipeline::Unstored::kMissing;
  if (!is_same_topic(found->second)) return pipeline::Unstored::kRecreated;
  const bool is_new = partition.partition >= found->second.account->partition_count;
  return is_new ? pipeline::Unstored::kNew : pipeline::Unstored::kMissing;
}

std::vector<ports::StoredTopic> TopicLedger::take() {
  std::vector<ports::StoredTopic> topics;
  for (auto& [topic, entry] : topics_) {
    if (!entry.untold) continue;
    entry.untold = false;
    topics.push_back({topic, *entry.account});
  }
  return topics;
}

void TopicLedger::give_back(const std::vector<ports::StoredTopic>& topics) {
  for (const ports::StoredTopic& one : topics) topics_[one.topic].untold = true;
}

}  // namespace ductus::node
