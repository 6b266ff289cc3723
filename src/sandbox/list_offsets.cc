#include "sandbox/list_offsets.h"

#include <cstdint>
#include <string_view>

#include "sandbox/logs/record_batch.h"

namespace ductus::sandbox {
namespace {

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int16_t kMaxTimestampSince = 7;

struct FoundOffset {
  KafkaError error = KafkaError::kNone;
  std::int64_t timestamp_ms = -1;
  std::int64_t offset = -1;  // -1: no message is that young
};

// The first message at or after a time. Timestamps never fall within a log.
FoundOffset find_time(const PartitionLog& log, std::int64_t end, std::int64_t timestamp_ms) {
  std::int64_t low = 0;
  std::int64_t high = end;
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (log.timestamp_ms(middle) < timestamp_ms) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  if (low == end) return {};
  return {KafkaError::kNone, log.timestamp_ms(low), low};
}

FoundOffset find_offset(const PartitionLog* log, std::int32_t leader_epoch, std::int64_t timestamp_ms,
                        const RequestHeader& header, base::Time now) {
  if (log == nullptr) return {KafkaError::kUnknownTopicOrPartition, -1, -1};
  if (leader_epoch > kLeaderEpoch) return {KafkaError::kUnknownLeaderEpoch, -1, -1};
  const std::int64_t end = log->end_offset(now);
  if (timestamp_ms == kLatest) return {KafkaError::kNone, -1, end};
  if (timestamp_ms == kEarliest) return {KafkaError::kNone, -1, 0};
  if (timestamp_ms == kMaxTimestamp && header.version >= kMaxTimestampSince) {
    // Of the messages with the highest timestamp the first one.
    return end == 0 ? FoundOffset{} : find_time(*log, end, log->timestamp_ms(end - 1));
  }
  if (timestamp_ms < 0) return {KafkaError::kUnsupportedVersion, -1, -1};
  return find_time(*log, end, timestamp_ms);
}

void answer_offset(const RequestHeader& header, const Topic* topic, kafka::Reader& reader, base::Time now,
                   kafka::Writer& out) {
  const std::int32_t index = reader.i32();
  const std::int32_t leader_epoch = header.version >= 4 ? reader.i32() : -1;
  const std::int64_t timestamp_ms = reader.i64();
  reader.skip_tags(header.flexible);
  const PartitionLog* log = topic == nullptr ? nullptr : topic->partition(index);
  const FoundOffset found = find_offset(log, leader_epoch, timestamp_ms, header, now);
  out.i32(index);
  out.i16(static_cast<std::int16_t>(found.error));
  out.i64(found.timestamp_ms);
  out.i64(found.offset);
  if (header.version >= 4) out.i32(found.offset < 0 ? -1 : kLeaderEpoch);
  out.no_tags(header.flexible);
}

}  // namespace

Result<Frame> answer_list_offsets(const RequestHeader& header, kafka::Reader& reader, const Catalog& catalog,
                                  base::Time now) {
  Frame frame(header);
  kafka::Writer& out = frame.own();
  (void)reader.i32();  // replica id
  if (header.version >= 2) {
    (void)reader.i8();  // isolation level: there are no transactions
    out.i32(0);
  }
  std::size_t topics = reader.array_size(header.flexible, 3);
  out.array_size(topics, header.flexible);
  for (; topics > 0 && reader.ok(); --topics) {
    const std::string_view name = reader.string(header.flexible);
    out.string(name, header.flexible);
    std::size_t partitions = reader.array_size(header.flexible, 12);
    out.array_size(partitions, header.flexible);
    const Topic* topic = catalog.find(name);
    for (; partitions > 0 && reader.ok(); --partitions) answer_offset(header, topic, reader, now, out);
    reader.skip_tags(header.flexible);
    out.no_tags(header.flexible);
  }
  reader.skip_tags(header.flexible);
  if (!reader.complete()) return Error{ErrorCode::kCorrupt, "a ListOffsets request that does not parse"};
  out.no_tags(header.flexible);
  return frame;
}

}  // namespace ductus::sandbox
