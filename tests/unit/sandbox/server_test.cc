#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <random>

#include "practice_broker.h"
#include "sandbox/api/conversation.h"
#include "sandbox/api/metadata.h"

namespace ductus::sandbox {
namespace {

class SandboxServer : public PracticeBroker {
 protected:
  void SetUp() override { serve_events("events:1:100"); }
};

TEST_F(SandboxServer, ATooLongRequestEndsItsConnectionOnly) {
  Client good = connect();
  Client longest = connect();
  Client bad = connect();
  for (const auto& [client, bytes] : {std::pair{&longest, kMaxRequestBytes}, {&bad, kMaxRequestBytes + 1}}) {
    kafka::Writer length;
    length.i32(bytes);
    client->send_raw(length.bytes());
  }
  EXPECT_TRUE(is_hung_up_on(bad));
  EXPECT_TRUE(still_answers(good));
  EXPECT_FALSE(longest.was_hung_up_on()) << "the rest of it is waited for";
}

TEST_F(SandboxServer, ANegativeLengthEndsTheConnection) {
  Client bad = connect();
  bad.send_raw(Bytes{0xFF, 0xFF, 0xFF, 0xFF});
  EXPECT_TRUE(is_hung_up_on(bad));
}

TEST_F(SandboxServer, AnApiThatIsNotServedEndsTheConnection) {
  for (const auto& [api, version] : {std::pair<std::int16_t, std::int16_t>{11, 0}, {1, 3}, {1, 13}, {-1, 0}}) {
    Client bad = connect();
    bad.send(request(api, version, false));
    EXPECT_TRUE(is_hung_up_on(bad)) << "API " << api << " version " << version;
  }
}

TEST_F(SandboxServer, MetadataNeverGrowsWithoutBound) {
  ASSERT_TRUE(catalog.add_events("wide:10000:0", {clock.now(), 0}));
  const auto asking = [](std::size_t times) {
    kafka::Writer asked = request(3, 1, false);
    asked.array_size(times, false);
    for (std::size_t i = 0; i < times; ++i) asked.string("wide", false);
    return asked;
  };
  Client greedy = connect();
  const std::size_t one = ask(greedy, asking(1)).size();
  const std::size_t each = ask(greedy, asking(2)).size() - one;
  const std::size_t most = 1 + (kMaxMetadataBytes - one) / each;
  EXPECT_EQ(ask(greedy, asking(most)).size(), one + (most - 1) * each);
  greedy.send(asking(most + 1));
  EXPECT_TRUE(is_hung_up_on(greedy));
}

TEST_F(SandboxServer, ClientsBeyondTheLimitAreHungUpOnUntilAnotherLeaves) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  files.rlim_cur = files.rlim_max;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &files), 0) << "both ends of each connection are open here";
  std::vector<Client> clients;
  while (clients.size() < kMaxConnections) {
    clients.push_back(connect());
    ASSERT_TRUE(*server->serve(std::nullopt));
  }
  EXPECT_EQ(server->connections(), kMaxConnections);
  Client too_many = connect();
  EXPECT_TRUE(is_hung_up_on(too_many));
  EXPECT_TRUE(still_answers(clients.front()));
  EXPECT_TRUE(still_answers(clients.back()));
  clients.pop_back();
  ASSERT_TRUE(*server->serve(std::nullopt));
  Client next = connect();
  EXPECT_TRUE(still_answers(next));
}

TEST_F(SandboxServer, ListensAsAsManyBrokersAsItMayBe) {
  options.listeners = kMaxListeners;
  Client last = connect(kMaxListeners);
  EXPECT_EQ(server->ports().size(), static_cast<std::size_t>(kMaxListeners));
  EXPECT_TRUE(still_answers(last));
}

TEST_F(SandboxServer, AClientThatHangsUpWhileItWaitsIsForgotten) {
  Client client = connect();
  kafka::Writer asked = request(1, 4, false);
  for (const std::int32_t number : {-1, 600'000, 1, 1000}) asked.i32(number);
  asked.i8(0);
  asked.array_size(1, false);
  asked.string("events", false);
  asked.array_size(1, false);
  asked.i32(0);
  asked.i64(100);
  asked.i32(1000);
  client.send(asked);
  settle();
  EXPECT_EQ(server->connections(), 1U);
  client.hang_up();
  for (int turn = 0; turn < 1000 && server->connections() > 0; ++turn) {
    ASSERT_TRUE(*server->serve(std::chrono::milliseconds(1)));
  }
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(SandboxServer, AClientThatSendsNoMoreGetsTheAnswersThatAreDueAndIsHungUpOn) {
  Client client = connect();
  for (int i = 0; i < 2; ++i) client.send(request(18, 0, false));
  client.send_no_more();
  for (int i = 0; i < 2; ++i) EXPECT_FALSE(await_answer(client).empty());
  EXPECT_TRUE(is_hung_up_on(client));
}

TEST_F(SandboxServer, AnotherRequestMayFollowInTheSamePacket) {
  Client client = connect();
  kafka::Writer both;
  for (int i = 0; i < 2; ++i) {
    const kafka::Writer one = request(18, 0, false, i);
    both.i32(static_cast<std::int32_t>(one.size()));
    both.raw(one.bytes());
  }
  const base::ByteView bytes = both.bytes();
  client.send_raw(bytes.first(bytes.size() - 5));
  EXPECT_FALSE(await_answer(client).empty());
  settle();
  EXPECT_FALSE(client.answer());
  client.send_raw(bytes.last(5));
  EXPECT_FALSE(await_answer(client).empty());
}

TEST_F(SandboxServer, SurvivesRandomRequests) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  Client good = connect();
  for (int i = 0; i < 2000; ++i) {
    const Api& api = kApis[random() % kApis.size()];
    const auto version = static_cast<std::int16_t>(random() % static_cast<unsigned>(api.max_version + 2));
    kafka::Writer asked = request(static_cast<std::int16_t>(api.key), version, version >= api.flexible_from);
    for (std::size_t left = random() % 60; left > 0; --left) {
      asked.i8(static_cast<std::int8_t>(random() % 3 == 0 ? random() : random() % 3));
    }
    Client bad = connect();
    bad.send(asked);
    settle();
  }
  EXPECT_TRUE(still_answers(good));
}

TEST_F(SandboxServer, StopsWhenItIsTold) {
  (void)connect();
  const net::Socket stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  ASSERT_TRUE(server->stop_when_readable(stop.fd()));
  EXPECT_TRUE(*server->serve(std::chrono::milliseconds(0)));
  ASSERT_EQ(::eventfd_write(stop.fd(), 1), 0);
  EXPECT_FALSE(*server->serve(std::nullopt));
}

}  // namespace
}  // namespace ductus::sandbox
