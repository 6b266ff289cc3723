// ListOffsets: the first, the last, or the first offset at or after a time, of partitions.
//
//   request  replica_id:int32 isolation_level:int8 (v2) [topic:string [partition] tags (v6)] tags (v6)
//     partition = index:int32 current_leader_epoch:int32 (v4) timestamp:int64 tags (v6)
//   answer   throttle_time_ms:int32 (v2) [topic:string [partition] tags (v6)] tags (v6)
//     partition = index:int32 error_code:int16 timestamp:int64 offset:int64 leader_epoch:int32 (v4) tags (v6)
// Source: ListOffsetsRequest.json, ListOffsetsResponse.json, ListOffsetsRequest.java (the special timestamps).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kafka/api/frame.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"

namespace ductus::kafka {

enum class IsolationLevel : std::int8_t { kReadUncommitted = 0, kReadCommitted = 1 };

struct ListOffsetsRequest {
  static constexpr ApiKey kApiKey = ApiKey::kListOffsets;
  static constexpr std::int16_t kMinVersion = 1;
  static constexpr std::int16_t kMaxVersion = 7;
  static constexpr std::int16_t kFirstFlexible = 6;

  /// Instead of a time: the offset after the last readable record, and the first of the log. From v7 on -3 means the
  /// offset of the record with the largest timestamp; nothing here asks for it.
  static constexpr std::int64_t kLatest = -1;
  static constexpr std::int64_t kEarliest = -2;

  struct Partition {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t timestamp_ms = kLatest;     ///< kLatest, kEarliest, or milliseconds since 1970
    std::int32_t current_leader_epoch = -1;  ///< from v4: a broker of another epoch refuses; -1 asks for no check
  };
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;  ///< from v2; decides what kLatest means
  std::vector<Partition> partitions;                            ///< each at most once
};

struct ListOffsetsResponse {
  struct Partition {
    std::string topic;
    std::int32_t partition;
    KafkaError error;
    std::int64_t timestamp_ms;       ///< -1: none
    std::int64_t offset;             ///< -1: no record at or after the time
    std::int32_t leader_epoch = -1;  ///< of the record; -1: not known
  };
  std::int32_t throttle_ms = 0;
  std::vector<Partition> partitions;  ///< in the broker's order, not the request's
};

void encode(const ListOffsetsRequest& request, std::int16_t version, Writer& writer);

/// True if all was there.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, ListOffsetsResponse& response);

}  // namespace ductus::kafka
