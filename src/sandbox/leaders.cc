#include "sandbox/leaders.h"

namespace ductus::sandbox {

Leaders::Leader Leaders::leader_of(std::string_view topic, std::int32_t partition) const {
  if (moved_.empty()) return first_leader_of(partition);
  const auto found = moved_.find(Place(topic, partition));
  return found == moved_.end() ? first_leader_of(partition) : found->second;
}

void Leaders::move(std::string_view topic, std::int32_t partition, std::int32_t node_id) {
  Leader& leader = moved_.try_emplace(Place(topic, partition), first_leader_of(partition)).first->second;
  leader = {node_id, leader.epoch + 1};
}

}  // namespace ductus::sandbox
