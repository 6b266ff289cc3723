#include "offsets/round.h"

#include <string>

#include "base/escape.h"

namespace ductus::offsets {

Result<void> check_round(std::span<const ports::StoredPosition> round) {
  for (const auto& [partition, position] : round) {
    if (partition.partition >= 0 && position.next_offset >= 0 && position.leader_epoch >= -1) continue;
    return Error{ErrorCode::kInvalid, "not stored: " + base::escaped(partition.topic) + "/" +
                                          std::to_string(partition.partition) + " at offset " +
                                          std::to_string(position.next_offset) + ", leader epoch " +
                                          std::to_string(position.leader_epoch)};
  }
  return {};
}

}  // namespace ductus::offsets
