// Metadata that lies: what leads nowhere is a state with a reason, and what cannot be is not believed.
#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::Deliver;
using ports::TopicFound;
using ports::TopicMissing;
using ports::Trouble;

class BadMetadata : public ScriptedCluster {
 protected:
  using Partitions = std::vector<MetadataResponse::Partition>;

  // A Cluster alone, told by answers that the test writes.
  void told(MetadataResponse response) {
    if (!cluster) {
      hub.emplace(settings);
      cluster.emplace(settings, *hub);
      ports::SourceEffects out;
      cluster->watch("t", now, out);
    }
    cluster->answered(response, now, effects);
  }
  static MetadataResponse of(Partitions partitions, ports::TopicId id = kFirstId) {
    MetadataResponse response;
    response.brokers = {{1, "one", 9092}, {2, "two", 9092}};
    response.topics.push_back({KafkaError::kNone, "t", id, std::move(partitions)});
    return response;
  }
  std::int32_t leader() const { return cluster->leader_of(0, 0).node_id; }
  template <class Effect>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(effects.begin(), effects.end(), [](const auto& e) { return std::holds_alternative<Effect>(e); }));
  }
  std::optional<LinkHub> hub;
  std::optional<Cluster> cluster;
  ports::SourceEffects effects;
};

TEST_F(BadMetadata, B51_ALeaderThatIsNoneOrUnknownOrHasNoAddressLeadsNothing) {
  for (const std::int32_t bad_leader : {-1, -2, 99, INT32_MAX, INT32_MIN}) {
    told(of({{KafkaError::kNone, 0, bad_leader, 1}}));
    EXPECT_EQ(leader(), -1) << bad_leader;
    EXPECT_EQ(cluster->why_leaderless(0, 0).code, ErrorCode::kUnreachable);
  }
  MetadataResponse response = of({{KafkaError::kNone, 0, 1, 2}});
  for (const std::int32_t port : {0, -1, 65536, INT32_MAX}) {
    response.brokers[0].port = port;
    told(response);
    EXPECT_EQ(leader(), -1) << port;
  }
}

TEST_F(BadMetadata, B51_ALeaderThatCannotBeReachedIsAStateWithItsAddressAndNoHotLoop) {
  dead_ports = {9001};
  attach_partitions(1);
  want(0, 12);
  pass(std::chrono::minutes(1));
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_NE(troubles[0].error.message.find("broker:9001"), std::string::npos) << troubles[0].error.message;
  EXPECT_LE(opened_to.size(), 200u) << "a minute of tries, the longest pause between them being a second";
  EXPECT_LE(metadata_requests.size(), 200u);
}

TEST_F(BadMetadata, B52_PartitionsTwiceOrFromNowhereAreNotBelieved) {
  for (const std::vector<std::int32_t>& indices :
       std::vector<std::vector<std::int32_t>>{{0, 0}, {1}, {0, 2}, {-1, 0}, {0, INT32_MAX}, {INT32_MIN, 0, 1}}) {
    Partitions partitions;
    for (const std::int32_t index : indices) partitions.push_back({KafkaError::kNone, index, 1, 1});
    told(of(partitions));
    EXPECT_EQ(cluster->why_leaderless(0, 0).code, ErrorCode::kCorrupt);
  }
  EXPECT_EQ(count<TopicFound>(), 0u);
  EXPECT_EQ(count<TopicMissing>(), 1u) << "told once";
}

TEST_F(BadMetadata, B53_ATopicIdThatIsZeroAtTimesStaysTheOneThatWasKnown) {
  told(of({{KafkaError::kNone, 0, 1, 1}}));
  told(of({{KafkaError::kNone, 0, 1, 1}}, {}));
  told(of({{KafkaError::kNone, 0, 1, 1}}));
  EXPECT_EQ(cluster->topic_id(0), kFirstId);
  EXPECT_EQ(count<TopicFound>(), 1u);
}

TEST_F(BadMetadata, B53_ATopicIdThatChangesWithEachAnswerStopsThePartitionOnce) {
  attach_partitions(1);
  want(0, 12, -1, kFirstId);
  for (std::uint8_t id = 2; id < 20; ++id) {
    topic_id = {id};
    pass(std::chrono::minutes(1));
  }
  EXPECT_EQ(take<Trouble>().size(), 1u);
  EXPECT_TRUE(take<Deliver>().empty());
  EXPECT_LE(metadata_requests.size(), 40u);
}

