#include <gtest/gtest.h>

#include "practice_broker.h"

namespace ductus::sandbox {
namespace {

struct ApiRange {
  std::int16_t key;
  std::int16_t min;
  std::int16_t max;
  bool operator==(const ApiRange&) const = default;
};

const std::vector<ApiRange> kServed = {{0, 3, 3}, {1, 4, 16}, {2, 1, 7}, {3, 1, 12}, {18, 0, 3}};

class Answers : public PracticeBroker {
 protected:
  void SetUp() override {
    serve_events("events:2:100");
    serve_events("others:1:100");
  }
};

TEST_F(Answers, ApiVersionsTellsWhatIsServed) {
  Client client = connect();
  const Bytes answer = ask(client, request(18, 0, false));
  kafka::Reader reader(answer);
  EXPECT_EQ(reader.i32(), 7);
  EXPECT_EQ(reader.i16(), 0);
  std::vector<ApiRange> apis;
  for (std::size_t left = reader.array_size(false, 6); left > 0; --left) {
    apis.push_back({reader.i16(), reader.i16(), reader.i16()});
  }
  EXPECT_EQ(apis, kServed);
  EXPECT_TRUE(reader.complete());
}

TEST_F(Answers, FlexibleApiVersionsHasNoTagsInItsHeader) {
  Client client = connect();
  kafka::Writer asked = request(18, 3, true);
  asked.string("test-client", true);
  asked.string("1.0", true);
  asked.no_tags(true);
  const Bytes answer = ask(client, asked);
  kafka::Reader reader(answer);
  EXPECT_EQ(reader.i32(), 7);
  EXPECT_EQ(reader.i16(), 0);
  for (std::size_t left = reader.array_size(true, 7); left > 0; --left) {
    reader.skip(6);
    reader.skip_tags(true);
  }
  EXPECT_EQ(reader.i32(), 0) << "throttle time";
  reader.skip_tags(true);
  EXPECT_TRUE(reader.complete());
}

TEST_F(Answers, AnUnknownApiVersionsVersionIsAnsweredAsVersionZero) {
  Client client = connect();
  kafka::Writer asked = request(18, 99, true);
  asked.raw(Bytes{0xDE, 0xAD});
  const Bytes answer = ask(client, asked);
  kafka::Reader reader(answer);
  EXPECT_EQ(reader.i32(), 7);
  EXPECT_EQ(reader.i16(), 35);
  EXPECT_EQ(reader.array_size(false, 6), kServed.size());
  reader.skip(6 * kServed.size());
  EXPECT_TRUE(reader.complete());
}

struct TopicSeen {
  std::int16_t error = 0;
  std::string name;
  TopicId id{};
  std::size_t partitions = 0;
};

// Reads a Metadata answer of any served version.
std::vector<TopicSeen> topics_in(const Bytes& answer, std::int16_t version, std::uint16_t port) {
  const bool flexible = version >= 9;
  kafka::Reader reader(answer);
  EXPECT_EQ(reader.i32(), 7);
  reader.skip_tags(flexible);
  if (version >= 3) reader.skip(4);
  EXPECT_EQ(reader.array_size(flexible, 1), 1U);
  EXPECT_EQ(reader.i32(), 1);
  EXPECT_EQ(reader.string(flexible), "127.0.0.1");
  EXPECT_EQ(reader.i32(), port);
  (void)reader.nullable_string(flexible);
  reader.skip_tags(flexible);
  if (version >= 2) (void)reader.nullable_string(flexible);
  EXPECT_EQ(reader.i32(), 1);
  std::vector<TopicSeen> topics;
  for (std::size_t left = reader.array_size(flexible, 1); left > 0 && reader.ok(); --left) {
    TopicSeen& topic = topics.emplace_back();
    topic.error = reader.i16();
    topic.name = reader.nullable_string(flexible);
    if (version >= 10) {
      const base::ByteView id = reader.raw(16);
      std::copy(id.begin(), id.end(), topic.id.begin());
    }
    reader.skip(1);
    topic.partitions = reader.array_size(flexible, 1);
    for (std::size_t i = 0; i < topic.partitions; ++i) {
      EXPECT_EQ(reader.i16(), 0);
      EXPECT_EQ(reader.i32(), static_cast<std::int32_t>(i));
      EXPECT_EQ(reader.i32(), 1) << "leader";
      if (version >= 7) {
        EXPECT_EQ(reader.i32(), 0) << "leader epoch";
      }
      for (int list = 0; list < (version >= 5 ? 3 : 2); ++list) reader.skip(4 * reader.array_size(flexible, 4));
      reader.skip_tags(flexible);
    }
    if (version >= 8) reader.skip(4);
    reader.skip_tags(flexible);
  }
  if (version >= 8 && version <= 10) reader.skip(4);
  reader.skip_tags(flexible);
  EXPECT_TRUE(reader.complete()) << "version " << version;
  return topics;
}

kafka::Writer metadata_request(std::int16_t version, std::optional<std::vector<std::string>> names) {
  const bool flexible = version >= 9;
  kafka::Writer out = request(3, version, flexible);
  if (!names) {
    if (flexible) {
      out.uvarint(0);
    } else {
      out.i32(-1);
    }
  } else {
    out.array_size(names->size(), flexible);
    for (const std::string& name : *names) {
      if (version >= 10) out.raw(TopicId{});
      out.string(name, flexible);
      out.no_tags(flexible);
    }
  }
  if (version >= 4) out.boolean(true);
  if (version >= 8) out.boolean(false);
  if (version >= 8 && version <= 10) out.boolean(false);
  out.no_tags(flexible);
  return out;
}

TEST_F(Answers, MetadataDescribesTopicsInEveryVersion) {
  Client client = connect();
  for (std::int16_t version = 1; version <= 12; ++version) {
    const Bytes answer = ask(client, metadata_request(version, {{"events", "missing"}}));
    const std::vector<TopicSeen> topics = topics_in(answer, version, server->ports()[0]);
    ASSERT_EQ(topics.size(), 2U) << "version " << version;
    EXPECT_EQ(topics[0].error, 0);
    EXPECT_EQ(topics[0].partitions, 2U);
    EXPECT_EQ(topics[1].error, 3) << "nothing is created, whatever the request allows";
    EXPECT_EQ(topics[1].name, "missing");
  }
}

TEST_F(Answers, MetadataOfAllTopicsAndOfNone) {
  Client client = connect();
  for (const std::int16_t version : {std::int16_t{1}, std::int16_t{9}}) {
    EXPECT_EQ(topics_in(ask(client, metadata_request(version, std::nullopt)), version, server->ports()[0]).size(), 2U);
    EXPECT_EQ(topics_in(ask(client, metadata_request(version, {{}})), version, server->ports()[0]).size(), 0U);
  }
}

TEST_F(Answers, MetadataFindsATopicById) {
  Client client = connect();
  const auto by_id = [&](const TopicId& id) {
    kafka::Writer asked = request(3, 12, true);
    asked.array_size(1, true);
    asked.raw(id);
    asked.null_string(true);
    asked.no_tags(true);
    asked.boolean(false);
    asked.boolean(false);
    asked.no_tags(true);
    return topics_in(ask(client, asked), 12, server->ports()[0]);
  };
  const TopicId id = catalog.find("events")->id;
  ASSERT_EQ(by_id(id).size(), 1U);
  EXPECT_EQ(by_id(id)[0].name, "events");
  EXPECT_EQ(by_id(id)[0].id, id);
  EXPECT_EQ(by_id(TopicId{1})[0].error, 100);
}

struct OffsetSeen {
  std::int16_t error = 0;
  std::int64_t timestamp_ms = 0;
  std::int64_t offset = 0;
  bool operator==(const OffsetSeen&) const = default;
};

class ListOffsets : public Answers {
 protected:
  OffsetSeen offset(std::int16_t version, const std::string& topic, std::int32_t partition, std::int64_t timestamp) {
    const bool flexible = version >= 6;
    kafka::Writer asked = request(2, version, flexible);
    asked.i32(-1);
    if (version >= 2) asked.i8(0);
    asked.array_size(1, flexible);
    asked.string(topic, flexible);
    asked.array_size(1, flexible);
    asked.i32(partition);
    if (version >= 4) asked.i32(-1);
    asked.i64(timestamp);
    for (int i = 0; i < 3; ++i) asked.no_tags(flexible);
    Client client = connect();
    const Bytes answer = ask(client, asked);
    kafka::Reader reader(answer);
    reader.skip(4);
    reader.skip_tags(flexible);
    if (version >= 2) reader.skip(4);
    EXPECT_EQ(reader.array_size(flexible, 1), 1U);
    EXPECT_EQ(reader.string(flexible), topic);
    EXPECT_EQ(reader.array_size(flexible, 1), 1U);
    EXPECT_EQ(reader.i32(), partition);
    const OffsetSeen seen{reader.i16(), reader.i64(), reader.i64()};
    if (version >= 4) {
      EXPECT_EQ(reader.i32(), seen.offset < 0 ? -1 : 0);
    }
    for (int i = 0; i < 3; ++i) reader.skip_tags(flexible);
    EXPECT_TRUE(reader.complete()) << "version " << version;
    return seen;
  }
};

TEST_F(ListOffsets, TellsBothEndsInEveryVersion) {
  for (std::int16_t version = 1; version <= 7; ++version) {
    EXPECT_EQ(offset(version, "events", 1, -2), (OffsetSeen{0, -1, 0}));
    EXPECT_EQ(offset(version, "events", 1, -1), (OffsetSeen{0, -1, 100}));
    EXPECT_EQ(offset(version, "events", 2, -1), (OffsetSeen{3, -1, -1}));
    EXPECT_EQ(offset(version, "missing", 0, -1), (OffsetSeen{3, -1, -1}));
  }
}

TEST_F(ListOffsets, FindsTheFirstMessageAtOrAfterATime) {
  EXPECT_EQ(offset(1, "events", 0, kStartMs - 40), (OffsetSeen{0, kStartMs - 40, 60}));
  EXPECT_EQ(offset(1, "events", 0, 0), (OffsetSeen{0, kStartMs - 100, 0}));
  EXPECT_EQ(offset(1, "events", 0, kStartMs), (OffsetSeen{0, -1, -1})) << "none is that young";
  EXPECT_EQ(offset(7, "events", 0, -3), (OffsetSeen{0, kStartMs - 1, 99})) << "the youngest";
}

TEST_F(Answers, ProducingIsRefused) {
  Client client = connect();
  const auto produce = [](std::int16_t acks) {
    kafka::Writer asked = request(0, 3, false);
    asked.null_string(false);
    asked.i16(acks);
    asked.i32(1000);
    asked.array_size(1, false);
    asked.string("events", false);
    asked.array_size(1, false);
    asked.i32(0);
    asked.nullable_bytes(Bytes{1, 2, 3}, false);
    return asked;
  };
  const Bytes answer = ask(client, produce(1));
  kafka::Reader reader(answer);
  reader.skip(4 + 4);
  EXPECT_EQ(reader.string(false), "events");
  reader.skip(4 + 4);
  EXPECT_EQ(reader.i16(), 29);
  reader.skip(8 + 8 + 4);
  EXPECT_TRUE(reader.complete());

  client.send(produce(0));
  EXPECT_TRUE(is_hung_up_on(client)) << "who wants no answer must notice as well";
}

}  // namespace
}  // namespace ductus::sandbox
