#include "sandbox/answers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "sandbox/record_batch.h"

namespace ductus::sandbox {
namespace {

constexpr std::int32_t kOperationsNotAsked = INT32_MIN;
constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;
constexpr std::int64_t kMaxTimestamp = -3;
constexpr std::int16_t kMaxTimestampSince = 7;

Error corrupt(std::string_view api) {
  return Error{ErrorCode::kCorrupt, "a request of " + std::string(api) + " that does not parse"};
}

void error(KafkaError code, kafka::Writer& out) { out.i16(static_cast<std::int16_t>(code)); }

// ---- ApiVersions -----------------------------------------------------------------------------------------

Result<Frame> answer_api_versions(const RequestHeader& header, kafka::Reader& reader) {
  const bool flexible = header.flexible;
  if (flexible) {
    (void)reader.string(flexible);
    (void)reader.string(flexible);
    reader.skip_tags(flexible);
  }
  if (header.supported && !reader.complete()) return corrupt("ApiVersions");
  Frame frame(header);
  kafka::Writer& out = frame.own();
  error(header.supported ? KafkaError::kNone : KafkaError::kUnsupportedVersion, out);
  out.array_size(kApis.size(), flexible);
  for (const Api& api : kApis) {
    out.i16(static_cast<std::int16_t>(api.key));
    out.i16(api.min_version);
    out.i16(api.max_version);
    out.no_tags(flexible);
  }
  if (header.supported && header.version >= 1) out.i32(0);
  out.no_tags(flexible);
  return frame;
}

// ---- Metadata --------------------------------------------------------------------------------------------
//
//   request := [topic] or null (all) · v4: allowAutoTopicCreation bool · v8-v10: clusterOperations bool
//              · v8: topicOperations bool · tags
//   topic   := v10: id uuid · name string (v10: nullable) · tags
//   answer  := v3: throttleTimeMs int32 · [broker] · v2: clusterId string · controllerId int32 · [topic answer]
//              · v8-v10: clusterOperations int32 · tags

struct AskedTopic {
  const Topic* topic = nullptr;
  TopicId id{};
  std::string_view name;  // null: asked by id
};

std::vector<AskedTopic> read_asked_topics(const RequestHeader& header, const Catalog& catalog,
                                          kafka::Reader& reader) {
  std::vector<AskedTopic> asked;
  kafka::Reader ahead = reader;
  const bool all = header.flexible ? ahead.uvarint() == 0 : ahead.i32() == -1;
  std::size_t topics = reader.array_size(header.flexible, 2);
  for (; topics > 0 && reader.ok(); --topics) {
    AskedTopic& topic = asked.emplace_back();
    if (header.version >= 10) {
      const base::ByteView id = reader.raw(topic.id.size());
      std::copy(id.begin(), id.end(), topic.id.begin());
    }
    topic.name = header.version >= 10 ? reader.nullable_string(true) : reader.string(header.flexible);
    reader.skip_tags(header.flexible);
    topic.topic = topic.name.data() == nullptr ? catalog.find(topic.id) : catalog.find(topic.name);
  }
  if (all) {
    for (const auto& [name, topic] : catalog.topics()) asked.push_back({&topic, topic.id, name});
  }
  return asked;
}

void write_partition_metadata(const RequestHeader& header, std::int32_t index, kafka::Writer& out) {
  const auto only_this_broker = [&] {
    out.array_size(1, header.flexible);
    out.i32(kBrokerId);
  };
  error(KafkaError::kNone, out);
  out.i32(index);
  out.i32(kBrokerId);
  if (header.version >= 7) out.i32(kLeaderEpoch);
  only_this_broker();
  only_this_broker();
  if (header.version >= 5) out.array_size(0, header.flexible);
  out.no_tags(header.flexible);
}

void write_topic_metadata(const RequestHeader& header, const AskedTopic& asked, kafka::Writer& out) {
  const bool by_id = asked.name.data() == nullptr;
  const Topic* topic = asked.topic;
  const KafkaError missing = by_id ? KafkaError::kUnknownTopicId : KafkaError::kUnknownTopicOrPartition;
  error(topic == nullptr ? missing : KafkaError::kNone, out);
  if (topic != nullptr) {
    out.string(topic->name, header.flexible);
  } else if (!by_id) {
    out.string(asked.name, header.flexible);
  } else if (header.version >= 12) {
    out.null_string(true);
  } else {
    out.string("", header.flexible);
  }
  if (header.version >= 10) out.raw(topic == nullptr ? asked.id : topic->id);
  out.boolean(false);
  const std::size_t partitions = topic == nullptr ? 0 : topic->partitions.size();
  out.array_size(partitions, header.flexible);
  for (std::size_t i = 0; i < partitions; ++i) {
    write_partition_metadata(header, static_cast<std::int32_t>(i), out);
  }
  if (header.version >= 8) out.i32(kOperationsNotAsked);
  out.no_tags(header.flexible);
}

void write_broker(const RequestHeader& header, std::uint16_t port, kafka::Writer& out) {
  out.array_size(1, header.flexible);
  out.i32(kBrokerId);
  out.string("127.0.0.1", header.flexible);
  out.i32(port);
  out.null_string(header.flexible);
  out.no_tags(header.flexible);
}

Result<Frame> answer_metadata(const RequestHeader& header, kafka::Reader& reader, const Catalog& catalog,
                              std::uint16_t port) {
  const std::vector<AskedTopic> asked = read_asked_topics(header, catalog, reader);
  if (header.version >= 4) (void)reader.boolean();  // nothing is ever created
  if (header.version >= 8) (void)reader.boolean();
  if (header.version >= 8 && header.version <= 10) (void)reader.boolean();
  reader.skip_tags(header.flexible);
  if (!reader.complete()) return corrupt("Metadata");

  Frame frame(header);
  kafka::Writer& out = frame.own();
  if (header.version >= 3) out.i32(0);
  write_broker(header, port, out);
  if (header.version >= 2) out.string("ductus-sandbox", header.flexible);
  out.i32(kBrokerId);
  out.array_size(asked.size(), header.flexible);
  for (const AskedTopic& topic : asked) {
    write_topic_metadata(header, topic, out);
    if (out.size() > kMaxMetadataBytes) return Error{ErrorCode::kLimit, "a Metadata answer that would be too large"};
  }
  if (header.version >= 8 && header.version <= 10) out.i32(kOperationsNotAsked);
  out.no_tags(header.flexible);
  return frame;
}

// ---- ListOffsets -----------------------------------------------------------------------------------------
//
//   request   := replicaId int32 · v2: isolationLevel int8 · [topic] · tags
//   topic     := name string · [partition] · tags
//   partition := index int32 · v4: currentLeaderEpoch int32 · timestamp int64 · tags
//   answer    := v2: throttleTimeMs int32 · [topic answer] · tags
//   partition answer := index int32 · error int16 · timestamp int64 · offset int64 · v4: leaderEpoch int32 · tags

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
  error(found.error, out);
  out.i64(found.timestamp_ms);
  out.i64(found.offset);
  if (header.version >= 4) out.i32(found.offset < 0 ? -1 : kLeaderEpoch);
  out.no_tags(header.flexible);
}

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
  if (!reader.complete()) return corrupt("ListOffsets");
  out.no_tags(header.flexible);
  return frame;
}

