// MemoryStore: positions that end with the process. For tests and for `[store] url = "memory:"`.
//
// Thread: one at a time. Blocking: no.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ports/offset_store.h"

namespace ductus::offsets {

class MemoryStore final : public ports::OffsetStore {
 public:
  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;
  Result<void> store(std::span<const ports::StoredPosition> round) override;
  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> topics) override;
  Result<void> store_topics(std::span<const ports::StoredTopic> topics) override;
  Result<void> change(const ports::OperatorChange& change) override;
  Result<ports::StoreEntries> entries() override;
  Result<std::vector<ports::JournalAct>> journal(std::size_t limit) override;

 private:
  std::deque<ports::JournalAct> journal_;  ///< the newest in front
  std::map<ports::TopicPartition, ports::Position> positions_;
  std::map<std::string, ports::KnownTopic> topics_;
};

}  // namespace ductus::offsets
