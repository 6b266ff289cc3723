#include "kafka/api/fetch.h"

#include <utility>

namespace ductus::kafka {
namespace {

constexpr std::uint32_t kDivergingEpochTag = 0;
constexpr std::uint32_t kCurrentLeaderTag = 1;
constexpr std::uint32_t kNodeEndpointsTag = 0;

// `read_tag(tag, field)` reads those that it knows.
template <class ReadTag>
void read_tags(Reader& reader, ReadTag read_tag) {
  for (std::uint32_t tags = reader.uvarint(); tags > 0 && reader.ok(); --tags) {
    const std::uint32_t tag = reader.uvarint();
    Reader field(reader.raw(reader.uvarint()));
    if (reader.ok()) read_tag(tag, field);
    if (!field.ok()) reader.fail();
  }
}

void read_partition_tag(std::uint32_t tag, Reader& field, FetchResponse::Partition& partition) {
  if (tag == kDivergingEpochTag) {
    partition.diverging_epoch = field.i32();
    partition.diverging_end_offset = field.i64();
  } else if (tag == kCurrentLeaderTag) {
    partition.leader_id = field.i32();
    partition.leader_epoch = field.i32();
  }
}

void read_leaders(Reader& field, std::vector<MetadataResponse::Broker>& leaders) {
  constexpr std::size_t kMinEndpointBytes = 11;
  std::size_t count = field.array_size(true, kMinEndpointBytes);
  if (count > kMaxMetadataBrokers - leaders.size()) field.fail();  // a tag may come twice
  for (; count > 0 && field.ok(); --count) read_broker(field, true, leaders.emplace_back());
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
  if (flexible) read_tags(reader, [&](std::uint32_t tag, Reader& field) { read_partition_tag(tag, field, partition); });
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
  const bool by_id = version >= FetchRequest::kFirstByTopicId;
  if (version <= 14) writer.i32(-1);  // replica_id: a consumer
  writer.i32(request.max_wait_ms);
  writer.i32(request.min_bytes);
  writer.i32(request.max_bytes);
  writer.i8(static_cast<std::int8_t>(request.isolation));
  if (version >= 7) writer.i32(0);   // session_id
  if (version >= 7) writer.i32(-1);  // session_epoch
  using Partition = FetchRequest::Partition;
  write_by_topic(
      request.partitions, flexible, writer,
      [](const Partition& partition) { return std::pair(partition.topic, partition.topic_id); },
      [&](const Partition& partition) {
        by_id ? writer.raw(partition.topic_id) : writer.string(partition.topic, flexible);
      },
      [&](const Partition& partition) { write_partition(partition, version, writer); });
  if (version >= 7) writer.array_size(0, flexible);  // forgotten
  if (version >= 11) writer.string({}, flexible);    // rack_id
  writer.no_tags(flexible);
}

bool decode(Reader& reader, std::int16_t version, FetchResponse& response) {
  const bool flexible = version >= FetchRequest::kFirstFlexible;
  const bool by_id = version >= FetchRequest::kFirstByTopicId;
  response.throttle_ms = reader.i32();
  if (version >= 7) response.error = KafkaError{reader.i16()};
  if (version >= 7) response.session_id = reader.i32();
  constexpr std::size_t kMinTopicBytes = 3;
  constexpr std::size_t kMinPartitionBytes = 30;
  for (std::size_t topics = reader.array_size(flexible, kMinTopicBytes); topics > 0 && reader.ok(); --topics) {
    const std::string_view topic = by_id ? std::string_view() : reader.string(flexible);
    const ports::TopicId topic_id = by_id ? read_topic_id(reader) : ports::TopicId{};
    std::size_t count = reader.array_size(flexible, kMinPartitionBytes);
    if (count > kMaxAnsweredPartitions - response.partitions.size()) reader.fail();
    for (; count > 0 && reader.ok(); --count) {
      auto& partition = response.partitions.emplace_back();
      partition.topic = topic;
      partition.topic_id = topic_id;
      read_partition(reader, version, partition);
    }
    reader.skip_tags(flexible);
  }
  if (!flexible) return reader.ok();
  read_tags(reader, [&](std::uint32_t tag, Reader& field) {
    if (version >= 16 && tag == kNodeEndpointsTag) read_leaders(field, response.leaders);
  });
  return reader.ok();
}

}  // namespace ductus::kafka
