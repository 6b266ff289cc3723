// Ends of logs that cannot be: nothing is read from where the broker cannot mean it, and nothing is reset for one word.
#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::Deliver;
using ports::Healed;
using ports::LogBounds;
using ports::OffsetFound;
using ports::Trouble;

class BadOffsets : public ScriptedCluster {
 protected:
  void look_up(ports::OffsetQuery query) {
    enter([&](auto& out) { source->look_up({0, 1}, query, now, out); });
  }
  Part diverging(std::int32_t epoch, std::int64_t end_offset) {
    Part part = nothing(0, 100);
    part.diverging_epoch = epoch;
    part.diverging_end = end_offset;
    return part;
  }
};

TEST_F(BadOffsets, B59_ALogThatStartsAboveItsEndIsAskedAgainUntilItMakesSense) {
  topics["t"] = {Log{.start = 200, .end = 100}};
  attach_partitions(1);
  topics["t"][0] = {.start = 200, .end = 100};
  take<LogBounds>();
  look_up(ports::OffsetQuery::kEarliest);
  pass(std::chrono::seconds(20));
  EXPECT_TRUE(take<OffsetFound>().empty());
  EXPECT_TRUE(take<LogBounds>().empty());
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_EQ(troubles[0].error.code, ErrorCode::kCorrupt);
  EXPECT_LE(count_sends(ApiKey::kListOffsets), 80u) << "not a hot loop";
  topics["t"][0] = {.start = 20, .end = 100};
  pass(std::chrono::seconds(2));
  EXPECT_EQ(take<OffsetFound>().at(0).offset, 20);
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(BadOffsets, B60_AHighWatermarkBelowTheLastStableOffsetIsTheReadableEnd) {
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  Part part = data(0, 3, 10, 40);
  part.last_stable_offset = 90;
  answer(only_fetch(), {part});
  EXPECT_EQ(take<Deliver>().at(0).set.readable_end, 40);
}

TEST_F(BadOffsets, B61_ASpuriousZeroNeitherMovesNorStopsAPartition) {
  attach_partitions(1);
  read_on({0});
  want(0, 50);
  topics["t"][0].end = 0;
  answer(only_fetch(), {refused(0, KafkaError::kOffsetOutOfRange)});
  topics["t"][0].end = 100;
  pass(std::chrono::seconds(1));
  EXPECT_TRUE(take<Trouble>().empty());
  answer(only_fetch(), {nothing(0, 0)});
  EXPECT_TRUE(take<Deliver>().empty());
  pass(std::chrono::seconds(1));
  answer(fetch_of(0), {data(0, 52, 60, 100)});
  EXPECT_EQ(take<Deliver>().at(0).set.asked_offset, 50);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(BadOffsets, B62_MinusOneIsNoOffset) {
  attach_partitions(1);
  topics["t"][0].end = -1;
  look_up(ports::OffsetQuery::kLatest);
  pass(std::chrono::seconds(20));
  EXPECT_TRUE(take<OffsetFound>().empty());
  EXPECT_EQ(take<Trouble>().size(), 1u);
  EXPECT_LE(count_sends(ApiKey::kListOffsets), 80u) << "not a hot loop";
  topics["t"][0].end = 70;
  pass(std::chrono::seconds(2));
  EXPECT_EQ(take<OffsetFound>().at(0).offset, 70);
}

TEST_F(BadOffsets, B63_AnEndThatShrinksResetsNothing) {
  attach_partitions(1);
  read_on({0});
  want(0, 80);
  for (const std::int64_t end : {100, 90, 70, 100}) {
    answer(fetch_of(0), {nothing(0, end)});
    EXPECT_EQ(take<LogBounds>().back().readable_end, end);
    EXPECT_TRUE(take<Trouble>().empty());
    pass(std::chrono::milliseconds(100));
    EXPECT_EQ(fetch_of(0).asks(), "t/0@80");
  }
}

TEST_F(BadOffsets, B64_AnEpochThatEndsAtMinusOneIsNoTruncation) {
  attach_partitions(1);
  want(0, 50, 4);
  for (int i = 0; i < 6; ++i) {
    answer(only_fetch(), {diverging(3, -1)});
    pass(std::chrono::seconds(3));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_EQ(troubles[0].error.code, ErrorCode::kCorrupt);
  answer(only_fetch(), {data(0, 50, 60, 100)});
  EXPECT_EQ(take<Deliver>().size(), 1u);
}

TEST_F(BadOffsets, B64_AnEpochThatEndsAboveThePositionStillStopsItAtThePosition) {
  attach_partitions(1);
  want(0, 50, 4);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(take<Trouble>().empty());
    answer(only_fetch(), {diverging(3, 90)});
    pass(std::chrono::milliseconds(500));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].error.code, ErrorCode::kRefused);
  EXPECT_NE(troubles[0].error.message.find("truncated at offset 50 or before"), std::string::npos)
      << troubles[0].error.message;
  EXPECT_TRUE(fetches().empty());
}

}  // namespace
}  // namespace ductus::kafka
