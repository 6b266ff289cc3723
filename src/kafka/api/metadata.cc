#include "kafka/api/metadata.h"

namespace ductus::kafka {
namespace {

constexpr std::size_t kTopicIdBytes = sizeof(ports::TopicId);

void write_null_array(Writer& writer) { writer.i32(-1); }

void skip_node_ids(Reader& reader, bool flexible) {
  reader.skip(reader.array_size(flexible, sizeof(std::int32_t)) * sizeof(std::int32_t));
}

void read_partition(Reader& reader, std::int16_t version, MetadataResponse::Partition& partition) {
  const bool flexible = version >= MetadataRequest::kFirstFlexible;
  partition.error = KafkaError{reader.i16()};
  partition.index = reader.i32();
  partition.leader_id = reader.i32();
  const std::int32_t epoch = version >= 7 ? reader.i32() : -1;
  // Before Kafka 2.4 it may be an old one for as long as the partition is being moved.
  if (version >= 9) partition.leader_epoch = epoch;
  skip_node_ids(reader, flexible);                    // replicas
  skip_node_ids(reader, flexible);                    // in sync
  if (version >= 5) skip_node_ids(reader, flexible);  // offline
  reader.skip_tags(flexible);
}

// `room`: how many partitions the answer may still have.
void read_topic(Reader& reader, std::int16_t version, std::size_t& room, MetadataResponse::Topic& topic) {
  const bool flexible = version >= MetadataRequest::kFirstFlexible;
  topic.error = KafkaError{reader.i16()};
  topic.name = version >= 12 ? reader.nullable_string(flexible) : reader.string(flexible);
  if (version >= 10) topic.topic_id = read_topic_id(reader);
  (void)reader.boolean();  // is_internal
  constexpr std::size_t kMinPartitionBytes = 18;
  const std::size_t count = reader.array_size(flexible, kMinPartitionBytes);
  if (count > room) return reader.fail();
  room -= count;
  topic.partitions.resize(count);
  for (auto& partition : topic.partitions) read_partition(reader, version, partition);
  if (version >= 8) (void)reader.i32();  // topic_authorized_operations
  reader.skip_tags(flexible);
}

}  // namespace

ports::TopicId read_topic_id(Reader& reader) {
  ports::TopicId id{};
  const base::ByteView bytes = reader.raw(kTopicIdBytes);
  if (reader.ok()) std::memcpy(id.data(), bytes.data(), kTopicIdBytes);
  return id;
}

void read_broker(Reader& reader, bool flexible, MetadataResponse::Broker& broker) {
  broker.node_id = reader.i32();
  broker.host = reader.string(flexible);
  broker.port = reader.i32();
  (void)reader.nullable_string(flexible);  // rack
  reader.skip_tags(flexible);
}

void encode(const MetadataRequest& request, std::int16_t version, Writer& writer) {
  const bool flexible = version >= MetadataRequest::kFirstFlexible;
  if (version < 4) {
    write_null_array(writer);
    return;
  }
  writer.array_size(request.topics.size(), flexible);
  for (const auto& topic : request.topics) {
    constexpr ports::TopicId kByName{};
    if (version >= 10) writer.raw(kByName);
    writer.string(topic, flexible);
    writer.no_tags(flexible);
  }
  writer.boolean(false);                                     // allow_auto_topic_creation
  if (version >= 8 && version <= 10) writer.boolean(false);  // include_cluster_authorized_operations
  if (version >= 8) writer.boolean(false);                   // include_topic_authorized_operations
  writer.no_tags(flexible);
}

bool decode(Reader& reader, std::int16_t version, MetadataResponse& response) {
  const bool flexible = version >= MetadataRequest::kFirstFlexible;
  if (version >= 3) response.throttle_ms = reader.i32();
  constexpr std::size_t kMinBrokerBytes = 11;
  std::size_t brokers = reader.array_size(flexible, kMinBrokerBytes);
  if (brokers > kMaxMetadataBrokers) reader.fail();
  for (; brokers > 0 && reader.ok(); --brokers) {
    read_broker(reader, flexible, response.brokers.emplace_back());
  }
  if (version >= 2) response.cluster_id = reader.nullable_string(flexible);
  (void)reader.i32();  // controller_id
  constexpr std::size_t kMinTopicBytes = 9;
  std::size_t topics = reader.array_size(flexible, kMinTopicBytes);
  if (topics > kMaxMetadataTopics) reader.fail();
  std::size_t room = kMaxAnsweredPartitions;
  for (; topics > 0 && reader.ok(); --topics) {
    read_topic(reader, version, room, response.topics.emplace_back());
  }
  if (version >= 8 && version <= 10) (void)reader.i32();  // cluster_authorized_operations
  reader.skip_tags(flexible);
  return reader.ok();
}

}  // namespace ductus::kafka