// ---- Produce ---------------------------------------------------------------------------------------------
//
//   request   := transactionalId nullable-string · acks int16 · timeoutMs int32 · [topic]
//   topic     := name string · [partition]
//   partition := index int32 · records nullable-bytes
//   answer    := [name string · [partition answer]] · throttleTimeMs int32
//   partition answer := index int32 · error int16 · baseOffset int64 · logAppendTimeMs int64

Result<Frame> refuse_produce(const RequestHeader& header, kafka::Reader& reader) {
  Frame frame(header);
  kafka::Writer& out = frame.own();
  (void)reader.nullable_string(false);
  const bool answer_wanted = reader.i16() != 0;
  (void)reader.i32();
  std::size_t topics = reader.array_size(false, 6);
  out.array_size(topics, false);
  for (; topics > 0 && reader.ok(); --topics) {
    out.string(reader.string(false), false);
    std::size_t partitions = reader.array_size(false, 8);
    out.array_size(partitions, false);
    for (; partitions > 0 && reader.ok(); --partitions) {
      out.i32(reader.i32());
      (void)reader.nullable_bytes(false);
      error(KafkaError::kTopicAuthorizationFailed, out);
      out.i64(-1);
      out.i64(-1);
    }
  }
  out.i32(0);
  if (!reader.complete()) return corrupt("Produce");
  // Who wants no answer learns of a failure by being hung up on.
  if (!answer_wanted) return Error{ErrorCode::kUnsupported, "nothing can be written here"};
  return frame;
}

Result<Frame> answer(const RequestHeader& header, kafka::Reader& reader, const Catalog& catalog, std::uint16_t port,
                     base::Time now) {
  switch (header.api) {
    case ApiKey::kApiVersions: return answer_api_versions(header, reader);
    case ApiKey::kMetadata: return answer_metadata(header, reader, catalog, port);
    case ApiKey::kListOffsets: return answer_list_offsets(header, reader, catalog, now);
    case ApiKey::kProduce: return refuse_produce(header, reader);
    case ApiKey::kFetch: break;
  }
  return Error{ErrorCode::kUnsupported, "Fetch is answered elsewhere"};
}

}  // namespace

Result<Frame> answer_at_once(const RequestHeader& header, kafka::Reader& reader, const Catalog& catalog,
                             std::uint16_t port, base::Time now) {
  Result<Frame> frame = answer(header, reader, catalog, port, now);
  if (frame.ok()) frame->seal();
  return frame;
}

}  // namespace ductus::sandbox