TEST_F(BadMetadata, B54_AnOlderLeaderEpochIsTheWordOfABrokerThatLagsBehind) {
  told(of({{KafkaError::kNone, 0, 2, 7}}));
  told(of({{KafkaError::kNone, 0, 1, 6}}));
  EXPECT_EQ(leader(), 2);
  EXPECT_EQ(cluster->leader_of(0, 0).epoch, 7);
  told(of({{KafkaError::kNone, 0, 1, 8}}));
  EXPECT_EQ(leader(), 1);
  told(of({{KafkaError::kNone, 0, 2, 0}}, {9}));
  EXPECT_EQ(leader(), 2) << "the epochs of a topic that was made anew start again";
}

TEST_F(BadMetadata, B55_OfAMillionTopicsOnlyThoseWantedAreKept) {
  MetadataResponse response = of({{KafkaError::kNone, 0, 1, 1}});
  response.topics.reserve(kMaxMetadataTopics);
  while (response.topics.size() < kMaxMetadataTopics) {
    response.topics.push_back({KafkaError::kNone, std::to_string(response.topics.size()), kFirstId, {}});
  }
  told(std::move(response));
  EXPECT_EQ(leader(), 1);
  EXPECT_EQ(effects.size(), 1u);
}

TEST_F(BadMetadata, B55_AnAnswerOfMoreTopicsThanAMillionIsRefused) {
  const auto listing = [](std::size_t count_of_topics) {
    Writer writer;
    writer.i32(0);  // correlation id
    writer.i32(0);  // brokers
    writer.i32(-1);
    writer.i32(static_cast<std::int32_t>(count_of_topics));
    for (std::size_t i = 0; i < count_of_topics; ++i) {
      writer.i16(0);
      writer.string("t", false);
      writer.boolean(false);
      writer.i32(0);
    }
    return KafkaAnswerCutter().cut({0, static_cast<std::int16_t>(ApiKey::kMetadata), 1},
                                   base::Buffer::copy_of(writer.bytes()));
  };
  EXPECT_TRUE(listing(kMaxMetadataTopics).ok());
  const auto refused = listing(kMaxMetadataTopics + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

TEST_F(BadMetadata, B56_HostsWithControlBytesOrOfNoLengthAreNeverOpened) {
  MetadataResponse response = of({{KafkaError::kNone, 0, 1, 1}});
  for (const std::string& host : {std::string(), std::string("a\0b", 3), std::string("a\nb"), std::string("a b"),
                                  std::string(256, 'h'), std::string("\x1b[2J"), std::string("h\xff")}) {
    response.brokers[0].host = host;
    told(response);
    EXPECT_EQ(leader(), -1);
    EXPECT_EQ(cluster->endpoint_of(1), nullptr);
  }
  response.brokers[0].host = std::string(255, 'h');
  told(response);
  EXPECT_EQ(leader(), 1);
}

TEST_F(BadMetadata, B57_AControllerThatFlapsChangesNothing) {
  for (std::int32_t controller : {1, 2, -1, 99, INT32_MAX}) {
    Writer writer;
    writer.i32(0);  // correlation id
    writer.i32(1);
    writer.i32(1);
    writer.string("one", false);
    writer.i32(9092);
    writer.null_string(false);
    writer.i32(controller);
    writer.i32(0);  // topics
    const auto answer = KafkaAnswerCutter().cut({0, static_cast<std::int16_t>(ApiKey::kMetadata), 1},
                                                base::Buffer::copy_of(writer.bytes()));
    ASSERT_TRUE(answer.ok());
    MetadataResponse response = static_cast<const MetadataAnswer&>(**answer).response;
    response.topics = of({{KafkaError::kNone, 0, 1, 1}}).topics;
    told(std::move(response));
    EXPECT_EQ(leader(), 1);
  }
  EXPECT_EQ(effects.size(), 1u) << "the topic was found, once";
}

TEST_F(BadMetadata, B58_AThrottleOfDaysOrBelowZeroHoldsAConnectionBackForSecondsAtMost) {
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 100)}, 0, INT32_MAX);
  EXPECT_EQ(take<Deliver>().size(), 1u) << "what came with it counts";
  EXPECT_TRUE(fetches().empty());
  pass(settings.request_timeout);
  ASSERT_EQ(only_fetch().asks(), "t/0@10");
  answer(only_fetch(), {data(0, 13, 20, 100)}, 0, INT32_MIN);
  EXPECT_EQ(only_fetch().asks(), "t/0@20");
}

}  // namespace
}  // namespace ductus::kafka
