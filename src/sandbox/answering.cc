#include "sandbox/answering.h"

namespace ductus::sandbox {

KafkaError error_for(const Answering& answering, std::string_view topic, std::int32_t partition,
                     const PartitionLog* log, std::int32_t client_epoch) {
  if (const auto scripted = answering.fate.error_of(topic, partition)) return KafkaError{*scripted};
  if (log == nullptr) return KafkaError::kUnknownTopicOrPartition;
  const Leaders::Leader leader = answering.brokers.leaders.leader_of(topic, partition);
  if (leader.node_id != answering.node_id) return KafkaError::kNotLeaderOrFollower;
  if (client_epoch >= 0 && client_epoch < leader.epoch) return KafkaError::kFencedLeaderEpoch;
  if (client_epoch > leader.epoch) return KafkaError::kUnknownLeaderEpoch;
  return KafkaError::kNone;
}

}  // namespace ductus::sandbox
