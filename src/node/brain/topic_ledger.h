// TopicLedger: why a partition has no stored position, and when the store may be told that a topic has grown.
//
// The store keeps {topic id, partition count} of each topic. Whoever lies beyond that count is new and begins at its
// log's start; so the count may grow only once the positions of all that are new, and read, have been stored.
// A pure state machine, entered under the node's baton.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "config/node_config.h"
#include "pipeline/adapter.h"
#include "ports/offset_store.h"

namespace ductus::node {

class TopicLedger {
 public:
  /// What the cluster says. Comes before loaded(). `read`: as TopicConfig::partitions; empty: all.
  void found(const std::string& topic, const ports::TopicId& id, std::int32_t partition_count,
             const std::vector<config::PartitionRange>& read = {});
  /// What the store says. A topic that it has never seen is accounted for as it is now. Of topics that were not found()
  /// nothing is kept.
  void loaded(const std::string& topic, const std::optional<ports::KnownTopic>& stored);
  /// The store holds this position.
  void stored(const ports::TopicPartition& partition, const ports::Position& position);

  /// For a partition of a loaded topic.
  pipeline::Unstored why_unstored(const ports::TopicPartition& partition) const;

  /// What the store is to be told; each once.
  std::vector<ports::StoredTopic> take();
  /// The store did not take them.
  void give_back(const std::vector<ports::StoredTopic>& topics);

 private:
  struct Entry {
    ports::KnownTopic now;                     ///< as the cluster has it
    config::TopicConfig config;                ///< of which only the partitions matter
    std::optional<ports::KnownTopic> account;  ///< as the store has it, or is to have it
    std::set<std::int32_t> stored;             ///< partitions beyond the account whose positions are stored
    bool untold = false;
  };
  static bool is_same_topic(const Entry& entry);
  static void settle(Entry& entry);

  std::map<std::string, Entry> topics_;
};

}  // namespace ductus::node
