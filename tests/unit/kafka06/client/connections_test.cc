// Connections that come and go; a broker that is away, or is none.
#include "unit/kafka06/client/old_broker.h"

namespace ductus::kafka06 {
namespace {

using ports::BrokerAway;
using ports::Deliver;
using ports::Healed;
using ports::LogBounds;
using ports::ProtocolFound;
using ports::SourceState;
using ports::Trouble;

class ConnectionsTest : public OldBroker {
 protected:
  ConnectionsTest() { append(join({entry1("one"), entry1("two")})); }
};

TEST_F(ConnectionsTest, ABrokerIsGreetedByAskingForNothing) {
  attach(0);
  EXPECT_EQ(tried.size(), 1u);
  const auto state = only<SourceState>();
  EXPECT_TRUE(state.reachable);
  EXPECT_EQ(state.detail, "connected to broker:9092");
}

TEST_F(ConnectionsTest, TheProtocolIsToldOnceBeforeAnythingElse) {
  for (const auto& [line, name] : {std::pair{Line::k06, "kafka-0.6"}, std::pair{Line::k07, "kafka-0.7"}}) {
    source.reset();
    connections.clear();
    said.clear();
    settings.line = line;
    settings.line_because = "the configuration says so";
    attach_topic();
    EXPECT_TRUE(std::holds_alternative<ProtocolFound>(said.front()));
    const auto found = only<ProtocolFound>();
    EXPECT_EQ(found.unit, ports::OffsetUnit::kBytes);
    EXPECT_EQ(found.protocol, name);
    EXPECT_EQ(found.why, settings.line_because);
    attach_topic(1, "u");
    attach(0);
    lose_all();
    want(0, 26);
    pass(settings.reconnect_max);
    EXPECT_TRUE(take<ProtocolFound>().empty()) << "once";
  }
}

TEST_F(ConnectionsTest, WhoeverDoesNotReturnTheGreetingIsAskedNothingElse) {
  for (const Bytes& answer : {Bytes{0, 1}, Bytes{0}, Bytes{0, 0, 0, 0, 0, 0}, Bytes(20, 'x')}) {
    source.reset();
    connections.clear();
    greeting_answer = answer;
    attach(0);
    want(0, 0);
    pass_s(3);
    EXPECT_TRUE(take_asked().empty());
    const auto away = only<BrokerAway>();
    EXPECT_EQ(away.broker, "broker:9092");
    EXPECT_NE(away.error.message.find("is this a broker of Kafka 0.6 or 0.7?"), std::string::npos);
    EXPECT_FALSE(only<SourceState>().reachable);
    EXPECT_EQ(only<Trouble>().kind, Trouble::Kind::kRetrying);
  }
}

TEST_F(ConnectionsTest, ABrokerThatIsAwayIsToldOnceAndHealedWhenItIsBack) {
  dead = true;
  attach(0);
  want(0, 0);
  pass(std::chrono::minutes(1));
  EXPECT_EQ(take<BrokerAway>().size(), 1u);
  EXPECT_EQ(take<Trouble>().size(), 1u);
  EXPECT_FALSE(only<SourceState>().reachable);
  EXPECT_GT(tried.size(), 50u);
  EXPECT_LT(tried.size(), 150u);
  for (std::size_t i = 1; i < tried.size(); ++i) {
    EXPECT_GE(tried[i] - tried[i - 1], settings.reconnect_min / 2);
    EXPECT_LE(tried[i] - tried[i - 1], settings.reconnect_max);
  }
  dead = false;
  pass(settings.reconnect_max);
  EXPECT_EQ(take<Healed>().size(), 1u);
  EXPECT_EQ(delivered().size(), 2u);
  EXPECT_TRUE(only<SourceState>().reachable);
}

TEST_F(ConnectionsTest, AShortBreakIsNotToldToPartitions) {
  hold_sets = true;
  attach(0);
  want(0, 0);
  lose_all();
  EXPECT_EQ(take<BrokerAway>().size(), 1u);
  pass_ms(100);
  answer_held();
  EXPECT_EQ(delivered().size(), 2u);
  EXPECT_TRUE(take<Trouble>().empty());
  (void)take<SourceState>();
  lose_all();
  want(0, 26);
  EXPECT_TRUE(take<BrokerAway>().empty()) << "nothing was outstanding";
}

TEST_F(ConnectionsTest, AConnectionThatIsNotThereInTimeIsTriedAgain) {
  mute = true;
  attach(0);
  pass(settings.connect_timeout - std::chrono::milliseconds(1));
  EXPECT_TRUE(take<BrokerAway>().empty());
  pass_ms(1);
  EXPECT_EQ(only<BrokerAway>().error.code, ErrorCode::kTimedOut);
  mute = false;
  pass(settings.reconnect_max);
  EXPECT_EQ(take<LogBounds>().size(), 1u);
}

TEST_F(ConnectionsTest, AnAnswerThatDoesNotComeInTimeEndsTheConnection) {
  settings.bounds_max_age = std::chrono::hours(1);
  attach(0);
  hold_sets = true;
  want(0, 0);
  const std::size_t before = tried.size();
  pass(settings.request_timeout - std::chrono::milliseconds(1));
  EXPECT_EQ(tried.size(), before);
  hold_sets = false;
  pass_ms(100);
  EXPECT_EQ(tried.size(), before + 1);
  const auto away = only<BrokerAway>();
  EXPECT_EQ(away.error.message, "no answer to FETCH in time");
  EXPECT_EQ(delivered().size(), 2u);
}

TEST_F(ConnectionsTest, AnAnswerThatNobodyAskedForEndsTheConnection) {
  attach(0);
  ASSERT_EQ(connections.size(), 1u);
  say(connections.begin()->first, multi_fetch({}).tag, {0, 0});
  EXPECT_TRUE(connections.empty());
  want(0, 0);
  pass_ms(100);
  EXPECT_EQ(delivered().size(), 2u);
}

TEST_F(ConnectionsTest, B97_AnAnswerLongerThanWasAskedForEndsTheConnection) {
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  fetch_answer = join({{0, 0}, Bytes(101, 'x')});
  attach(0);
  want(0, 0);
  pass_s(3);
  EXPECT_TRUE(take<Deliver>().empty());
  EXPECT_EQ(only<Trouble>().kind, Trouble::Kind::kRetrying);
  EXPECT_LT(tried.size(), 20u) << "with a back-off";
  fetch_answer.reset();
  pass_s(2);
  EXPECT_EQ(delivered().size(), 2u);
}

// Two parts that together are no longer than what was asked for, but one of them is.
TEST_F(ConnectionsTest, APartLongerThanWasAskedForEndsTheConnection) {
  append(entry1("other"), 1);
  attach_partitions(2);
  const Bytes long_part(static_cast<std::size_t>(settings.idle_max_bytes) + 1, 'x');
  Bytes frame = {0, 0};
  put(long_part.size() + 2, 4, frame);
  put(0, 2, frame);
  frame = join({frame, long_part, {0, 0, 0, 2, 0, 0}});
  fetch_answer = frame;
  hold_sets = true;
  want_all(2, 0);
  answer_held();
  EXPECT_TRUE(take<Deliver>().empty());
  fetch_answer.reset();
  pass_s(2);
  EXPECT_EQ(delivered().size(), 3u);
  for (const auto& one : take<Trouble>()) EXPECT_EQ(one.kind, Trouble::Kind::kRetrying);
}

TEST_F(ConnectionsTest, OneMoreIsOpenedWhereAllAreBusyAndNoMoreThanAreAllowed) {
  for (std::int32_t i = 1; i < 6; ++i) append(entry1("x"), i);
  settings.partitions_per_request = 1;
  attach_partitions(6);
  EXPECT_LE(tried.size(), settings.connections);
  hold_sets = true;
  want_all(6, 0);
  EXPECT_EQ(tried.size(), settings.connections);
  EXPECT_EQ(connections.size(), settings.connections);
  answer_held();
  EXPECT_EQ(take<Deliver>().size(), 6u);
}

TEST_F(ConnectionsTest, WhileOneIsComingNoOtherIsTried) {
  for (std::int32_t i = 1; i < 6; ++i) append(entry1("x"), i);
  settings.partitions_per_request = 1;
  mute = true;
  attach_partitions(6);
  want_all(6, 0);
  EXPECT_EQ(tried.size(), 1u);
}

TEST_F(ConnectionsTest, APartitionOverWhichTheBrokerHangsUpIsAskedAlone) {
  append(entry1("other"), 1);
  hangs_up_on_sets_of.insert({"t", 0});
  attach_partitions(2);
  want_all(2, 0);
  pass_s(3);
  EXPECT_EQ(delivered(), std::vector<std::string>{"0 other"});
  bool told = false;
  for (const auto& trouble : take<Trouble>()) told = told || trouble.child.child == 0;
  EXPECT_TRUE(told);
  static_assert(kLossesBeforeAlone == 2);
  EXPECT_EQ(count_asked("MULTIFETCH t/0@0+") + count_asked("t/1@0+16384 t/0@0+"), 2u);
}

TEST_F(ConnectionsTest, AllConnectionsCanBeMadeAnew) {
  hold_sets = true;
  attach(0);
  want(0, 0);
  const std::size_t before = tried.size();
  enter([&](auto& out) { source->reconnect(now, out); });
  EXPECT_TRUE(connections.empty());
  hold_sets = false;
  pass_ms(100);
  EXPECT_GT(tried.size(), before);
  EXPECT_EQ(delivered().size(), 2u) << "what is asked stays asked";
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(ConnectionsTest, AnIdleSourceHasNothingToDo) {
  start();
  EXPECT_EQ(source->next_tick(), base::Time::max());
  EXPECT_FALSE(source->waits_for_budget());
}

TEST_F(ConnectionsTest, RetriesAfterErrorsComeBetweenTheirBounds) {
  ends_answer = Bytes{0, 0, 0, 0};
  attach(0);
  (void)take_asked();
  std::vector<base::Time> asked_at;
  while (asked_at.size() < 12) {
    now = source->next_tick();
    enter([&](auto& out) { source->tick(now, out); });
    if (!take_asked().empty()) asked_at.push_back(now);
  }
  for (std::size_t i = 1; i < asked_at.size(); ++i) {
    EXPECT_GE(asked_at[i] - asked_at[i - 1], settings.retry_min / 2);
    EXPECT_LE(asked_at[i] - asked_at[i - 1], settings.retry_max);
  }
  EXPECT_GE(asked_at.back() - asked_at[asked_at.size() - 2], settings.retry_max / 2);
}

TEST_F(ConnectionsTest, TroubleIsToldOnlyOnceItHasLasted) {
  dead = true;
  attach(0);
  pass(settings.trouble_after - std::chrono::milliseconds(100));
  EXPECT_TRUE(take<Trouble>().empty());
  pass(settings.reconnect_max + std::chrono::milliseconds(100));
  EXPECT_EQ(take<Trouble>().size(), 1u);
}

}  // namespace
}  // namespace ductus::kafka06
