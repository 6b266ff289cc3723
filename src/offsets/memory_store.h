// MemoryStore: positions that end with the process. For tests and for `[store] url = "memory:"`.
//
// Thread: one at a time. Blocking: no.
#pragma once

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
  /// Keeps no journal: it would end with the process as well.
  Result<void> change(const ports::OperatorChange& change) override;

 private:
  std::map<ports::TopicPartition, ports::Position> positions_;
  std::map<std::string, ports::KnownTopic> topics_;
};

}  // namespace ductus::offsets
