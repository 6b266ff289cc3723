#include "offsets/memory_store.h"

#include "offsets/round.h"

namespace ductus::offsets {

Result<std::vector<std::optional<ports::Position>>> MemoryStore::load(
    std::span<const ports::TopicPartition> partitions) {
  std::vector<std::optional<ports::Position>> found;
  found.reserve(partitions.size());
  for (const auto& partition : partitions) {
    const auto entry = positions_.find(partition);
    found.push_back(entry == positions_.end() ? std::nullopt : std::optional(entry->second));
  }
  return found;
}

Result<void> MemoryStore::store(std::span<const ports::StoredPosition> round) {
  if (auto valid = check_round(round); !valid) return valid;
  for (const auto& [partition, position] : round) positions_[partition] = position;
  return {};
}

Result<std::vector<std::optional<ports::KnownTopic>>> MemoryStore::load_topics(std::span<const std::string> topics) {
  std::vector<std::optional<ports::KnownTopic>> found;
  found.reserve(topics.size());
  for (const std::string& topic : topics) {
    const auto entry = topics_.find(topic);
    found.push_back(entry == topics_.end() ? std::nullopt : std::optional(entry->second));
  }
  return found;
}

Result<void> MemoryStore::store_topics(std::span<const ports::StoredTopic> topics) {
  if (auto valid = check_topics(topics); !valid) return valid;
  for (const auto& [topic, known] : topics) topics_[topic] = known;
  return {};
}

Result<void> MemoryStore::change(const ports::OperatorChange& change) {
  for (const ports::PositionChange& one : change.positions) {
    const auto entry = positions_.find(one.partition);
    const auto found = entry == positions_.end() ? std::nullopt : std::optional(entry->second);
    if (found != one.before) return changed_meanwhile(one, found);
  }
  const auto round = round_of(change);
  if (auto valid = check_round(round); !valid) return valid;
  if (auto stored = store_topics(change.topics); !stored) return stored;
  return store(round);
}

}  // namespace ductus::offsets
