// OffsetForLeaderEpoch: where a leader epoch ends in the leader's log, to find out whether the log was truncated.
//
//   request  replica_id:int32 [topic:string [partition]]
//     partition = index:int32 current_leader_epoch:int32 leader_epoch:int32
//   answer   throttle_time_ms:int32 [topic:string [partition]]
//     partition = error_code:int16 index:int32 leader_epoch:int32 end_offset:int64
// Version 3 (Kafka 2.3) only. Below it the broker wants rights on the cluster, which a consumer does not have; v4 adds
// tags, and who speaks it speaks Fetch v12 too, which asks the same.
// Source: OffsetForLeaderEpochRequest.json, OffsetForLeaderEpochResponse.json, KIP-320;
// OffsetsForLeaderEpochRequest.supportsTopicPermission(), LeaderEpochFileCache.endOffsetFor().
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kafka/api/frame.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"

namespace ductus::kafka {

struct OffsetForLeaderEpochRequest {
  static constexpr ApiKey kApiKey = ApiKey::kOffsetForLeaderEpoch;
  static constexpr std::int16_t kMinVersion = 3;
  static constexpr std::int16_t kMaxVersion = 3;
  static constexpr std::int16_t kFirstFlexible = 4;

  struct Partition {
    std::string topic;
    std::int32_t partition = 0;
    std::int32_t current_leader_epoch = -1;  ///< a broker of another epoch refuses; -1 asks for no check
    std::int32_t leader_epoch = -1;          ///< whose end is asked for
  };
  std::vector<Partition> partitions;  ///< each at most once
};

struct OffsetForLeaderEpochResponse {
  struct Partition {
    std::string topic;
    std::int32_t partition;
    KafkaError error;
    std::int32_t leader_epoch;  ///< the last one of the log that is not after the asked one,
    std::int64_t end_offset;    ///< and the offset after its last record; both -1: the log knows none
  };
  std::int32_t throttle_ms = 0;
  std::vector<Partition> partitions;  ///< in the broker's order, not the request's
};

void encode(const OffsetForLeaderEpochRequest& request, std::int16_t version, Writer& writer);

/// True if all was there.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, OffsetForLeaderEpochResponse& response);

}  // namespace ductus::kafka
