// Fetch: record batches of partitions, from an offset on.
//
//   request  replica_id:int32 max_wait_ms:int32 min_bytes:int32 max_bytes:int32 isolation_level:int8
//            session_id:int32 session_epoch:int32 (v7) [topic:string [partition] tags (v12)]
//            forgotten:[topic:string [int32] tags (v12)] (v7) rack_id:string (v11) tags (v12)
//     partition = index:int32 current_leader_epoch:int32 (v9) fetch_offset:int64 last_fetched_epoch:int32 (v12)
//                 log_start_offset:int64 (v5) partition_max_bytes:int32 tags (v12)
//   answer   throttle_time_ms:int32 error_code:int16 session_id:int32 (both v7) [topic:string [partition] tags (v12)]
//            tags (v12)
//     partition = index:int32 error_code:int16 high_watermark:int64 last_stable_offset:int64
//                 log_start_offset:int64 (v5) aborted:nullable [producer_id:int64 first_offset:int64 tags (v12)]
//                 preferred_read_replica:int32 (v11) records:nullable_bytes tags (v12)
//     tag 0 of a partition = diverging_epoch: epoch:int32 end_offset:int64 tags
// Source: FetchRequest.json, FetchResponse.json, KIP-74 (limits), KIP-227 (sessions: 0 and -1 mean none),
// KIP-595 (diverging epoch).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "kafka/api/frame.h"
#include "kafka/api/list_offsets.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

/// A full fetch without a session, as a consumer.
struct FetchRequest {
  static constexpr ApiKey kApiKey = ApiKey::kFetch;
  static constexpr std::int16_t kMinVersion = 4;
  static constexpr std::int16_t kMaxVersion = 12;
  static constexpr std::int16_t kFirstFlexible = 12;

  struct Partition {
    std::string_view topic;  ///< must outlive the encoding
    std::int32_t partition = 0;
    std::int64_t fetch_offset = 0;
    std::int32_t max_bytes = 0;
    std::int32_t current_leader_epoch = -1;  ///< from v9: a broker of another epoch refuses; -1 asks for no check
    std::int32_t last_fetched_epoch = -1;    ///< from v12: of the record before fetch_offset; -1 asks for no check
  };
  std::int32_t max_wait_ms = 0;
  std::int32_t min_bytes = 1;
  std::int32_t max_bytes = 0;
  IsolationLevel isolation = IsolationLevel::kReadUncommitted;
  std::vector<Partition> partitions;
};

/// Views point into the answer's bytes, which must outlive it.
struct FetchResponse {
  struct Partition {
    std::string_view topic;
    std::int32_t partition = 0;
    KafkaError error = KafkaError::kNone;
    std::int64_t high_watermark = -1;  ///< -1: not known, as the next two
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
    std::int32_t preferred_read_replica = -1;  ///< not -1: fetch from that broker instead
    std::int32_t diverging_epoch = -1;         ///< not -1: the log was truncated below fetch_offset,
    std::int64_t diverging_end_offset = -1;    ///< and this epoch ends here
    std::vector<ports::AbortedTransaction> aborted;
    base::ByteView records;
  };
  std::int32_t throttle_ms = 0;
  KafkaError error = KafkaError::kNone;
  std::int32_t session_id = 0;
  std::vector<Partition> partitions;
};

void encode(const FetchRequest& request, std::int16_t version, Writer& writer);

/// True if all was there. Copies no records.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, FetchResponse& response);

}  // namespace ductus::kafka
