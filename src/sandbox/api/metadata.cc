#include "sandbox/api/metadata.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace ductus::sandbox {
namespace {

constexpr std::int32_t kOperationsNotAsked = INT32_MIN;

struct AskedTopic {
  const Topic* topic = nullptr;
  TopicId id{};
  std::string_view name;  // null: asked by id
};

std::vector<AskedTopic> read_asked_topics(const RequestHeader& header, const Catalog& catalog, kafka::Reader& reader) {
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

void write_partition_metadata(const RequestHeader& header, std::int32_t index, Leaders::Leader leader,
                              kafka::Writer& out) {
  const auto only_the_leader = [&] {
    out.array_size(1, header.flexible);
    out.i32(leader.node_id);
  };
  out.i16(static_cast<std::int16_t>(KafkaError::kNone));
  out.i32(index);
  out.i32(leader.node_id);
  if (header.version >= 7) out.i32(leader.epoch);
  only_the_leader();
  only_the_leader();
  if (header.version >= 5) out.array_size(0, header.flexible);
  out.no_tags(header.flexible);
}

void write_topic_metadata(const RequestHeader& header, const AskedTopic& asked, const Answering& answering,
                          kafka::Writer& out) {
  const bool by_id = asked.name.data() == nullptr;
  const Topic* topic = asked.topic;
  const KafkaError missing = by_id ? KafkaError::kUnknownTopicId : KafkaError::kUnknownTopicOrPartition;
  const KafkaError error = topic == nullptr ? missing : KafkaError::kNone;
  const std::string_view name = topic == nullptr ? asked.name : topic->name;
  out.i16(answering.fate.error_of(name, -1).value_or(static_cast<std::int16_t>(error)));
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
  const Leaders& leaders = answering.brokers.leaders;
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(partitions); ++i) {
    const bool old = answering.fate.old_leaders;
    write_partition_metadata(header, i, old ? leaders.first_leader_of(i) : leaders.leader_of(name, i), out);
  }
  if (header.version >= 8) out.i32(kOperationsNotAsked);
  out.no_tags(header.flexible);
}

void write_brokers(const RequestHeader& header, const std::vector<std::uint16_t>& ports, kafka::Writer& out) {
  out.array_size(ports.size(), header.flexible);
  for (std::size_t i = 0; i < ports.size(); ++i) {
    out.i32(static_cast<std::int32_t>(i + 1));
    out.string("127.0.0.1", header.flexible);
    out.i32(ports[i]);
    out.null_string(header.flexible);
    out.no_tags(header.flexible);
  }
}

}  // namespace

std::vector<AskedPlace> places_of_metadata(const RequestHeader& header, kafka::Reader reader) {
  const Catalog no_topics;
  std::vector<AskedPlace> places;
  for (const AskedTopic& topic : read_asked_topics(header, no_topics, reader)) places.push_back({topic.name});
  return places;
}

Result<Frame> answer_metadata(const RequestHeader& header, kafka::Reader& reader, const Answering& answering) {
  const std::vector<AskedTopic> asked = read_asked_topics(header, answering.brokers.catalog, reader);
  if (header.version >= 4) (void)reader.boolean();  // nothing is ever created
  if (header.version >= 8) (void)reader.boolean();
  if (header.version >= 8 && header.version <= 10) (void)reader.boolean();
  reader.skip_tags(header.flexible);
  if (!reader.complete()) return Error{ErrorCode::kCorrupt, "a Metadata request that does not parse"};

  Frame frame = start_answer(header);
  kafka::Writer& out = frame.own();
  if (header.version >= 3) out.i32(0);
  write_brokers(header, answering.brokers.ports, out);
  if (header.version >= 2) out.string("ductus-sandbox", header.flexible);
  out.i32(1);  // controller
  out.array_size(asked.size(), header.flexible);
  for (const AskedTopic& topic : asked) {
    write_topic_metadata(header, topic, answering, out);
    if (out.size() > kMaxMetadataBytes) return Error{ErrorCode::kLimit, "a Metadata answer that would be too large"};
  }
  if (header.version >= 8 && header.version <= 10) out.i32(kOperationsNotAsked);
  out.no_tags(header.flexible);
  return frame;
}

}  // namespace ductus::sandbox
