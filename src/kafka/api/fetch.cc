#include "kafka/api/fetch.h"

namespace ductus::kafka {
namespace {

constexpr std::uint32_t kDivergingEpochTag = 0;

void read_tags(Reader& reader, FetchResponse::Partition& partition) {
  for (std::uint32_t tags = reader.uvarint(); tags > 0 && reader.ok(); --tags) {
    const std::uint32_t tag = reader.uvarint();
    Reader field(reader.raw(reader.uvarint()));
    if (tag != kDivergingEpochTag || !reader.ok()) continue;
    partition.diverging_epoch = field.i32();
    partition.diverging_end_offset = field.i64();
    if (!field.ok()) reader.fail();
  }
}

void read_partition(Reader& reader, std::int16_t version, FetchResponse::Partition& partition) {
  const bool flexible = version >= FetchRequest::kFirstFlexible;
  partition.partition = reader.i32();
  partition.error = KafkaError{reader.i16()};
  partition.high_watermark = reader.i64();
  partition.last_stable_offset = reader.i64();
  if (version >= 5) partition.log_start_offset = reader.i64();
  constexpr std::size_t kMinAbortedBytes = 16;
  partition.aborted.resize(reader.array_size(flexible, kMinAbortedBytes));
  for (auto& aborted : partition.aborted) {
    aborted.producer_id = reader.i64();
    aborted.first_offset = reader.i64();
    reader.skip_tags(flexible);
  }
  if (version >= 11) partition.preferred_read_replica = reader.i32();
  partition.records = reader.nullable_bytes(flexible);
  if (flexible) read_tags(reader, partition);
}

void write_partition(const FetchRequest::Partition& partition, std::int16_t version, Writer& writer) {
  writer.i32(partition.partition);
  if (version >= 9) writer.i32(partition.current_leader_epoch);
  writer.i64(partition.fetch_offset);
  if (version >= 12) writer.i32(partition.last_fetched_epoch);
  if (version >= 5) writer.i64(-1);  // log_start_offset: replicas only
  writer.i32(partition.max_bytes);
  writer.no_tags(version >= FetchRequest::kFirstFlexible);
}

}  // namespace

void encode(const FetchRequest& request, std::int16_t version, Writer& writer) {
  const bool flexible = version >= FetchRequest::kFirstFlexible;
  writer.i32(-1);  // replica_id: a consumer
  writer.i32(request.max_wait_ms);
  writer.i32(request.min_bytes);
  writer.i32(request.max_bytes);
  writer.i8(static_cast<std::int8_t>(request.isolation));
  if (version >= 7) writer.i32(0);   // session_id
  if (version >= 7) writer.i32(-1);  // session_epoch
  write_by_topic(request.partitions, flexible, writer,
                 [&](const FetchRequest::Partition& partition) { write_partition(partition, version, writer); });
  if (version >= 7) writer.array_size(0, flexible);  // forgotten
  if (version >= 11) writer.string({}, flexible);    // rack_id
  writer.no_tags(flexible);
}

bool decode(Reader& reader, std::int16_t version, FetchResponse& response) {
  const bool flexible = version >= FetchRequest::kFirstFlexible;
  response.throttle_ms = reader.i32();
  if (version >= 7) response.error = KafkaError{reader.i16()};
  if (version >= 7) response.session_id = reader.i32();
  constexpr std::size_t kMinTopicBytes = 3;
  constexpr std::size_t kMinPartitionBytes = 30;
  for (std::size_t topics = reader.array_size(flexible, kMinTopicBytes); topics > 0 && reader.ok(); --topics) {
    const std::string_view topic = reader.string(flexible);
    std::size_t count = reader.array_size(flexible, kMinPartitionBytes);
    if (count > kMaxAnsweredPartitions - response.partitions.size()) reader.fail();
    for (; count > 0 && reader.ok(); --count) {
      auto& partition = response.partitions.emplace_back();
      partition.topic = topic;
      read_partition(reader, version, partition);
    }
    reader.skip_tags(flexible);
  }
  reader.skip_tags(flexible);
  return reader.ok();
}

}  // namespace ductus::kafka
