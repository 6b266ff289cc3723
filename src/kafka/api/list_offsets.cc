#include "kafka/api/list_offsets.h"

namespace ductus::kafka {
namespace {

ListOffsetsResponse::Partition read_partition(Reader& reader, std::int16_t version, std::string_view topic) {
  ListOffsetsResponse::Partition partition{};
  partition.topic = topic;
  partition.partition = reader.i32();
  partition.error = KafkaError{reader.i16()};
  partition.timestamp_ms = reader.i64();
  partition.offset = reader.i64();
  partition.leader_epoch = version >= 4 ? reader.i32() : -1;
  reader.skip_tags(version >= ListOffsetsRequest::kFirstFlexible);
  return partition;
}

}  // namespace

void encode(const ListOffsetsRequest& request, std::int16_t version, Writer& writer) {
  const bool flexible = version >= ListOffsetsRequest::kFirstFlexible;
  writer.i32(-1);  // replica_id: a consumer
  if (version >= 2) writer.i8(static_cast<std::int8_t>(request.isolation));
  using Partition = ListOffsetsRequest::Partition;
  write_by_topic(
      request.partitions, flexible, writer,
      [](const Partition& partition) { return std::string_view(partition.topic); },
      [&](const Partition& partition) { writer.string(partition.topic, flexible); },
      [&](const Partition& partition) {
        writer.i32(partition.partition);
        if (version >= 4) writer.i32(partition.current_leader_epoch);
        writer.i64(partition.timestamp_ms);
        writer.no_tags(flexible);
      });
  writer.no_tags(flexible);
}

bool decode(Reader& reader, std::int16_t version, ListOffsetsResponse& response) {
  const bool flexible = version >= ListOffsetsRequest::kFirstFlexible;
  if (version >= 2) response.throttle_ms = reader.i32();
  constexpr std::size_t kMinTopicBytes = 3;
  constexpr std::size_t kMinPartitionBytes = 22;
  for (std::size_t topics = reader.array_size(flexible, kMinTopicBytes); topics > 0 && reader.ok(); --topics) {
    const std::string_view topic = reader.string(flexible);
    std::size_t count = reader.array_size(flexible, kMinPartitionBytes);
    if (count > kMaxAnsweredPartitions - response.partitions.size()) reader.fail();
    for (; count > 0 && reader.ok(); --count) {
      response.partitions.push_back(read_partition(reader, version, topic));
    }
    reader.skip_tags(flexible);
  }
  reader.skip_tags(flexible);
  return reader.ok();
}

}  // namespace ductus::kafka
