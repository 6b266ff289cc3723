#include "sandbox/api/answering.h"

namespace ductus::sandbox {

Frame start_answer(const RequestHeader& request) {
  Frame frame;
  frame.own().i32(0);
  frame.own().i32(request.correlation_id);
  // An ApiVersions answer never has tags in its header: clients must be able to read it before they know versions.
  frame.own().no_tags(request.flexible && request.api != ApiKey::kApiVersions);
  return frame;
}

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
