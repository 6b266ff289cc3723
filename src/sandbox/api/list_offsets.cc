#include "sandbox/api/list_offsets.h"

#include <cstdint>
#include <string_view>

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

FoundOffset find_offset(const PartitionLog& log, std::int64_t timestamp_ms, const RequestHeader& header,
                        base::Time now) {
  const std::int64_t end = log.end_offset(now);
  if (timestamp_ms == kLatest) return {KafkaError::kNone, -1, end};
  if (timestamp_ms == kEarliest) return {KafkaError::kNone, -1, 0};
  if (timestamp_ms == kMaxTimestamp && header.version >= kMaxTimestampSince) {
    // Of the messages with the highest timestamp the first one.
    return end == 0 ? FoundOffset{} : find_time(log, end, log.timestamp_ms(end - 1));
  }
  if (timestamp_ms < 0) return {KafkaError::kUnsupportedVersion, -1, -1};
  return find_time(log, end, timestamp_ms);
}

struct AskedOffset {
  std::int32_t partition;
  std::int32_t leader_epoch;
  std::int64_t timestamp_ms;
};

AskedOffset read_asked(const RequestHeader& header, kafka::Reader& reader) {
  AskedOffset asked{};
  asked.partition = reader.i32();
  asked.leader_epoch = header.version >= 4 ? reader.i32() : -1;
  asked.timestamp_ms = reader.i64();
  reader.skip_tags(header.flexible);
  return asked;
}

void answer_offset(const RequestHeader& header, std::string_view name, kafka::Reader& reader,
                   const Answering& answering, kafka::Writer& out) {
  const AskedOffset asked = read_asked(header, reader);
  const Topic* topic = answering.brokers.catalog.find(name);
  const PartitionLog* log = topic == nullptr ? nullptr : topic->partition(asked.partition);
  FoundOffset found{error_for(answering, name, asked.partition, log, asked.leader_epoch)};
  if (found.error == KafkaError::kNone && log != nullptr) {
    found = find_offset(*log, asked.timestamp_ms, header, answering.now);
  }
  out.i32(asked.partition);
  out.i16(static_cast<std::int16_t>(found.error));
  out.i64(found.timestamp_ms);
  out.i64(found.offset);
  if (header.version >= 4) {
    out.i32(found.offset < 0 ? -1 : answering.brokers.leaders.leader_of(name, asked.partition).epoch);
  }
  out.no_tags(header.flexible);
}

}  // namespace

std::vector<AskedPlace> places_of_list_offsets(const RequestHeader& header, kafka::Reader reader) {
  std::vector<AskedPlace> places;
  (void)reader.i32();
  if (header.version >= 2) (void)reader.i8();
  for (std::size_t topics = reader.array_size(header.flexible, 3); topics > 0 && reader.ok(); --topics) {
    const std::string_view name = reader.string(header.flexible);
    std::size_t partitions = reader.array_size(header.flexible, 12);
    for (; partitions > 0 && reader.ok(); --partitions) places.push_back({name, read_asked(header, reader).partition});
    reader.skip_tags(header.flexible);
  }
  return places;
}

Result<Frame> answer_list_offsets(const RequestHeader& header, kafka::Reader& reader, const Answering& answering) {
  Frame frame = start_answer(header);
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
    for (; partitions > 0 && reader.ok(); --partitions) answer_offset(header, name, reader, answering, out);
    reader.skip_tags(header.flexible);
    out.no_tags(header.flexible);
  }
  reader.skip_tags(header.flexible);
  if (!reader.complete()) return Error{ErrorCode::kCorrupt, "a ListOffsets request that does not parse"};
  out.no_tags(header.flexible);
  return frame;
}

}  // namespace ductus::sandbox
