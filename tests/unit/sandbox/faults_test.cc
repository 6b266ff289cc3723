// Faults as clients see them, byte by byte.
#include <gtest/gtest.h>

#include "practice_broker.h"
#include "sandbox/faults/script.h"

namespace ductus::sandbox {
namespace {

class SandboxFaults : public PracticeBroker {
 protected:
  void SetUp() override { serve_events("events:2:100"); }

  void play(std::string_view script, std::int32_t brokers = 1) {
    options.listeners = brokers;
    auto rules = read_faults(script, brokers);
    ASSERT_TRUE(rules) << rules.error().message;
    options.faults = *std::move(rules);
  }
  static kafka::Writer greeting() { return request(18, 0, false); }
  static kafka::Writer fetch(std::int32_t partition, std::int32_t epoch = -1) {
    kafka::Writer asked = request(1, 9, false);
    for (const std::int32_t number : {-1, 0, 0, 1 << 20}) asked.i32(number);
    asked.i8(0);
    asked.i32(0);
    asked.i32(-1);
    asked.array_size(1, false);
    asked.string("events", false);
    asked.array_size(1, false);
    asked.i32(partition);
    asked.i32(epoch);
    asked.i64(0);
    asked.i64(-1);
    asked.i32(1 << 20);
    asked.array_size(0, false);
    return asked;
  }
  // The error code of the only partition in the answer to fetch().
  std::int16_t fetch_error(Client& client, std::int32_t partition, std::int32_t epoch = -1) {
    const Bytes answer = ask(client, fetch(partition, epoch));
    kafka::Reader reader(answer);
    reader.skip(4 + 4 + 2 + 4 + 4);
    (void)reader.string(false);
    reader.skip(4);
    EXPECT_EQ(reader.i32(), partition);
    return reader.i16();
  }
  struct Leader {
    std::int32_t node_id;
    std::int32_t epoch;
    bool operator==(const Leader&) const = default;
  };
  // By Metadata v7.
  std::vector<Leader> leaders(Client& client) {
    kafka::Writer asked = request(3, 7, false);
    asked.array_size(1, false);
    asked.string("events", false);
    asked.boolean(false);
    const Bytes answer = ask(client, asked);
    kafka::Reader reader(answer);
    reader.skip(4 + 4);
    for (std::size_t left = reader.array_size(false, 1); left > 0; --left) {
      reader.skip(4);
      (void)reader.string(false);
      reader.skip(4 + 2);
    }
    (void)reader.string(false);
    reader.skip(4 + 4 + 2);
    (void)reader.string(false);
    reader.skip(1);
    std::vector<Leader> all;
    for (std::size_t left = reader.array_size(false, 1); left > 0; --left) {
      reader.skip(2 + 4);
      const std::int32_t node_id = reader.i32();
      all.push_back({node_id, reader.i32()});
      reader.skip(4 + 4 + 4 + 4 + 4);
    }
    EXPECT_TRUE(reader.complete());
    return all;
  }
};

TEST_F(SandboxFaults, AnErrorIsGivenToTheNamedPartitionAtTheNamedRequests) {
  play("fetch 2-3 of events/1: error 6");
  Client client = connect();
  EXPECT_EQ(fetch_error(client, 1), 0);
  EXPECT_EQ(fetch_error(client, 0), 0) << "is not counted";
  EXPECT_EQ(fetch_error(client, 1), 6);
  EXPECT_EQ(fetch_error(client, 0), 0);
  EXPECT_EQ(fetch_error(client, 1), 6);
  EXPECT_EQ(fetch_error(client, 1), 0);
}

TEST_F(SandboxFaults, AGreetingIsRefusedAsByABrokerThatDoesNotKnowItsVersion) {
  play("api_versions: error 35");
  Client client = connect();
  kafka::Writer asked = request(18, 3, true);
  asked.string("tests", true);
  asked.string("1", true);
  asked.no_tags(true);
  const Bytes refused = ask(client, asked);
  EXPECT_EQ(refused, ask(client, request(18, 0, false))) << "in the layout of version 0";
}

TEST_F(SandboxFaults, AnAnswerIsHeldBack) {
  play("api_versions 1: delay 300");
  Client client = connect();
  client.send(greeting());
  settle();
  clock.advance(std::chrono::milliseconds(299));
  settle();
  EXPECT_FALSE(client.answer());
  clock.advance(std::chrono::milliseconds(1));
  EXPECT_FALSE(await_answer(client).empty());
}

TEST_F(SandboxFaults, AConnectionIsCutBeforeWithinAndAfterAnAnswer) {
  play("api_versions 1: cut 0\napi_versions 2: cut 10\napi_versions 3: cut after");
  for (const std::size_t bytes : {std::size_t{0}, std::size_t{10}}) {
    Client client = connect();
    client.send(greeting());
    EXPECT_TRUE(is_hung_up_on(client));
    EXPECT_EQ(client.received().size(), bytes);
  }
  Client client = connect();
  EXPECT_FALSE(ask(client, greeting()).empty());
  EXPECT_TRUE(is_hung_up_on(client));
}

TEST_F(SandboxFaults, AnAnswerDribbles) {
  play("api_versions 1: dribble 3 10");
  Client client = connect();
  client.send(greeting());
  settle();
  for (std::size_t pieces = 1; pieces <= 3; ++pieces) {
    (void)client.was_hung_up_on();
    EXPECT_EQ(client.received().size(), 3 * pieces);
    clock.advance(std::chrono::milliseconds(10));
    settle();
  }
  for (int i = 0; i < 30; ++i) {
    clock.advance(std::chrono::milliseconds(10));
    settle();
  }
  EXPECT_TRUE(client.answer());
  EXPECT_TRUE(still_answers(client));
}

TEST_F(SandboxFaults, AnAnswerIsTamperedWith) {
  play(
      "api_versions 2: id 5\napi_versions 3: shorten 4\napi_versions 4: flip -1\napi_versions 5: repeat\n"
      "api_versions 6: replace 48545450");
  Client client = connect();
  const Bytes good = ask(client, greeting());
  Bytes wrong_id = good;
  wrong_id[3] = static_cast<std::uint8_t>(wrong_id[3] + 5);
  EXPECT_EQ(ask(client, greeting()), wrong_id);
  EXPECT_EQ(ask(client, greeting()), Bytes(good.begin(), good.end() - 4));
  Bytes flipped = good;
  flipped.back() ^= 0xFF;
  EXPECT_EQ(ask(client, greeting()), flipped);
  EXPECT_EQ(ask(client, greeting()), good);
  EXPECT_EQ(await_answer(client), good);
  client.send(greeting());
  settle();
  (void)client.was_hung_up_on();
  EXPECT_EQ(client.received(), (Bytes{'H', 'T', 'T', 'P'}));
}

TEST_F(SandboxFaults, SilenceAnswersNothingAndHangsUpOnNobody) {
  play("connection 1: silence\nmetadata 1: silence");
  Client unheard = connect();
  unheard.send(greeting());
  settle();
  EXPECT_FALSE(unheard.answer());
  Client client = connect();
  EXPECT_TRUE(still_answers(client));
  kafka::Writer asked = request(3, 1, false);
  asked.array_size(0, false);
  client.send(asked);
  client.send(greeting());
  settle();
  EXPECT_FALSE(client.answer());
  EXPECT_FALSE(client.was_hung_up_on());
  EXPECT_FALSE(unheard.was_hung_up_on());
}

TEST_F(SandboxFaults, AConnectionIsRefused) {
  play("connection 1: cut 0");
  Client first = connect();
  EXPECT_TRUE(is_hung_up_on(first));
  Client second = connect();
  EXPECT_TRUE(still_answers(second));
}

TEST_F(SandboxFaults, EachOfSeveralBrokersLeadsItsShare) {
  play("", 2);
  Client one = connect(1);
  Client two = connect(2);
  EXPECT_EQ(leaders(one), (std::vector<Leader>{{1, 0}, {2, 0}}));
  EXPECT_EQ(leaders(two), leaders(one));
  EXPECT_EQ(fetch_error(one, 0), 0);
  EXPECT_EQ(fetch_error(one, 1), 6);
  EXPECT_EQ(fetch_error(two, 1), 0);
}

TEST_F(SandboxFaults, ALeaderMovesAndItsEpochRises) {
  play("fetch 2: move events/0 2\nmetadata 2: old_leaders", 2);
  Client one = connect(1);
  Client two = connect(2);
  EXPECT_EQ(fetch_error(one, 0, 0), 0);
  EXPECT_EQ(fetch_error(one, 0, 0), 6) << "the move comes before the answer";
  EXPECT_EQ(leaders(one), (std::vector<Leader>{{2, 1}, {2, 0}}));
  EXPECT_EQ(leaders(one), (std::vector<Leader>{{1, 0}, {2, 0}})) << "old ones";
  EXPECT_EQ(fetch_error(two, 0, 0), 74) << "fenced: the client knows of an older epoch";
  EXPECT_EQ(fetch_error(two, 0, 1), 0);
  EXPECT_EQ(fetch_error(two, 0, 2), 75) << "unknown: of a younger one";
}

TEST_F(SandboxFaults, ABrokerGoesDownAndComesBack) {
  play("fetch 1 at 1: down 2 500", 2);
  Client one = connect(1);
  Client two = connect(2);
  EXPECT_TRUE(still_answers(two));
  EXPECT_EQ(fetch_error(one, 0), 0);
  EXPECT_TRUE(is_hung_up_on(two));
  Client early = connect(2);
  EXPECT_TRUE(is_hung_up_on(early));
  clock.advance(std::chrono::milliseconds(500));
  Client late = connect(2);
  EXPECT_TRUE(still_answers(late));
  EXPECT_TRUE(still_answers(one));
}

}  // namespace
}  // namespace ductus::sandbox
