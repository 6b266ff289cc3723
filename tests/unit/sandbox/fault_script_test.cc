#include <gtest/gtest.h>

#include "sandbox/faults/script.h"

namespace ductus::sandbox {
namespace {

constexpr std::int32_t kBrokers = 3;

FaultRule only_rule(std::string_view line) {
  const auto rules = read_faults(line, kBrokers);
  if (!rules || rules->size() != 1) {
    ADD_FAILURE() << line << ": " << (rules ? "not one rule" : rules.error().message);
    return {};
  }
  return rules->front();
}

TEST(FaultScript, EmptyLinesAndCommentsAreNoRules) {
  const auto rules = read_faults("# nothing\n\n   \t\r\nfetch 1: silence # for good\n", kBrokers);
  ASSERT_TRUE(rules);
  EXPECT_EQ(rules->size(), 1U);
}

TEST(FaultScript, SaysAtWhichRequestsARuleHolds) {
  EXPECT_EQ(only_rule("fetch: silence").last, INT64_MAX);
  EXPECT_EQ(only_rule("fetch 3: silence").first, 3);
  EXPECT_EQ(only_rule("fetch 3: silence").last, 3);
  EXPECT_EQ(only_rule("fetch 3-5: silence").last, 5);
  EXPECT_EQ(only_rule("fetch 3-: silence").first, 3);
  EXPECT_EQ(only_rule("fetch 3-: silence").last, INT64_MAX);
  EXPECT_EQ(only_rule("fetch every 7: silence").every, 7);
  const FaultRule rule = only_rule("list_offsets 2 of events/4 at 3: error 6");
  EXPECT_EQ(rule.moment, Moment::kListOffsets);
  EXPECT_EQ(rule.topic, "events");
  EXPECT_EQ(rule.partition, 4);
  EXPECT_EQ(rule.node_id, 3);
  EXPECT_EQ(only_rule("metadata of events: error 3").partition, std::nullopt);
}

TEST(FaultScript, ReadsEveryAction) {
  EXPECT_EQ(std::get<GiveError>(only_rule("fetch: error -1").action).code, -1);
  EXPECT_EQ(std::get<Delay>(only_rule("fetch: delay 300").action).by.count(), 300);
  EXPECT_EQ(std::get<Cut>(only_rule("fetch: cut 0").action).after_bytes, 0U);
  EXPECT_EQ(std::get<Cut>(only_rule("fetch: cut after").action).after_bytes, std::nullopt);
  EXPECT_EQ(std::get<Dribble>(only_rule("fetch: dribble 10 5").action).bytes, 10U);
  EXPECT_EQ(std::get<ShiftId>(only_rule("fetch: id -2").action).added, -2);
  EXPECT_EQ(std::get<Shorten>(only_rule("fetch: shorten 9").action).bytes, 9U);
  EXPECT_EQ(std::get<Flip>(only_rule("fetch: flip -4").action).place, -4);
  EXPECT_TRUE(std::holds_alternative<Repeat>(only_rule("fetch: repeat").action));
  EXPECT_EQ(std::get<Replace>(only_rule("fetch: replace 48fF00").action).bytes,
            (std::vector<std::uint8_t>{0x48, 0xFF, 0}));
  const auto move = std::get<MoveLeader>(only_rule("fetch: move events/1 2").action);
  EXPECT_EQ(move.topic, "events");
  EXPECT_EQ(move.partition, 1);
  EXPECT_EQ(move.node_id, 2);
  EXPECT_TRUE(std::holds_alternative<OldLeaders>(only_rule("metadata: old_leaders").action));
  const auto down = std::get<Down>(only_rule("fetch: down 2 400").action);
  EXPECT_EQ(down.node_id, 2);
  EXPECT_EQ(down.duration.count(), 400);
}

TEST(FaultScript, NamesTheLineThatMakesNoSense) {
  for (const char* line : {"fetch 1 silence",
                           "produce: silence",
                           "fetch 0: silence",
                           "fetch 5-3: silence",
                           "fetch 1x: silence",
                           "fetch every 0: silence",
                           "fetch: explode",
                           "fetch:",
                           "fetch: cut",
                           "fetch: cut -1",
                           "fetch: delay 1s",
                           "fetch: dribble 0 5",
                           "fetch: silence now",
                           "fetch of events/x: silence",
                           "fetch of: silence",
                           "fetch at 4: silence",
                           "fetch at 0: silence",
                           "fetch: move events 2",
                           "fetch: move events/0 4",
                           "fetch: down 9 100",
                           "fetch: replace 4",
                           "fetch: replace 4g",
                           "fetch: error 40000",
                           "connection 1: error 3",
                           "connection: cut 4",
                           "connection of events: silence"}) {
    const auto rules = read_faults(std::string("# first\n") + line, kBrokers);
    ASSERT_FALSE(rules) << line;
    EXPECT_EQ(rules.error().code, ErrorCode::kInvalid);
    EXPECT_TRUE(rules.error().message.starts_with("line 2: ")) << rules.error().message;
  }
}

TEST(FaultScript, OfTheOldLineChangesLogs) {
  const auto change_of = [](std::string_view line) {
    const auto rules = read_faults(line, kBrokers, Dialect::kLegacy);
    EXPECT_TRUE(rules) << line;
    return rules ? std::get<LogChange>(rules->front().action) : LogChange();
  };
  const auto roll = std::get<RollLog>(change_of("produce 2: roll events/1"));
  EXPECT_EQ(roll.topic, "events");
  EXPECT_EQ(roll.partition, 1);
  const auto expire = std::get<ExpireSegments>(change_of("fetch 2: expire events/1 3"));
  EXPECT_EQ(expire.topic, "events");
  EXPECT_EQ(expire.partition, 1);
  EXPECT_EQ(expire.segments, 3U);
  const auto append = std::get<AppendMessage>(change_of("list_offsets 1: append events/0 5000000"));
  EXPECT_EQ(append.topic, "events");
  EXPECT_EQ(append.payload_bytes, 5'000'000);
  EXPECT_EQ(std::get<ForgetTopic>(change_of("fetch 9: forget events")).topic, "events");
}

TEST(FaultScript, KnowsOnlyWhatItsProtocolHas) {
  for (const char* line : {"fetch: roll events/0", "fetch: expire events/0 1", "fetch: append events/0 100",
                           "fetch: forget events", "produce: silence"}) {
    EXPECT_FALSE(read_faults(line, kBrokers, Dialect::kToday)) << line;
    EXPECT_TRUE(read_faults(line, kBrokers, Dialect::kLegacy)) << line;
  }
  for (const char* line :
       {"fetch: id 1", "fetch: move events/0 2", "fetch: old_leaders", "metadata: silence", "api_versions: silence"}) {
    EXPECT_TRUE(read_faults(line, kBrokers, Dialect::kToday)) << line;
    EXPECT_FALSE(read_faults(line, kBrokers, Dialect::kLegacy)) << line;
  }
  for (const char* line : {"fetch: roll events", "fetch: expire events/0", "fetch: expire events/0 0",
                           "fetch: append events/0 19", "fetch: forget", "produce: delay 10", "produce: cut 1",
                           "produce: cut after", "produce: error 1", "produce: repeat"}) {
    EXPECT_FALSE(read_faults(line, kBrokers, Dialect::kLegacy)) << line;
  }
  EXPECT_TRUE(read_faults("produce: cut 0\nproduce 2 of events/0: down 1 100\n", kBrokers, Dialect::kLegacy));
}

TEST(FaultScript, IsNoLongerThanItsBound) {
  std::string script;
  for (std::size_t i = 0; i < kMaxFaultRules; ++i) script += "fetch: silence\n";
  EXPECT_TRUE(read_faults(script, kBrokers));
  EXPECT_FALSE(read_faults(script + "fetch: silence\n", kBrokers));
}

}  // namespace
}  // namespace ductus::sandbox
