#include "offsets/memory_store.h"

#include <algorithm>

#include "offsets/journal.h"
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
  if (auto valid = check_change(change); !valid) return valid;
  for (const ports::PositionChange& one : change.positions) {
    const auto entry = positions_.find(one.partition);
    const auto found = entry == positions_.end() ? std::nullopt : std::optional(entry->second);
    if (found != one.before) return changed_meanwhile(one, found);
  }
  for (const ports::PositionChange& one : change.positions) {
    if (one.after) {
      positions_[one.partition] = *one.after;
    } else {
      positions_.erase(one.partition);
    }
  }
  for (const auto& [topic, known] : change.topics) topics_[topic] = known;
  if (change.positions.empty()) return {};
  journal_.push_front(journal_act(journal_.empty() ? 1 : journal_.front().act + 1, change));
  if (journal_.size() > ports::kMaxJournalActs) journal_.pop_back();
  return {};
}

Result<ports::StoreEntries> MemoryStore::entries() {
  if (std::max(positions_.size(), topics_.size()) > ports::kMaxStoreEntries) return too_many_entries();
  ports::StoreEntries all;
  for (const auto& [partition, position] : positions_) all.positions.push_back({partition, position});
  for (const auto& [topic, known] : topics_) all.topics.push_back({topic, known});
  return all;
}

Result<std::vector<ports::JournalAct>> MemoryStore::journal(std::size_t limit) {
  std::vector<ports::JournalAct> acts;
  std::size_t positions = 0;
  for (const ports::JournalAct& act : journal_) {
    positions += act.positions.size();
    if (acts.size() == limit || (!acts.empty() && positions > ports::kMaxStoreEntries)) break;
    acts.push_back(act);
  }
  return acts;
}

}  // namespace ductus::offsets
