// Metadata: the brokers of the cluster, and the partitions of topics with their leaders.
//
//   request  v1-3   topics:null                                    null asks for all topics
//            v4     [name:string] allow_auto_topic_creation:bool
//            v8     v4, include_cluster_authorized_operations:bool (v8-10) include_topic_authorized_operations:bool
//            v9     v8, compact and with tags
//            v10    v9, topic_id:uuid before each name
//   answer   throttle_time_ms:int32 (v3) [broker] cluster_id:nullable_string (v2) controller_id:int32 [topic]
//            cluster_authorized_operations:int32 (v8-10) tags (v9)
//     broker     = node_id:int32 host:string port:int32 rack:nullable_string tags (v9)
//     topic      = error_code:int16 name:string (nullable v12) topic_id:uuid (v10) is_internal:bool [partition]
//                  topic_authorized_operations:int32 (v8) tags (v9)
//     partition  = error_code:int16 index:int32 leader_id:int32 leader_epoch:int32 (v7) replicas:[int32]
//                  isr:[int32] offline:[int32] (v5) tags (v9)
// Source: MetadataRequest.json, MetadataResponse.json, MetadataResponse.java (hasReliableLeaderEpochs).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kafka/api/frame.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"
#include "ports/offset_store.h"

namespace ductus::kafka {

/// An answer of more is refused: its bytes are few, what is made of them is more.
inline constexpr std::size_t kMaxMetadataTopics = 1'000'000;
inline constexpr std::size_t kMaxMetadataBrokers = 100'000;

/// Never lets the broker create a topic: below v4, where naming one may create it, all topics are asked for.
struct MetadataRequest {
  static constexpr ApiKey kApiKey = ApiKey::kMetadata;
  static constexpr std::int16_t kMinVersion = 1;
  static constexpr std::int16_t kMaxVersion = 12;
  static constexpr std::int16_t kFirstFlexible = 9;

  /// None: the brokers only (from v4).
  std::vector<std::string> topics;
};

struct MetadataResponse {
  struct Broker {
    std::int32_t node_id;
    std::string host;
    std::int32_t port;  ///< as the broker says it: may be no port at all
  };
  struct Partition {
    KafkaError error;
    std::int32_t index;
    std::int32_t leader_id;          ///< -1: none
    std::int32_t leader_epoch = -1;  ///< -1: not known. Not taken from v7 and v8, where it may be an old one
  };
  struct Topic {
    KafkaError error;
    std::string name;  ///< empty: unknown
    ports::TopicId topic_id{};
    std::vector<Partition> partitions;  ///< in the broker's order, unchecked: holes and repeats are possible
  };
  std::int32_t throttle_ms = 0;
  std::vector<Broker> brokers;
  std::string cluster_id;  ///< empty: unknown
  std::vector<Topic> topics;
};

/// Fields that other answers have too.
ports::TopicId read_topic_id(Reader& reader);
void read_broker(Reader& reader, bool flexible, MetadataResponse::Broker& broker);

void encode(const MetadataRequest& request, std::int16_t version, Writer& writer);

/// True if all was there.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, MetadataResponse& response);

}  // namespace ductus::kafka
