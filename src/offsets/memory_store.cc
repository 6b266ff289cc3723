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

}  // namespace ductus::offsets
