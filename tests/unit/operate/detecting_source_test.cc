// DetectingSource: which line the brokers speak, found out before anything is read.
#include "operate/source/detecting_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/scripted_source.h"

namespace ductus::operate {
namespace {

using Found = kafka06::ProbeOutcome::Found;
using namespace std::chrono_literals;

struct FoundAnswer final : ports::Answer {};

class FoundCutter final : public ports::AnswerCutter {
  Result<std::unique_ptr<ports::Answer>> cut(const ports::RequestTag&, base::Buffer) const override {
    return std::unique_ptr<ports::Answer>(std::make_unique<FoundAnswer>());
  }
};

class FoundSource final : public support::ScriptedSource {
 public:
  const ports::AnswerCutter& cutter() const override { return cutter_; }
  void opened(ports::ConnectionId connection, base::Time, ports::SourceEffects&) override {
    opened_connections.push_back(connection);
  }
  std::vector<ports::ConnectionId> opened_connections;

 private:
  FoundCutter cutter_;
};

class DetectingSourceTest : public testing::Test {
 protected:
  enum class Speaks : std::uint8_t { kNothing, kModern, k06, k07, kHttp };

  void brokers(const std::vector<Speaks>& all) {
    std::vector<kafka06::Endpoint> endpoints;
    for (const Speaks speaks : all) {
      endpoints.push_back({"broker" + std::to_string(endpoints.size() + 1), 9092});
      speaks_[endpoints.back().host] = speaks;
    }
    source_ = std::make_unique<DetectingSource>(endpoints, 7, [this](const kafka06::ProbeOutcome& outcome) {
      made.push_back(outcome);
      auto source = std::make_unique<FoundSource>();
      found = source.get();
      return source;
    });
  }
  void becomes(const std::string& host, Speaks speaks) { speaks_[host] = speaks; }

  template <class Enter>
  void enter(const Enter& enter) {
    ports::SourceEffects effects;
    enter(effects);
    source_->flush(now, effects);
    while (!effects.empty()) {
      for (ports::SourceEffect& effect : std::exchange(effects, {})) carry_out(effect, effects);
      source_->flush(now, effects);
    }
  }
  void attach_topic(const std::string& topic, std::int32_t named_partitions = 1) {
    enter([&](auto& out) { source_->attach_topic(topic, named_partitions, now, out); });
  }
  void pass(base::Duration duration) {
    for (const base::Time until = now + duration; now < until;) {
      now = std::max(now, std::min(until, source_->next_tick()));
      if (source_->next_tick() <= now) enter([&](auto& out) { source_->tick(now, out); });
    }
  }
  template <class Effect>
  std::vector<Effect> take() {
    std::vector<Effect> taken;
    std::erase_if(told_, [&](ports::SourceEffect& effect) {
      auto* const wanted = std::get_if<Effect>(&effect);
      if (wanted != nullptr) taken.push_back(std::move(*wanted));
      return wanted != nullptr;
    });
    return taken;
  }
  DetectingSource& source() { return *source_; }

  base::Time now{1h};
  std::vector<kafka06::ProbeOutcome> made;
  FoundSource* found = nullptr;
  std::vector<std::string> asked;  ///< whom it connected to

 private:
  void carry_out(ports::SourceEffect& effect, ports::SourceEffects& out) {
    if (const auto* open = std::get_if<ports::OpenConnection>(&effect)) {
      asked.push_back(open->host);
      hosts_[open->connection] = open->host;
      if (speaks_[open->host] == Speaks::kNothing) return lose(open->connection, "connection refused", out);
      return source_->opened(open->connection, now, out);
    }
    if (const auto* send = std::get_if<ports::Send>(&effect)) return answer(*send, out);
    if (!std::holds_alternative<ports::CloseConnection>(effect)) told_.push_back(std::move(effect));
  }
  void lose(ports::ConnectionId connection, const std::string& why, ports::SourceEffects& out) {
    source_->lost(connection, {ErrorCode::kUnreachable, why}, now, out);
  }
  void give(const ports::Send& send, const std::vector<std::uint8_t>& frame, ports::SourceEffects& out) {
    auto answer = source_->cutter().cut(send.tag, base::Buffer::copy_of(frame));
    ASSERT_TRUE(answer.ok());
    source_->answered(send.connection, send.tag, *std::move(answer), now, out);
  }
  void answer(const ports::Send& send, ports::SourceEffects& out) {
    const Speaks speaks = speaks_[hosts_[send.connection]];
    const int key = send.bytes.at(5);
    if (speaks == Speaks::kHttp) {
      return source_->lost(send.connection, {ErrorCode::kLimit, "an answer of 1213486160 bytes"}, now, out);
    }
    if (speaks == Speaks::kModern && key == 18) {
      return give(send, {send.bytes.at(8), send.bytes.at(9), send.bytes.at(10), send.bytes.at(11), 0, 35}, out);
    }
    if (speaks != Speaks::kModern && key == 2) return give(send, {0, 0}, out);
    if (speaks == Speaks::k06 && key == 1) return give(send, {0xFF, 0xFF}, out);
    lose(send.connection, "it hung up", out);
  }

