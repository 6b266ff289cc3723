// What is asked of metadata, when, and what is told of it.
#include "kafka/client/cluster.h"

#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::TopicFound;
using ports::TopicMissing;

class ClusterTest : public ScriptedCluster {};

TEST_F(ClusterTest, a_topic_is_found_with_its_partitions) {
  topics["t"].resize(3);
  start();
  attach_topic();
  const auto found = take<TopicFound>();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].topic, "t");
  EXPECT_EQ(found[0].partition_count, 3);
  EXPECT_EQ(found[0].topic_id, kFirstId);
}

TEST_F(ClusterTest, metadata_never_lets_a_topic_be_created) {
  topics["t"].resize(1);
  start();
  attach_topic();
  ASSERT_EQ(metadata_requests.size(), 1u);
  Reader reader(metadata_requests[0]);
  reader.skip(4 + 2);
  EXPECT_EQ(reader.i16(), 0x0c);
  reader.skip(4);
  (void)reader.nullable_string(false);
  reader.skip_tags(true);
  ASSERT_EQ(reader.array_size(true, 1), 1u);
  reader.skip(16);
  EXPECT_EQ(reader.string(true), "t");
  reader.skip_tags(true);
  EXPECT_FALSE(reader.boolean());
}

TEST_F(ClusterTest, a_missing_topic_is_told_once_and_found_when_it_is_made) {
  start();
  attach_topic();
  pass(std::chrono::seconds(5));
  const auto missing = take<TopicMissing>();
  ASSERT_EQ(missing.size(), 1u);
  EXPECT_EQ(missing[0].error.code, ErrorCode::kNotFound);
  EXPECT_LE(metadata_requests.size(), 7u);
  topics["t"].resize(2);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(take<TopicFound>().size(), 1u);
}

TEST_F(ClusterTest, metadata_is_asked_again_when_it_is_old) {
  topics["t"].resize(1);
  start();
  attach_topic();
  take<TopicFound>();
  topics["t"].resize(4);
  pass(std::chrono::seconds(59));
  EXPECT_TRUE(take<TopicFound>().empty());
  pass(std::chrono::seconds(1));
  const auto found = take<TopicFound>();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].partition_count, 4);
}

TEST_F(ClusterTest, an_unchanged_topic_is_not_told_again) {
  topics["t"].resize(1);
  start();
  attach_topic();
  take<TopicFound>();
  pass(std::chrono::minutes(5));
  EXPECT_TRUE(take<TopicFound>().empty());
  EXPECT_GE(metadata_requests.size(), 5u);
}

TEST_F(ClusterTest, bootstrap_brokers_are_tried_in_turn) {
  settings.brokers = {{"a", 9100}, {"b", 9101}, {"c", 9102}};
  dead_ports = {9100, 9101};
  topics["t"].resize(1);
  start();
  attach_topic();
  pass(std::chrono::seconds(1));
  EXPECT_EQ(take<TopicFound>().size(), 1u);
  ASSERT_GE(opened_to.size(), 3u);
  EXPECT_EQ(opened_to[0], "a:9100");
  EXPECT_EQ(opened_to[1], "b:9101");
  EXPECT_EQ(opened_to[2], "c:9102");
}

TEST_F(ClusterTest, known_brokers_are_asked_when_the_configured_ones_are_gone) {
  topics["t"].resize(1);
  start();
  attach_topic();
  dead_ports = {9000};
  lose(connections.begin()->first);
  pass(settings.metadata_max_age + std::chrono::seconds(5));
  EXPECT_EQ(opened_to.back(), "broker:9001");
  EXPECT_GE(metadata_requests.size(), 2u);
}

TEST_F(ClusterTest, a_broker_that_does_not_answer_is_left_for_another) {
  settings.brokers = {{"a", 9100}, {"b", 9101}};
  mute_ports = {9100};
  topics["t"].resize(1);
  start();
  attach_topic();
  EXPECT_TRUE(take<TopicFound>().empty());
  pass(std::chrono::seconds(11));
  EXPECT_EQ(take<TopicFound>().size(), 1u);
}

TEST_F(ClusterTest, tries_against_a_cluster_that_is_away_slow_down_and_never_end) {
  dead_ports = {9000};
  start();
  attach_topic();
  pass(std::chrono::minutes(10));
  EXPECT_GE(opened_to.size(), 600u);
  EXPECT_LE(opened_to.size(), 1300u);
  topics["t"].resize(1);
  dead_ports.clear();
  pass(std::chrono::seconds(1));
  EXPECT_EQ(take<TopicFound>().size(), 1u);
}

TEST_F(ClusterTest, B52_a_partition_list_with_holes_or_repeats_is_not_believed) {
  topics["t"].resize(1);
  LinkHub hub(settings);
  Cluster cluster(settings, hub);
  ports::SourceEffects out;
  cluster.watch("t", now, out);
  MetadataResponse response;
  response.topics.push_back({KafkaError::kNone, "t", kFirstId, {}});
  response.topics[0].partitions.push_back({KafkaError::kNone, 0, 1, 1});
  response.topics[0].partitions.push_back({KafkaError::kNone, 2147483647, 1, 1});
  cluster.answered(response, now, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(std::get<TopicMissing>(out[0]).error.code, ErrorCode::kCorrupt);
}

TEST_F(ClusterTest, B56_a_broker_of_an_impossible_address_leads_nothing) {
  LinkHub hub(settings);
  Cluster cluster(settings, hub);
  ports::SourceEffects out;
  const auto topic = cluster.add_topic("t", now);
  MetadataResponse response;
  response.brokers = {{1, "ok", 9092}, {2, "two\nlines", 9092}, {3, "far", 70000}, {4, "", 1}};
  response.topics.push_back({KafkaError::kNone, "t", kFirstId, {}});
  for (std::int32_t i = 0; i < 4; ++i) response.topics[0].partitions.push_back({KafkaError::kNone, i, i + 1, 1});
  cluster.answered(response, now, out);
  EXPECT_EQ(cluster.leader_of(topic, 0).node_id, 1);
  for (std::int32_t i = 1; i < 5; ++i) EXPECT_EQ(cluster.leader_of(topic, i).node_id, -1) << i;
}

}  // namespace
}  // namespace ductus::kafka
