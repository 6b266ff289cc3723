// MemoryStore: positions that end with the process. For tests and for `[store] url = "memory:"`.
//
// Thread: one at a time. Blocking: no.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <vector>

#include "ports/offset_store.h"

namespace ductus::offsets {

class MemoryStore final : public ports::OffsetStore {
 public:
  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;
  Result<void> store(std::span<const ports::StoredPosition> round) override;

 private:
  std::map<ports::TopicPartition, ports::Position> positions_;
};

}  // namespace ductus::offsets
