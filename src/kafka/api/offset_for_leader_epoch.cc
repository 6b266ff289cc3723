#include "kafka/api/offset_for_leader_epoch.h"

namespace ductus::kafka {

void encode(const OffsetForLeaderEpochRequest& request, std::int16_t, Writer& writer) {
  writer.i32(-1);  // replica_id: a consumer
  using Partition = OffsetForLeaderEpochRequest::Partition;
  write_by_topic(
      request.partitions, false, writer, [](const Partition& partition) { return std::string_view(partition.topic); },
      [&](const Partition& partition) { writer.string(partition.topic, false); },
      [&](const Partition& partition) {
        writer.i32(partition.partition);
        writer.i32(partition.current_leader_epoch);
        writer.i32(partition.leader_epoch);
      });
}

bool decode(Reader& reader, std::int16_t, OffsetForLeaderEpochResponse& response) {
  response.throttle_ms = reader.i32();
  constexpr std::size_t kMinTopicBytes = 6;
  constexpr std::size_t kPartitionBytes = 18;
  for (std::size_t topics = reader.array_size(false, kMinTopicBytes); topics > 0 && reader.ok(); --topics) {
    const std::string_view topic = reader.string(false);
    std::size_t count = reader.array_size(false, kPartitionBytes);
    if (count > kMaxAnsweredPartitions - response.partitions.size()) reader.fail();
    for (; count > 0 && reader.ok(); --count) {
      const KafkaError error{reader.i16()};
      const std::int32_t partition = reader.i32();
      const std::int32_t leader_epoch = reader.i32();
      response.partitions.push_back({std::string(topic), partition, error, leader_epoch, reader.i64()});
    }
  }
  return reader.ok();
}

}  // namespace ductus::kafka
