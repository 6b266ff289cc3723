// Which line a broker speaks; the answers are those that were recorded (tests/golden/kafka-legacy), or written out.
#include "kafka06/line_probe.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {
namespace {

using Found = ProbeOutcome::Found;

Bytes recorded(const std::string& name) {
  std::ifstream file(GOLDEN_DIR "/kafka-legacy/" + name, std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

class LineProbeTest : public ::testing::Test {
 protected:
  LineProbeTest() { begin(); }
  void begin() {
    probe.emplace(Endpoint{"old.example", 9092});
    sent.clear();
    enter([&](auto& out) { probe->start(now, out); });
  }
  template <class Event>
  void enter(Event event) {
    effects.clear();
    event(effects);
    for (const auto& effect : effects) {
      if (const auto* open = std::get_if<ports::OpenConnection>(&effect)) connection = open->connection;
      if (const auto* send = std::get_if<ports::Send>(&effect)) sent.push_back(send->bytes);
      if (std::holds_alternative<ports::CloseConnection>(effect)) ++closed;
    }
  }
  void opened() {
    enter([&](auto& out) { probe->opened(connection, now, out); });
  }
  void answered(const Bytes& frame) {
    enter([&](auto& out) { probe->answered(connection, frame, now, out); });
  }
  void lost(Error why = {ErrorCode::kUnreachable, "the peer hung up"}) {
    enter([&](auto& out) { probe->lost(connection, why, now, out); });
  }
  void wait() {
    now = probe->next_tick();
    enter([&](auto& out) { probe->tick(now, out); });
  }
  void hang_up_on_api_versions() {
    opened();
    lost();
    opened();
  }
  void expect(Found found, const std::string& text, ErrorCode code = ErrorCode::kNotNeeded) {
    ASSERT_TRUE(probe->outcome());
    EXPECT_EQ(probe->outcome()->found, found) << probe->outcome()->because;
    EXPECT_EQ(probe->outcome()->code, code);
    EXPECT_NE(probe->outcome()->because.find(text), std::string::npos) << probe->outcome()->because;
    EXPECT_EQ(probe->outcome()->because.find("old.example:9092: "), 0u);
    EXPECT_EQ(probe->next_tick(), base::Time::max());
  }
  /// ApiVersions as it was sent, with its correlation id.
  Bytes api_versions_answer(const std::vector<int>& rest) const {
    const Bytes& request = sent.at(0);
    return join({{request[8], request[9], request[10], request[11]}, with(Bytes(rest.size()), 0, rest)});
  }

  std::optional<LineProbe> probe;
  base::Time now{std::chrono::hours(1)};
  ports::SourceEffects effects;
  ports::ConnectionId connection = 0;
  std::vector<Bytes> sent;
  int closed = 0;
};

TEST_F(LineProbeTest, AsksWhatWasSeenToBeHarmless) {
  hang_up_on_api_versions();
  answered({0, 0});
  ASSERT_EQ(sent.size(), 3u);
  const Bytes api_versions = recorded("0.7/modern_apiversions_v0.request.bin");
  EXPECT_TRUE(std::equal(sent[0].begin() + 4, sent[0].begin() + 8, api_versions.begin() + 4)) << "its key and version";
  EXPECT_EQ(sent[0].size(), 4u + sent[0][3]);
  EXPECT_EQ(sent[1], recorded("0.7/multifetch_zero.request.bin"));
  EXPECT_EQ(sent[2], recorded("0.7/bad_null_topic.request.bin"));
}

TEST_F(LineProbeTest, ABrokerThatAnswersApiVersionsIsModern) {
  opened();
  answered(api_versions_answer({0, 0, 0, 0, 0, 1, 0, 18, 0, 0, 0, 3}));
  expect(Found::kModern, "answered ApiVersions");
  EXPECT_EQ(closed, 1);
}

TEST_F(LineProbeTest, ABrokerThatRefusesThisVersionIsModernToo) {
  opened();
  answered(api_versions_answer({0, 35}));
  expect(Found::kModern, "answered ApiVersions");
}

TEST_F(LineProbeTest, TellsZeroSixByItsErrorForANullTopic) {
  hang_up_on_api_versions();
  answered({0, 0});
  const Bytes answer = recorded("0.6/bad_null_topic.response.bin");
  answered({answer.begin() + 4, answer.end()});
  expect(Found::k06, "Kafka 0.6");
  EXPECT_EQ(closed, 1);
}

TEST_F(LineProbeTest, TellsZeroSevenByItsHangingUpOnANullTopic) {
  hang_up_on_api_versions();
  answered({0, 0});
  lost();
  expect(Found::k07, "Kafka 0.7");
  EXPECT_EQ(closed, 0) << "it is gone already";
}

TEST_F(LineProbeTest, NobodyThereIsUnreachable) {
  lost({ErrorCode::kUnreachable, "connection refused"});
  expect(Found::kUnreachable, "connection refused", ErrorCode::kUnreachable);
  EXPECT_EQ(probe->outcome()->because, "old.example:9092: connection refused");
}

TEST_F(LineProbeTest, ItsConnectionsCountOnFromTheLastOneUsed) {
  probe.emplace(Endpoint{"old.example", 9092}, 41);
  enter([&](auto& out) { probe->start(now, out); });
  EXPECT_EQ(connection, 42u);
  enter([&](auto& out) { probe->lost(41, {ErrorCode::kUnreachable, "one of before"}, now, out); });
  EXPECT_FALSE(probe->outcome());
  opened();
  lost();
  EXPECT_EQ(connection, 43u);
}

TEST_F(LineProbeTest, NobodyThereAnyMoreIsUnreachable) {
  opened();
  lost();
  lost({ErrorCode::kUnreachable, "connection refused"});
  expect(Found::kUnreachable, "not reached again, after it had hung up on ApiVersions", ErrorCode::kUnreachable);
}

TEST_F(LineProbeTest, WhoeverDoesNotLetInOrAnswerInTimeIsUnreachable) {
  wait();
  expect(Found::kUnreachable, "no connection in time", ErrorCode::kTimedOut);
  EXPECT_EQ(closed, 1);
}

TEST_F(LineProbeTest, WhoeverIsSilentToApiVersionsIsUnreachable) {
  opened();
  wait();
  expect(Found::kUnreachable, "did not answer ApiVersions in time", ErrorCode::kTimedOut);
}

TEST_F(LineProbeTest, WhatIsNoAnswerToApiVersionsIsNoBroker) {
  for (const auto& rest :
       std::vector<std::vector<int>>{{0, 0}, {0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 1}, {0, 0, 0xFF, 0xFF, 0xFF, 0xFF}}) {
    begin();
    opened();
    answered(api_versions_answer(rest));
    expect(Found::kNeither, "no broker of Kafka", ErrorCode::kUnsupported);
  }
}

TEST_F(LineProbeTest, AnotherProtocolIsNoBroker) {
  opened();
  lost({ErrorCode::kCorrupt, "the peer speaks HTTP"});
  expect(Found::kNeither, "the peer speaks HTTP", ErrorCode::kCorrupt);
}

TEST_F(LineProbeTest, WhoeverHangsUpTwiceIsNeitherAndBothAreTold) {
  hang_up_on_api_versions();
  lost();
  expect(Found::kNeither, "hung up on ApiVersions", ErrorCode::kUnsupported);
  EXPECT_NE(probe->outcome()->because.find("hung up on MULTIFETCH"), std::string::npos);
}

TEST_F(LineProbeTest, WhoeverSaysSomethingElseToMultifetchIsNeither) {
  for (const Bytes& frame : {Bytes{}, Bytes{0, 1}, Bytes{0, 0, 0}}) {
    begin();
    hang_up_on_api_versions();
    answered(frame);
    expect(Found::kNeither, "that are no answer to MULTIFETCH", ErrorCode::kUnsupported);
  }
}

TEST_F(LineProbeTest, WhoeverIsSilentToMultifetchIsNeither) {
  hang_up_on_api_versions();
  wait();
  expect(Found::kNeither, "did not answer MULTIFETCH in time", ErrorCode::kTimedOut);
}

TEST_F(LineProbeTest, AnOldBrokerThatIsNeitherLineIsTold) {
  hang_up_on_api_versions();
  answered({0, 0});
  answered({0, 0});
  expect(Found::kNeither, "said 2 bytes to a null topic", ErrorCode::kUnsupported);
}

TEST_F(LineProbeTest, SilenceToANullTopicIsNeither) {
  hang_up_on_api_versions();
  answered({0, 0});
  wait();
  expect(Found::kNeither, "nothing to a null topic in time", ErrorCode::kTimedOut);
}

TEST_F(LineProbeTest, AConnectionThatDiesIsNotTakenForOneThatHungUp) {
  const Error dead{ErrorCode::kTimedOut, "connection timed out"};
  opened();
  lost(dead);
  expect(Found::kUnreachable, "did not answer ApiVersions in time", ErrorCode::kTimedOut);
  begin();
  hang_up_on_api_versions();
  answered({0, 0});
  lost(dead);
  expect(Found::kNeither, "nothing to a null topic in time", ErrorCode::kTimedOut);
}

TEST_F(LineProbeTest, WhatComesFromAnOlderConnectionIsDropped) {
  opened();
  lost();
  enter([&](auto& out) { probe->lost(1, {ErrorCode::kUnreachable, "late"}, now, out); });
  EXPECT_FALSE(probe->outcome());
  opened();
  enter([&](auto& out) { probe->answered(1, Bytes{0, 1}, now, out); });
  EXPECT_FALSE(probe->outcome());
  answered({0, 0});
  lost();
  expect(Found::k07, "");
}

}  // namespace
}  // namespace ductus::kafka06
