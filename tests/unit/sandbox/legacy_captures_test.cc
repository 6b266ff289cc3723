// What brokers of Kafka 0.6.1 and 0.7.2 once answered, byte for byte: every capture in tests/golden/kafka-legacy is
// replayed, in the order in which they were made, and the logs grow by the captured PRODUCEs as they did then.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "legacy_broker.h"

namespace ductus::sandbox::legacy {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

// The time stamps that the segments of topic `roll` had, which the captures ask for.
constexpr std::int64_t kRollMs = 1'600'000'000'000;
constexpr seconds kRollStep(100);
// Some time between those and the ones that were "now" and "an hour ahead" when the captures were made.
constexpr milliseconds kUntilNow(100'000'000'000);

constexpr std::size_t kAnswerHeadBytes = 6;
// Topics roll, gone and goneall hold 45 messages of 1024 bytes each, produced in sets of five.
constexpr std::size_t kSetsOfRoll = 9;
constexpr std::size_t kSetsPerSegment = 4;

Bytes file_bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

class LegacyCaptures : public PracticeLegacyBroker {
 protected:
  // The configuration that the captured brokers had.
  void replay(Line line, const std::string& folder) {
    folder_ = std::string(GOLDEN_DIR) + "/kafka-legacy/" + folder + "/";
    settings.line = line;
    settings.segment_bytes = 16384;
    settings.default_partitions = 3;
    settings.max_message_bytes = 1'500'000;
    captures_ = json::parse(std::ifstream(folder_ + "index.json"))["fixtures"];
    start_broker(kRollMs);
    write_roll("roll", kRollStep);
    clock.advance(kUntilNow);
    write_aged_topics();
    write_big();
    for (const json& capture : captures_) replay(capture);
  }

  void TearDown() override {
    std::printf("%zu of %zu captures replayed, %zu answered and ended as captured\n", replayed_, captures_.size(),
                matched_);
  }

  std::size_t replayed() const { return replayed_; }
  std::size_t matched() const { return matched_; }

 private:
  Bytes request_of(const std::string& name) const { return file_bytes(folder_ + name + ".request.bin"); }
  Bytes answer_of(const json& capture) const {
    return capture["response_bytes"] == 0 ? Bytes()
                                          : file_bytes(folder_ + capture["name"].get<std::string>() + ".response.bin");
  }
  // What a captured FETCH has of the log from its byte `from` on.
  Bytes log_bytes(const std::string& name, std::size_t from = 0, std::size_t bytes = SIZE_MAX) const {
    const Bytes answer = file_bytes(folder_ + name + ".response.bin");
    const base::ByteView set = base::ByteView(answer).subspan(kAnswerHeadBytes + from);
    const base::ByteView part = set.first(std::min(bytes, set.size()));
    return {part.begin(), part.end()};
  }

  // ---- what was in the logs without a capture of its own

  void write_roll(const std::string& topic, base::Duration step) {
    Bytes log = log_bytes("fetch_roll_seg0");
    for (const char* name : {"fetch_roll_seg1", "fetch_roll_last"}) {
      const Bytes more = log_bytes(name);
      log.insert(log.end(), more.begin(), more.end());
    }
    const std::size_t set_bytes = log.size() / kSetsOfRoll;
    ASSERT_EQ(log.size() % kSetsOfRoll, 0U);
    for (std::size_t set = 0; set < kSetsOfRoll; ++set) {
      if (set > 0 && set % kSetsPerSegment == 0) clock.advance(step);
      produce(topic, base::ByteView(log).subspan(set * set_bytes, set_bytes));
    }
  }
  // Retention has taken the first segment of `gone` and all of `goneall`.
  void write_aged_topics() {
    write_roll("gone", base::Duration(0));
    write_roll("goneall", base::Duration(0));
    broker().change(ExpireSegments{"gone", 0, 1}, clock.now());
    broker().change(ExpireSegments{"goneall", 0, 3}, clock.now());
  }
  // A small message, one of 1,100,000 bytes, and another one, which lies in the next segment.
  void write_big() {
    const Bytes both = log_bytes("fetch_big_whole");
    const std::size_t small_bytes = settings.line == Line::k06 ? 19 : 20;
    produce("big", base::ByteView(both).first(small_bytes));
    produce("big", base::ByteView(both).subspan(small_bytes));
    produce("big", base::ByteView(both).first(small_bytes));
  }
  // Messages between the captured ones: they are known from the captured answers.
  void produce_what_was_not_captured(const std::string& before) {
    if (before == "fetch_after_trailing_partial3") {
      const bool is_06 = settings.line == Line::k06;
      produce("petrail", log_bytes(before, is_06 ? 34 - 14 : 29 - 15));
    } else if (before == "produce_gzip_1000") {
      produce("gz", log_bytes("fetch_mixed", 1445, 1468 - 1445));
    } else if (before == "fetch_magic_mixed") {
      produce("m0", log_bytes(before, 43));
    } else if (before == "unflushed_produce") {  // another broker, which flushes once an hour
      settings.flush_after_ms = 3'600'000;
      start_broker(kRollMs);
    }
  }

  // ---- the replay

  void replay(const json& capture) {
    const std::string name = capture["name"];
    SCOPED_TRACE(name);
    produce_what_was_not_captured(name);
    check_log_end(capture, "log_end_before");
    Client client = connect_to_legacy();
    if (capture["request"].contains("idle_seconds"))
      clock.advance(seconds(capture["request"]["idle_seconds"].get<int>()));
    send(client, name);
    ++replayed_;
    const Bytes expected = answer_of(capture);
    const std::string after = capture["connection_after"];
    const bool answered = has_received(client, expected);
    const bool ended = after == "closed_by_broker" ? is_hung_up_on(client)
                       : after == "open"           ? still_open(client, expected)
                                                   : is_waiting(client);
    EXPECT_TRUE(answered) << client.received().size() << " bytes came, not these " << expected.size();
    EXPECT_TRUE(ended) << after;
    check_log_end(capture, "log_end_after");
    const json& created = capture["expect"].value("topic_created_on_disk", json());
    if (created.is_boolean()) {
      EXPECT_EQ(log_of(capture) != nullptr, created.get<bool>());
    }
    if (answered && ended) ++matched_;
  }

  void send(Client& client, const std::string& name) {
    send_in_pieces(client, request_of(name), name == "dribble" ? 1 : 16384);
    if (name == "halfclose") client.send_no_more();
  }
  bool has_received(Client& client, const Bytes& expected) {
    for (int turn = 0; turn < 5000; ++turn) {
      EXPECT_TRUE(*server->serve(milliseconds(1)));
      const bool hung_up_on = client.was_hung_up_on();
      if (client.received().size() >= expected.size() || hung_up_on) break;
    }
    settle();
    (void)client.was_hung_up_on();
    return client.received() == expected;
  }
  // Nothing but what was expected has come, and the next request is answered.
  bool still_open(Client& client, const Bytes& expected) {
    Client other = connect_to_legacy();
    ask_nothing(other);
    if (client.received() != expected || client.was_hung_up_on()) return false;
    client.forget_received();
    ask_nothing(client);
    return !client.was_hung_up_on();
  }
  bool is_waiting(Client& client) {
    settle();
    return !client.was_hung_up_on() && client.received().empty();
  }

  ByteLog* log_of(const json& capture) {
    const json& request = capture["request"];
    return broker().existing(request["topic"].get<std::string>(), request["partition"], clock.now());
  }
  void check_log_end(const json& capture, const char* key) {
    const json& end = capture["expect"].value(key, json());
    if (!end.is_number()) return;
    ByteLog* const log = log_of(capture);
    EXPECT_EQ(log == nullptr ? 0 : log->visible_end(wall_ms()), end.get<std::int64_t>()) << key;
  }

  std::string folder_;
  json captures_;
  std::size_t replayed_ = 0;
  std::size_t matched_ = 0;
};

TEST_F(LegacyCaptures, Of061AreAnsweredAsCaptured) {
  replay(Line::k06, "0.6");
  EXPECT_EQ(replayed(), 131U);
  EXPECT_EQ(matched(), 131U);
}

TEST_F(LegacyCaptures, Of072AreAnsweredAsCaptured) {
  replay(Line::k07, "0.7");
  EXPECT_EQ(replayed(), 164U);
  EXPECT_EQ(matched(), 164U);
}

}  // namespace
}  // namespace ductus::sandbox::legacy
