// Which topics there are, on a protocol that does not say so; and that a broker of 0.6 is asked about none that may not
// be there.
#include "unit/kafka06/client/old_broker.h"

namespace ductus::kafka06 {
namespace {

using ports::Deliver;
using ports::LogBounds;
using ports::OffsetFound;
using ports::TopicFound;
using ports::TopicMissing;
using ports::Trouble;
using Asked = std::vector<std::string>;
constexpr const char* kFar = "@4611686018427387904+0";

class TopicsTest : public OldBroker {
 protected:
  TopicsTest() { settings.line = Line::k07; }
};

TEST_F(TopicsTest, ATopicOfWhichAPartitionHasALogIsThereWithAllThatAreNamed) {
  log(2).bytes = entry1("x");
  attach_topic(4);
  const auto found = only<TopicFound>();
  EXPECT_EQ(found.unit, ports::OffsetUnit::kBytes);
  EXPECT_EQ(found.topic, "t");
  EXPECT_EQ(found.partition_count, 4);
  EXPECT_EQ(found.topic_id, ports::TopicId{});
  const std::string far = kFar;
  EXPECT_EQ(take_asked(), Asked{"MULTIFETCH t/0" + far + " t/1" + far + " t/2" + far + " t/3" + far});
  EXPECT_TRUE(take<TopicMissing>().empty());
}

TEST_F(TopicsTest, AnEmptyLogIsOneToo) {
  log(0).start = 500;
  attach_topic();
  EXPECT_EQ(only<TopicFound>().partition_count, 1);
}

TEST_F(TopicsTest, AMissingTopicIsToldOnceAndAskedForUntilItIsThere) {
  attach_topic(2);
  const auto missing = only<TopicMissing>();
  EXPECT_EQ(missing.error.code, ErrorCode::kNotFound);
  EXPECT_NE(missing.error.message.find("none of its partitions 0 to 1 has a log"), std::string::npos);
  (void)take_asked();
  pass(10 * settings.missing_topic_retry);
  EXPECT_EQ(count_asked("MULTIFETCH"), 10u);
  EXPECT_TRUE(take<TopicMissing>().empty());
  append(entry1("first"), 1);
  pass(settings.missing_topic_retry);
  EXPECT_EQ(only<TopicFound>().partition_count, 2);
  (void)take_asked();
  pass(10 * settings.missing_topic_retry);
  EXPECT_TRUE(take_asked().empty());
}

TEST_F(TopicsTest, ManyPartitionsAreLookedThroughPieceByPiece) {
  settings.partitions_per_request = 3;
  num_partitions = 8;
  append(entry1("x"), 7);
  attach_topic(8);
  EXPECT_EQ(only<TopicFound>().partition_count, 8);
  EXPECT_EQ(count_asked("MULTIFETCH"), 3u);
  attach_topic(6);
  EXPECT_EQ(take<TopicMissing>().size(), 1u);
}

TEST_F(TopicsTest, ATopicWhosePartitionsTheBrokerDoesNotHaveSaysSo) {
  num_partitions = 0;
  attach_topic(2);
  EXPECT_NE(only<TopicMissing>().error.message.find("wrong partition (error 3)"), std::string::npos);
}

TEST_F(TopicsTest, ANameThatTheBrokerRefusesIsTold) {
  errors[{"a/b", 0}] = -1;
  attach_topic(1, "a/b");
  const auto missing = only<TopicMissing>();
  EXPECT_EQ(missing.error.code, ErrorCode::kInvalid);
  EXPECT_NE(missing.error.message.find("topic a/b at broker:9092: unknown error (error -1)"), std::string::npos);
}

TEST_F(TopicsTest, ImpossibleNamesAndNumbersAreNeverAsked) {
  for (const Line line : {Line::k06, Line::k07}) {
    settings.line = line;
    source.reset();
    for (const std::string& name : {std::string(), std::string(kMaxTopicBytes + 1, 'x')}) {
      attach_topic(1, name);
      EXPECT_EQ(only<TopicMissing>().error.code, ErrorCode::kInvalid);
      attach(0, 0, name);
      want(0, 0);
      look_up(0, ports::OffsetQuery::kLatest);
      for (const auto& trouble : take<Trouble>()) {
        EXPECT_EQ(trouble.kind, Trouble::Kind::kFinal);
        EXPECT_EQ(trouble.error.code, ErrorCode::kInvalid);
      }
    }
    attach_topic(kMaxNamedPartitions + 1);
    EXPECT_EQ(only<TopicMissing>().error.code, ErrorCode::kLimit);
    pass_s(30);
    EXPECT_TRUE(tried.empty());
  }
  attach_topic(1, std::string(kMaxTopicBytes, 'x'));
  EXPECT_EQ(take<TopicMissing>().size(), 1u) << "a long name is asked for, and not there";
}

TEST_F(TopicsTest, ADetachedTopicIsNotAskedForAnyMore) {
  attach_topic();
  enter([&](auto& out) { source->detach_topic("t", now, out); });
  (void)take_asked();
  pass_s(30);
  EXPECT_TRUE(take_asked().empty());
}

TEST_F(TopicsTest, ACheckOutlivesItsConnection) {
  log(0).bytes = entry1("x");
  hold_lookups = true;
  attach_topic();
  lose_all();
  hold_lookups = false;
  pass_s(1);
  EXPECT_EQ(take<TopicFound>().size(), 1u);
}

// A position that was stored in a topic is worth its name on 0.7 too; but a log that is gone is told.
TEST_F(TopicsTest, ATopicThatWasDeletedIsFoundOutAtAnyOffset) {
  append(join({entry1("one"), entry1("two")}));
  attach(0);
  want(0, 0);
  ASSERT_EQ(delivered().size(), 2u);
  const std::int64_t end = log().end();
  logs.clear();
  want(0, end);
  EXPECT_TRUE(take<Trouble>().empty()) << "the broker answers that there is nothing, as at the end of a log";
  pass(settings.bounds_max_age + std::chrono::seconds(1));
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(trouble.log_start_offset, 0);
  EXPECT_EQ(trouble.log_end_offset, 0);
  (void)take_asked();
  pass_s(5);
  EXPECT_EQ(count_asked("FETCH t/0@" + std::to_string(end)), 0u) << "nothing is wanted any more";
}

TEST_F(TopicsTest, AStoredOffsetOfALogThatIsNotThereIsFoundOutAtOnce) {
  attach(0);
  want(0, 12345);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_NE(trouble.error.message.find("no log of this partition"), std::string::npos) << trouble.error.message;
}

TEST_F(TopicsTest, APartitionThatWasNeverWrittenToIsAnEmptyLog) {
  attach(0);
  EXPECT_EQ(only<LogBounds>().readable_end, 0);
  want(0, 0);
  pass_s(60);
  EXPECT_TRUE(take<Trouble>().empty());
  append(entry1("first"));
  pass(settings.idle_wait_max);
  EXPECT_EQ(delivered(), std::vector<std::string>{"0 first"});
}

class CreatedTopicsTest : public OldBroker {
 protected:
  CreatedTopicsTest() { settings.line = Line::k06; }
};

TEST_F(CreatedTopicsTest, NamedTopicsAreTakenToBeThereWithoutAQuestion) {
  attach_topic(3);
  EXPECT_EQ(only<TopicFound>().partition_count, 3);
  attach_topic(5);
  EXPECT_EQ(only<TopicFound>().partition_count, 5) << "told again when it is attached again";
  pass_s(60);
  EXPECT_TRUE(tried.empty());
}

TEST_F(CreatedTopicsTest, AttachingAPartitionAsksNothingOfIt) {
  attach(0);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kFinal);
  EXPECT_EQ(trouble.error.code, ErrorCode::kRefused);
  EXPECT_NE(trouble.error.message.find("source.may_create_topics = true"), std::string::npos) << trouble.error.message;
  look_up(0, ports::OffsetQuery::kEarliest);
  EXPECT_EQ(only<Trouble>().kind, Trouble::Kind::kFinal);
  pass_s(60);
  EXPECT_TRUE(tried.empty());
  EXPECT_TRUE(made_topics.empty());
}

TEST_F(CreatedTopicsTest, AStoredPositionIsTheEvidenceThatATopicIsThere) {
  append(join({entry0("one"), entry0("two")}));
  append(entry0("three"), 1);
  attach(0);
  attach(1, 1);
  (void)take<Trouble>();
  want(0, 12);
  EXPECT_EQ(delivered(), std::vector<std::string>{"12 two"});
  std::map<std::uint32_t, std::int64_t> ends;
  for (const auto& bounds : take<LogBounds>()) ends[bounds.child.child] = bounds.readable_end;
  EXPECT_EQ(ends, (std::map<std::uint32_t, std::int64_t>{{0, 24}, {1, 14}}))
      << "of the topic's other partition as well";
  look_up(1, ports::OffsetQuery::kLatest);
  EXPECT_EQ(only<OffsetFound>().offset, 14);
  EXPECT_TRUE(made_topics.empty());
}

TEST_F(CreatedTopicsTest, OneTopicIsNoEvidenceForAnother) {
  append(entry0("one"));
  attach(0);
  attach(1, 0, "u");
  want(0, 0);
  look_up(1, ports::OffsetQuery::kEarliest);
  pass_s(60);
  EXPECT_TRUE(made_topics.empty());
  EXPECT_EQ(count_asked("u/0"), 0u);
}

TEST_F(CreatedTopicsTest, TopicsAreMadeWhereThatIsAllowed) {
  settings.may_create_topics = true;
  attach(0);
  EXPECT_EQ(only<LogBounds>().readable_end, 0);
  look_up(0, ports::OffsetQuery::kLatest);
  EXPECT_EQ(only<OffsetFound>().offset, 0);
  EXPECT_EQ(made_topics, std::set<std::string>{"t"});
  EXPECT_TRUE(take<Trouble>().empty());
}

}  // namespace
}  // namespace ductus::kafka06