  std::unique_ptr<DetectingSource> source_;
  std::map<std::string, Speaks> speaks_;
  std::map<ports::ConnectionId, std::string> hosts_;
  ports::SourceEffects told_;
};

TEST_F(DetectingSourceTest, BecomesTheSourceOfWhatItFindsAndGivesItItsTopics) {
  for (const auto& [speaks, expected] :
       {std::pair{Speaks::kModern, Found::kModern}, {Speaks::k06, Found::k06}, {Speaks::k07, Found::k07}}) {
    made.clear();
    brokers({speaks});
    EXPECT_EQ(source().next_tick(), base::Time::max()) << "nothing to read, nothing to ask";
    attach_topic("events", 3);
    attach_topic("logs");
    ASSERT_EQ(made.size(), 1u);
    EXPECT_EQ(made.front().found, expected) << made.front().because;
    EXPECT_EQ(found->named, (std::map<std::string, std::int32_t>{{"events", 3}, {"logs", 1}}));
    EXPECT_TRUE(take<ports::SourceState>().empty()) << "that is for the found one to say";
  }
}

TEST_F(DetectingSourceTest, PassesEverythingOnOnceItIsFound) {
  brokers({Speaks::k07});
  attach_topic("events");
  const ports::ChildRef child{4, 2};
  enter([&](auto& out) {
    source().attach(child, {"events", 0}, now, out);
    source().want(child, {.next_offset = 10}, now, out);
    source().look_up(child, ports::OffsetQuery::kEarliest, now, out);
    source().released({0, 5}, now, out);
    source().reconnect(now, out);
    source().opened(1, now, out);
    source().detach(child, now, out);
    source().detach_topic("events", now, out);
  });
  EXPECT_EQ(found->attached.size(), 1u);
  EXPECT_EQ(found->wants.size(), 1u);
  EXPECT_EQ(found->questions.size(), 1u);
  EXPECT_EQ(found->released_bytes, 5u);
  EXPECT_EQ(found->reconnects, 1);
  EXPECT_EQ(found->opened_connections, (std::vector<ports::ConnectionId>{1}));
  EXPECT_EQ(found->detached.size(), 1u);
  EXPECT_TRUE(found->topics.empty());
  found->budget_is_used_up = true;
  EXPECT_TRUE(source().waits_for_budget());
  found->say(ports::SourceState{true, "its own"});
  pass(1ms);
  EXPECT_EQ(take<ports::SourceState>().size(), 1u);
  const auto answer = source().cutter().cut({}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_NE(dynamic_cast<const FoundAnswer*>(answer->get()), nullptr);
}

TEST_F(DetectingSourceTest, ABrokerThatIsAwayIsToldOnceAndAskedForEver) {
  brokers({Speaks::kNothing});
  attach_topic("events");
  pass(1h);
  EXPECT_GE(asked.size(), 3'600u) << "once a second at least";
  EXPECT_LE(asked.size(), 7'300u) << "and at most twice";
  const auto away = take<ports::BrokerAway>();
  ASSERT_EQ(away.size(), 1u);
  EXPECT_EQ(away.front().broker, "broker1:9092");
  const auto states = take<ports::SourceState>();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_FALSE(states.front().reachable);
  EXPECT_EQ(states.front().detail, "broker1:9092: connection refused");
  becomes("broker1", Speaks::k06);
  pass(1s);
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made.front().found, Found::k06);
}

TEST_F(DetectingSourceTest, AsksOneBrokerAfterTheOther) {
  brokers({Speaks::kNothing, Speaks::kHttp, Speaks::kModern});
  attach_topic("events");
  pass(3s);
  EXPECT_EQ(asked, (std::vector<std::string>{"broker1", "broker2", "broker3"}));
  ASSERT_EQ(made.size(), 1u);
  const auto states = take<ports::SourceState>();
  ASSERT_EQ(states.size(), 2u);
  EXPECT_NE(states.back().detail.find("broker2:9092: no broker of Kafka"), std::string::npos) << states.back().detail;
}

TEST_F(DetectingSourceTest, OneOfSeveralOldBrokersIsRefusedWithTheReason) {
  brokers({Speaks::k07, Speaks::k06});
  attach_topic("events");
  attach_topic("logs");
  pass(1min);
  EXPECT_TRUE(made.empty());
  const auto missing = take<ports::TopicMissing>();
  ASSERT_EQ(missing.size(), 2u);
  EXPECT_EQ(missing.at(0).error.code, ErrorCode::kInvalid);
  EXPECT_NE(missing.at(0).error.message.find("source.brokers names 2"), std::string::npos);
  EXPECT_NE(missing.at(0).error.message.find("one broker of Kafka 0.6 or 0.7"), std::string::npos);
  EXPECT_EQ(take<ports::BrokerAway>().size(), 2u);
  EXPECT_EQ(take<ports::SourceState>().size(), 2u);
  attach_topic("late");
  EXPECT_EQ(take<ports::TopicMissing>().size(), 1u);
}

TEST_F(DetectingSourceTest, ForgetsATopicThatIsDetachedBeforeAnythingIsFound) {
  brokers({Speaks::kNothing});
  attach_topic("events");
  attach_topic("logs");
  enter([&](auto& out) { source().detach_topic("events", now, out); });
  becomes("broker1", Speaks::kModern);
  pass(2s);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->topics, std::vector<std::string>{"logs"});
}

TEST_F(DetectingSourceTest, AReconnectAsksAtOnce) {
  brokers({Speaks::kNothing});
  attach_topic("events");
  pass(10s);
  const std::size_t before = asked.size();
  enter([&](auto& out) { source().reconnect(now, out); });
  EXPECT_EQ(asked.size(), before + 1);
}

}  // namespace
}  // namespace ductus::operate
