// Fetch: record batches of partitions, from an offset on.
//
//   request  replica_id:int32 (to v14) max_wait_ms:int32 min_bytes:int32 max_bytes:int32 isolation_level:int8
//            session_id:int32 session_epoch:int32 (v7) [topic [partition] tags (v12)]
//            forgotten:[topic [int32] tags (v12)] (v7) rack_id:string (v11) tags (v12)
//     topic     = name:string (to v12) topic_id:uuid (v13)
//     partition = index:int32 current_leader_epoch:int32 (v9) fetch_offset:int64 last_fetched_epoch:int32 (v12)
//                 log_start_offset:int64 (v5) partition_max_bytes:int32 tags (v12)
//   answer   throttle_time_ms:int32 error_code:int16 session_id:int32 (both v7) [topic [partition] tags (v12)] tags
//   (v12)
//     partition = index:int32 error_code:int16 high_watermark:int64 last_stable_offset:int64
//                 log_start_offset:int64 (v5) aborted:nullable [producer_id:int64 first_offset:int64 tags (v12)]
//                 preferred_read_replica:int32 (v11) records:nullable_bytes tags (v12)
//     tag 0 of a partition = diverging_epoch: epoch:int32 end_offset:int64 tags
//     tag 1 of a partition = current_leader: leader_id:int32 leader_epoch:int32 tags
//     tag 0 of an answer   = node_endpoints (v16): [node_id:int32 host:string port:int32 rack:nullable_string tags]
// Source: FetchRequest.json, FetchResponse.json, KIP-74 (limits), KIP-227 (sessions: 0 and -1 mean none),
// KIP-595 (diverging epoch), KIP-516 (topic ids), KIP-951 (current leader).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "kafka/api/frame.h"
#include "kafka/api/list_offsets.h"
#include "kafka/api/metadata.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

/// A full fetch without a session, as a consumer.
struct FetchRequest {
  static constexpr ApiKey kApiKey = ApiKey::kFetch;
  static constexpr std::int16_t kMinVersion = 4;
  static constexpr std::int16_t kMaxVersion = 16;  ///< what came since is for followers
  static constexpr std::int16_t kFirstFlexible = 12;
  static constexpr std::int16_t kFirstDiverging = 12;  ///< the broker itself tells where its log was truncated
  static constexpr std::int16_t kFirstByTopicId = 13;  ///< names topics by their ids, all of them: none may be unknown

  struct Partition {
    std::string_view topic;  ///< must outlive the encoding
    ports::TopicId topic_id{};
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
    std::string_view topic;     ///< from v13 on nothing,
    ports::TopicId topic_id{};  ///< before it nothing
    std::int32_t partition = 0;
    KafkaError error = KafkaError::kNone;
    std::int64_t high_watermark = -1;  ///< -1: not known, as the next two
    std::int64_t last_stable_offset = -1;
    std::int64_t log_start_offset = -1;
    std::int32_t preferred_read_replica = -1;  ///< not -1: fetch from that broker instead
    std::int32_t diverging_epoch = -1;         ///< not -1: the log was truncated below fetch_offset,
    std::int64_t diverging_end_offset = -1;    ///< and this epoch ends here
    std::int32_t leader_id = -1;               ///< with an error, from v12: who leads now,
    std::int32_t leader_epoch = -1;            ///< and since which epoch; -1: not said
    std::vector<ports::AbortedTransaction> aborted;
    base::ByteView records;
  };
  std::int32_t throttle_ms = 0;
  KafkaError error = KafkaError::kNone;
  std::int32_t session_id = 0;
  std::vector<Partition> partitions;
  std::vector<MetadataResponse::Broker> leaders;  ///< from v16: addresses of the leaders named above
};

void encode(const FetchRequest& request, std::int16_t version, Writer& writer);

/// True if all was there. Copies no records.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, FetchResponse& response);

}  // namespace ductus::kafka
