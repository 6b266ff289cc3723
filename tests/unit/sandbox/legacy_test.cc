// The old line as its clients see it, beyond what was captured of real brokers.
#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "legacy_broker.h"
#include "sandbox/legacy/prebuilt_sets.h"

namespace ductus::sandbox::legacy {
namespace {

class Legacy : public PracticeLegacyBroker {
 protected:
  Bytes packed(Codec codec, base::ByteView inner) const {
    kafka::Writer set;
    write_entry(settings.line, codec, compressed(codec, {inner.begin(), inner.end()}), set);
    return std::move(set).take();
  }
  // The log's bytes in an answer to FETCH that has no error.
  Bytes fetch(Client& client, std::string_view topic, std::int64_t offset, std::int32_t max_bytes = 1 << 20) {
    const Bytes answer = ask(client, fetch_request(topic, 0, offset, max_bytes));
    EXPECT_EQ(Bytes(answer.begin(), answer.begin() + 2), Bytes(2, 0));
    return {answer.begin() + 2, answer.end()};
  }
  void play(std::string_view script) {
    auto rules = read_faults(script, 1, Dialect::kLegacy);
    ASSERT_TRUE(rules) << rules.error().message;
    options.faults = *std::move(rules);
  }
};

TEST_F(Legacy, ARequestIsReadUpToTheLimitOfItsLine) {
  for (const auto& [line, longest_heard, refused] :
       {std::tuple{Line::k06, kHeapBytes, kHeapBytes + 1}, {Line::k07, kMaxRequestBytes, kMaxRequestBytes + 1}}) {
    settings.line = line;
    start_broker();
    Client waiting = connect_to_legacy();
    Client bad = connect_to_legacy();
    for (const auto& [client, length] : {std::pair{&waiting, longest_heard}, {&bad, refused}}) {
      kafka::Writer head;
      head.i32(length);
      client->send_raw(head.bytes());
    }
    EXPECT_TRUE(is_hung_up_on(bad));
    EXPECT_FALSE(waiting.was_hung_up_on());
  }
}

TEST_F(Legacy, ALargeRequestIsReadAndOneThatNobodyReadsTakesNoMemory) {
  settings.line = Line::k06;
  start_broker();
  Client client = connect_to_legacy();
  const std::string payload(3 << 20, 'x');
  send_request(client, produce_request("log", set_of(payload)));
  EXPECT_EQ(fetch(client, "log", 0, INT32_MAX), set_of(payload));
  kafka::Writer head;
  head.i32(kMaxRequestBytes + 1);
  client.send_raw(head.bytes());
  settle();
  client.send_raw(Bytes(1000));
  settle();
  EXPECT_TRUE(client.received().empty());
  EXPECT_FALSE(client.was_hung_up_on());
}

TEST_F(Legacy, PartitionsThatRequestsMakeHaveABound) {
  settings.line = Line::k06;
  start_broker();
  for (std::size_t i = 0; i < kMaxCreatedLogs; ++i) {
    ASSERT_NE(broker().find("made" + std::to_string(i), 0, clock.now()).log, nullptr);
  }
  const Broker::Found refused = broker().find("one more", 0, clock.now());
  EXPECT_EQ(refused.error, WireError::kUnknown);
  EXPECT_EQ(refused.log, nullptr);
  EXPECT_NE(broker().find("made0", 0, clock.now()).log, nullptr);
}

TEST_F(Legacy, AFolderNameThatIsTooLongIsNotMade) {
  settings.line = Line::k06;
  start_broker();
  EXPECT_NE(broker().find(std::string(253, 't'), 0, clock.now()).log, nullptr);
  EXPECT_EQ(broker().find(std::string(254, 't'), 0, clock.now()).error, WireError::kUnknown);
}

TEST_F(Legacy, ProducedBytesAreKeptUpToTheBound) {
  settings.max_produced_bytes = 2 * set_of("12345678").size();
  start_broker();
  for (int i = 0; i < 2; ++i) produce("log", set_of("12345678"));
  EXPECT_TRUE(is_refused(set_of("")));
  Client client = connect_to_legacy();
  EXPECT_EQ(fetch(client, "log", 0).size(), settings.max_produced_bytes);
}

TEST_F(Legacy, APrebuiltTopicHasABoundAndMustHaveAnEnd) {
  start_broker();
  PrebuiltWords words{"lines", 4, 1000, Codec::kNone, kMaxPrebuiltBytes / 4 / 1000 + 1};
  EXPECT_FALSE(broker().add_prebuilt(words));
  words.messages = std::nullopt;
  EXPECT_FALSE(broker().add_prebuilt(words));
  words.messages = 10;
  EXPECT_TRUE(broker().add_prebuilt(words));
  EXPECT_FALSE(broker().add_prebuilt(words)) << "is there twice";
}

TEST_F(Legacy, EveryPartitionOfATopicStartsWhereItsWordsSay) {
  constexpr std::int64_t kFar = 10'249'356'560;
  start_broker();
  ASSERT_TRUE(broker().add_prebuilt({"lines", 2, 100, Codec::kNone, 10, kFar}));
  ASSERT_TRUE(broker().add_events({"events", 2, 10, std::nullopt, kFar}));
  for (const std::string topic : {"lines", "events"}) {
    for (const std::int32_t partition : {0, 1}) {
      ByteLog* const log = broker().existing(topic, partition, clock.now());
      EXPECT_EQ(log->start(), kFar);
      EXPECT_GT(log->visible_end(wall_ms()), kFar);
    }
  }
  produce("produced", set_of("x"));
  EXPECT_EQ(broker().existing("produced", 0, clock.now())->start(), 0);
}

TEST_F(Legacy, CompressedEntriesAreLookedIntoUpToADepth) {
  start_broker();
  Bytes set = set_of("innermost");
  for (int level = 0; level < kMaxNesting; ++level) set = packed(Codec::kGzip, set);
  produce("nested", set);
  EXPECT_TRUE(is_refused(packed(Codec::kGzip, set)));
}

TEST_F(Legacy, CompressedEntriesUnpackToABoundInAll) {
  start_broker();
  const std::string half(kMaxUnpackedBytes / 2 - entry_overhead_bytes(Line::k07), '0');
  Bytes both = packed(Codec::kGzip, set_of(half));
  const Bytes second = both;
  both.insert(both.end(), second.begin(), second.end());
  produce("bombs", both);
  const Bytes third = packed(Codec::kSnappy, set_of(""));
  both.insert(both.end(), third.begin(), third.end());
  EXPECT_TRUE(is_refused(both));
}

TEST_F(Legacy, GzipMayComeInSeveralMembersAndMustComeWhole) {
  start_broker();
  const Bytes inner = set_of("in two members");
  const base::ByteView view(inner);
  Bytes members = compressed(Codec::kGzip, {view.begin(), view.begin() + 7});
  const Bytes second = compressed(Codec::kGzip, {view.begin() + 7, view.end()});
  members.insert(members.end(), second.begin(), second.end());
  const auto entry_with = [](base::ByteView payload) {
    kafka::Writer set;
    write_entry(Line::k07, Codec::kGzip, payload, set);
    return std::move(set).take();
  };
  produce("log", entry_with(members));
  EXPECT_TRUE(is_refused(entry_with(base::ByteView(members).first(members.size() - 1))));
  members[members.size() - 8] ^= 1;  // its CRC
  EXPECT_TRUE(is_refused(entry_with(members)));
}

TEST_F(Legacy, SnappyThatMakesNoSenseIsRefused) {
  start_broker();
  const Bytes inner = set_of("snappy");
  const Bytes frames = compressed(Codec::kSnappy, inner);
  const auto entry_with = [](base::ByteView payload) {
    kafka::Writer set;
    write_entry(Line::k07, Codec::kSnappy, payload, set);
    return std::move(set).take();
  };
  produce("log", entry_with(frames));
  for (const std::size_t bytes : {frames.size() - 1, std::size_t{18}, std::size_t{10}}) {
    EXPECT_TRUE(is_refused(entry_with(base::ByteView(frames).first(bytes)))) << bytes;
  }
  EXPECT_TRUE(is_refused(entry_with(bytes_of("\xFF\xFF\xFF\xFF\x0F claims 4 GiB"))));
}

TEST_F(Legacy, AnAnswerOutlivesTheSegmentsThatItIsMadeOf) {
  settings.max_message_bytes = 8 << 20;
  start_broker();
  const std::string payload(8 << 20, 'p');
  produce("log", set_of(payload));
  Client client = connect_to_legacy();
  client.send(fetch_request("log", 0, 0, INT32_MAX));
  settle();  // the socket is full now
  broker().change(ForgetTopic{"log"}, clock.now());
  produce("log", set_of("something else"));
  const Bytes answer = await_answer(client);
  EXPECT_TRUE(Bytes(answer.begin() + 2, answer.end()) == set_of(payload));
}

TEST_F(Legacy, ANegativeSizeInAMultiFetchEndsItsAnswerThere) {
  start_broker();
  produce("log", set_of("message"));
  kafka::Writer request;
  request.i16(2);
  request.i16(3);
  for (const std::int32_t max_bytes : {4, -10, 4}) write_fetch("log", 0, 0, max_bytes, request);
  Client client = connect_to_legacy();
  client.send(request);
  EXPECT_TRUE(is_hung_up_on(client));
  kafka::Writer expected;
  expected.i32(2 + (6 + 4) + (6 - 10) + (6 + 4));
  expected.i16(0);
  expected.i32(2 + 4);
  expected.i16(0);
  expected.raw(base::ByteView(set_of("message")).first(4));
  expected.i32(2 - 10);
  expected.i16(0);
  EXPECT_EQ(client.received(), expected.bytes());
}

TEST_F(Legacy, AnAnswerOfMoreThan2GiBIsNotGiven) {
  start_broker();
  ASSERT_TRUE(broker().add_prebuilt({"lines", 1, 100'000, Codec::kNone, 12'000, 0}));
  const auto multi_fetch = [](const std::vector<std::int32_t>& sizes) {
    kafka::Writer request;
    request.i16(2);
    request.i16(static_cast<std::int16_t>(sizes.size()));
    for (const std::int32_t max_bytes : sizes) write_fetch("lines", 0, 0, max_bytes, request);
    return request;
  };
  Client client = connect_to_legacy();
  client.send(multi_fetch({-1, INT32_MAX, INT32_MIN, INT32_MAX}));
  EXPECT_TRUE(is_hung_up_on(client));
  EXPECT_TRUE(client.received().empty());
  Client other = connect_to_legacy();
  EXPECT_EQ(ask(other, multi_fetch({1000})).size(), 2U + 6U + 1000U);
}

TEST_F(Legacy, AnyPartitionIsOneAfterTheOther) {
  settings.default_partitions = 3;
  start_broker();
  for (int i = 0; i < 6; ++i) produce("spread", set_of("x"), -1);
  for (const std::int32_t partition : {0, 1, 2}) {
    ByteLog* const log = broker().existing("spread", partition, clock.now());
    ASSERT_NE(log, nullptr);
    EXPECT_EQ(log->visible_end(wall_ms()), static_cast<std::int64_t>(2 * set_of("x").size()));
  }
}

TEST_F(Legacy, OffsetsOfALogThatIsNotThereAreAlwaysOne) {
  start_broker();
  Client client = connect_to_legacy();
  for (const std::int32_t max_offsets : {-1, 0, 10}) {
    EXPECT_EQ(ask(client, offsets_request("nobody", ByteLog::kLatest, max_offsets)).size(), 2U + 4U + 8U);
  }
  EXPECT_EQ(ask(client, offsets_request("nobody", kStartMs, 10)).size(), 2U + 4U);
}

TEST_F(Legacy, TheScriptChangesLogsBeforeTheRequestAtHandIsSeenTo) {
  play(
      "produce 2: roll log/0\nlist_offsets 2: expire log/0 1\nlist_offsets 3: expire log/0 9\n"
      "list_offsets 4: append log/0 30\nlist_offsets 5: forget log\nlist_offsets 6: error 7");
  start_broker();
  produce("log", set_of("one"));
  produce("log", set_of("two"));
  const auto first = static_cast<std::int64_t>(set_of("one").size());
  Client client = connect_to_legacy();
  const auto offsets = [&] {
    const Bytes answer = ask(client, offsets_request("log", ByteLog::kLatest, 10));
    kafka::Reader reader(answer);
    std::vector<std::int64_t> all = {reader.i16()};
    for (std::int32_t left = reader.i32(); left > 0; --left) all.push_back(reader.i64());
    EXPECT_TRUE(reader.complete());
    return all;
  };
  using Offsets = std::vector<std::int64_t>;
  EXPECT_EQ(offsets(), (Offsets{0, 2 * first, first, 0}));
  EXPECT_EQ(offsets(), (Offsets{0, 2 * first, first}));
  EXPECT_EQ(offsets(), (Offsets{0, 2 * first}));
  EXPECT_EQ(offsets(), (Offsets{0, 2 * first + 40, 2 * first}));
  EXPECT_EQ(offsets(), (Offsets{0, 0}));
  EXPECT_EQ(offsets(), (Offsets{7}));
}

TEST_F(Legacy, TopicNamesOf07AreThoseOfTheBasicPlane) {
  start_broker();
  const auto error_of = [&](std::string_view topic) { return broker().find(topic, 0, clock.now()).error; };
  const std::vector<std::string> good = {"a", "...", "töpic-✓", std::string(255, 't'), "with space", "\xEF\xA4\x80"};
  for (const std::string& name : good) EXPECT_EQ(error_of(name), WireError::kNone) << name;
  const std::vector<std::string> bad = {"",
                                        ".",
                                        "..",
                                        "a/b",
                                        "tab\t",
                                        "\x7F",
                                        "\xC2\x85",
                                        "\xEE\x80\x80",
                                        "\xEF\xBF\xBD",
                                        "\xF0\x9F\x98\x80",
                                        "\xFF",
                                        "cut \xE2\x82",
                                        "\xC1\x81",
                                        std::string(256, 't')};
  for (const std::string& name : bad) EXPECT_EQ(error_of(name), WireError::kUnknown) << name;
  EXPECT_EQ(error_of(std::string_view("\0", 1)), WireError::kUnknown);
}

TEST_F(Legacy, SurvivesRandomRequests) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (const Line line : {Line::k06, Line::k07}) {
    settings.line = line;
    settings.segment_bytes = 100;
    start_broker();
    for (int i = 0; i < 2000; ++i) {
      kafka::Writer request;
      request.i16(static_cast<std::int16_t>(random() % 6));
      if (random() % 2 == 0) request.i16(static_cast<std::int16_t>(random() % 3));
      if (random() % 2 == 0) request.string("log", false);
      for (std::size_t left = random() % 60; left > 0; --left) {
        request.i8(static_cast<std::int8_t>(random() % 3 == 0 ? random() : random() % 3));
      }
      if (random() % 2 == 0) request.raw(set_of("payload"));
      Client client = connect_to_legacy();
      client.send(request);
      settle();
    }
    Client client = connect_to_legacy();
    ask_nothing(client);
  }
}

}  // namespace
}  // namespace ductus::sandbox::legacy
