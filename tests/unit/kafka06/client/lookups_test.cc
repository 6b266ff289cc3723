// What the broker says of the ends of a log, and of errors; what is made of it.
#include "unit/kafka06/client/old_broker.h"

namespace ductus::kafka06 {
namespace {

using ports::Deliver;
using ports::Healed;
using ports::LogBounds;
using ports::OffsetFound;
using ports::OffsetQuery;
using ports::Trouble;
using Asked = std::vector<std::string>;

class LookupsTest : public OldBroker {
 protected:
  LookupsTest() {
    log().start = 1000;
    append(join({entry1("one"), entry1("two")}));
  }
  static Bytes offsets(std::initializer_list<std::int64_t> all) {
    Bytes bytes;
    put(all.size(), 4, bytes);
    for (const std::int64_t one : all) put(static_cast<std::uint64_t>(one), 8, bytes);
    return bytes;
  }
  static constexpr std::int64_t kEnd = 1026;
};

TEST_F(LookupsTest, AttachingAPartitionTellsItsBoundsOnce) {
  attach(0);
  const auto bounds = only<LogBounds>();
  EXPECT_EQ(bounds.log_start_offset, 1000);
  EXPECT_EQ(bounds.high_watermark, kEnd);
  EXPECT_EQ(bounds.readable_end, kEnd);
  EXPECT_EQ(take_asked(), (Asked{"MULTIFETCH t/0@4611686018427387904+0", "OFFSETS t/0 -2", "OFFSETS t/0 -1"}));
}

TEST_F(LookupsTest, WhatIsReadBeforeTheEndsAreKnownIsNotTakenForTheEnd) {
  settings.partition_max_bytes = settings.idle_max_bytes = 16;  // more than one entry, less than both
  hold_offsets = true;
  attach(0);
  want(0, 1000);
  EXPECT_EQ(only<Deliver>().set.next_offset, 1013);
  EXPECT_TRUE(take<LogBounds>().empty());
  answer_held();
  const auto bounds = only<LogBounds>();
  EXPECT_EQ(bounds.log_start_offset, 1000);
  EXPECT_EQ(bounds.readable_end, kEnd);
}

TEST_F(LookupsTest, OffsetsOfManyPartitionsAreAskedInABurst) {
  settings.offsets_per_burst = 4;
  for (std::int32_t i = 1; i < 5; ++i) append(entry1("x"), i);
  hold_offsets = true;
  attach_partitions(5);
  EXPECT_EQ(count_asked("MULTIFETCH"), 1u) << "one for all, to see whether they are there";
  std::size_t most = 0;
  for (const auto& [id, connection] : connections) most = std::max(most, connection.unanswered.size());
  EXPECT_EQ(most, settings.offsets_per_burst);
  answer_held();
  EXPECT_EQ(take<LogBounds>().size(), 5u);
}

TEST_F(LookupsTest, BothEndsCanBeLookedUp) {
  attach(0);
  look_up(0, OffsetQuery::kEarliest);
  look_up(0, OffsetQuery::kLatest);
  const auto found = take<OffsetFound>();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].offset, 1000);
  EXPECT_EQ(found[1].offset, kEnd);
  EXPECT_EQ(found[0].leader_epoch, -1);
  EXPECT_EQ(found[0].topic_id, ports::TopicId{});
}

TEST_F(LookupsTest, ATimeIsWhatTheBrokerSays) {
  at_time = {{1'300'000'000'000, offsets({1013})}, {1'400'000'000'000, offsets({kEnd})}};
  attach(0);
  look_up(0, {OffsetQuery::kAtTime, 1'300'000'000'000});
  EXPECT_EQ(only<OffsetFound>().offset, 1013);
  look_up(0, {OffsetQuery::kAtTime, 1'400'000'000'000});
  EXPECT_EQ(only<OffsetFound>().offset, kEnd);
}

TEST_F(LookupsTest, B101_ATimeBeforeTheLogIsAtItsStart) {
  at_time = {{0, offsets({})}};
  attach(0);
  look_up(0, {OffsetQuery::kAtTime, 0});
  EXPECT_EQ(only<OffsetFound>().offset, 1000);
  look_up(0, {OffsetQuery::kAtTime, -5});
  EXPECT_EQ(only<OffsetFound>().offset, 1000) << "no time is asked for by a number that means something else";
}

TEST_F(LookupsTest, WhatIsFoundLiesWithinTheLog) {
  at_time = {{7, offsets({5000})}, {8, offsets({3})}};
  attach(0);
  look_up(0, {OffsetQuery::kAtTime, 7});
  EXPECT_EQ(only<OffsetFound>().offset, kEnd);
  look_up(0, {OffsetQuery::kAtTime, 8});
  EXPECT_EQ(only<OffsetFound>().offset, 1000);
}

TEST_F(LookupsTest, B101_EndsThatAreNoneAreTroubleUntilTheyAreTold) {
  ends_answer = offsets({});
  attach(0);
  look_up(0, OffsetQuery::kEarliest);
  pass_s(5);
  EXPECT_TRUE(take<OffsetFound>().empty());
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
  EXPECT_EQ(trouble.error.code, ErrorCode::kCorrupt);
  ends_answer.reset();
  pass(settings.retry_max);
  EXPECT_EQ(only<OffsetFound>().offset, 1000);
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(LookupsTest, B101_EndsThatNoLogHasAreTroubleToo) {
  for (const std::int64_t end : {kFarOffset, INT64_MAX}) {
    source.reset();
    connections.clear();
    ends_answer = offsets({end});
    attach(0);
    look_up(0, OffsetQuery::kLatest);
    pass_s(5);
    EXPECT_TRUE(take<OffsetFound>().empty());
    EXPECT_EQ(only<Trouble>().error.code, ErrorCode::kCorrupt);
  }
}

TEST_F(LookupsTest, B101_ACountThatCannotBeEndsTheConnection) {
  ends_answer = Bytes{0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0, 0, 0, 0, 1};
  attach(0);
  pass_ms(200);
  EXPECT_TRUE(take<LogBounds>().empty());
  EXPECT_GT(tried.size(), 1u);
  EXPECT_LT(tried.size(), 10u);
  ends_answer.reset();
  pass_s(2);
  EXPECT_EQ(take<LogBounds>().size(), 1u);
}

TEST_F(LookupsTest, AnOffsetBeforeTheLogIsToldWithBothEnds) {
  attach(0);
  want(0, 10);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(trouble.log_start_offset, 1000);
  EXPECT_EQ(trouble.log_end_offset, kEnd);
  EXPECT_NE(trouble.error.message.find("t/0 at broker:9092: offset 10 lies before the log [1000, 1026): 990 bytes"),
            std::string::npos)
      << trouble.error.message;
}

TEST_F(LookupsTest, AnOffsetBehindTheLogIsToldWithBothEnds) {
  attach(0);
  want(0, 5000);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_NE(trouble.error.message.find("offset 5000 lies behind the log [1000, 1026)"), std::string::npos);
}

TEST_F(LookupsTest, OffsetsThatNoLogHasAreNotSent) {
  attach(0);
  for (const std::int64_t offset : {std::int64_t{-1}, INT64_MIN, INT64_MAX, kFarOffset}) {
    want(0, offset);
    EXPECT_EQ(only<Trouble>().kind, Trouble::Kind::kOffsetOutOfRange) << offset;
  }
  EXPECT_EQ(count_asked("FETCH t/0@"), 1u) << "the question whether the log is there";
}

TEST_F(LookupsTest, RetentionThatPassesTheReaderIsTold) {
  attach(0);
  want(0, 1000);
  (void)take<Deliver>();
  log().start = 2000;
  want(0, kEnd);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(trouble.log_start_offset, 2000);
}

TEST_F(LookupsTest, ALogThatEndsBeforeWhereItDidIsAnotherOne) {
  attach(0);
  want(0, 1013);
  (void)take<Deliver>();
  append(entry1("three"));
  pass(settings.bounds_max_age);
  EXPECT_EQ(take<LogBounds>().back().readable_end, kEnd + 15);
  log().bytes.resize(26);
  want(0, kEnd);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(trouble.log_end_offset, kEnd);
}

TEST_F(LookupsTest, ALogThatWasMadeAnewIsToldEvenWhereItReachesBeyondTheOffset) {
  log() = {};
  append(entry1("one"));
  append(Bytes(500, 0), 0);
  attach(0);
  want(0, 0);
  (void)take<Deliver>();
  log().bytes = join({entry1("other"), entry1("than before")});
  pass(settings.bounds_max_age);  // nothing is wanted: nobody is told
  EXPECT_TRUE(take<Trouble>().empty());
  want(0, 13);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kTruncated);
  EXPECT_NE(trouble.error.message.find("the log ended at 513 and then at 36"), std::string::npos)
      << trouble.error.message;
  want(0, 0);
  EXPECT_EQ(only<Deliver>().set.asked_offset, 0) << "where nothing had been read all is well";
}

TEST_F(LookupsTest, WhatCameOfAMessageOfALogThatIsGoneIsNotJoinedToAnotherOne) {
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  log() = {};
  append(cut_at(entry1(std::string(500, 'x')), 150));
  attach(0);
  hold_offsets = true;
  want(0, 0);
  pass(settings.retry_min);
  ASSERT_EQ(count_asked("FETCH t/0@150"), 2u) << "nothing of the rest is there";
  log().bytes = entry1("another log");
  answer_held();
  append(join({entry1(std::string(300, 'y')), entry1("end")}));
  read_on({0});
  pass_s(1);
  EXPECT_EQ(delivered(), (std::vector<std::string>{"0 another log", "21 " + std::string(300, 'y'), "331 end"}));
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(LookupsTest, RetentionThatTakesTheRestOfAMessageIsTold) {
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  log() = {};
  append(join({entry1("one"), entry1(std::string(500, 'x')), entry1("later")}));
  attach(0);
  want(0, 0);
  release(only<Deliver>().set.charge);
  EXPECT_EQ(budget->used(), 100u - 13u) << "the start of the second message";
  log().start = log().end() - 15;
  log().bytes = entry1("later");
  want(0, 13);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(trouble.log_start_offset, 523);
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(LookupsTest, OutOfRangeWithinTheLogIsAskedAgainAndThenTold) {
  attach(0);
  errors[{"t", 0}] = 1;
  want(0, 1013);
  EXPECT_TRUE(take<Trouble>().empty()) << "the log may have moved between two answers";
  pass_s(10);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
  EXPECT_NE(trouble.error.message.find("out of range, and that the log is [1000, 1026)"), std::string::npos);
  EXPECT_LT(count_asked("FETCH t/0@1013"), 30u);
  errors.clear();
  pass(settings.retry_max);
  EXPECT_EQ(delivered(), std::vector<std::string>{"1013 two"});
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(LookupsTest, B100_AnErrorThatOnlyAnOperatorCanMendIsToldAtOnceAndAskedForSlowly) {
  for (const int code : {-1, 2, 3, 4, 99}) {
    SCOPED_TRACE(code);
    source.reset();
    connections.clear();
    errors[{"t", 0}] = code;
    attach(0);
    want(0, 1000);
    const auto trouble = only<Trouble>();
    EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
    EXPECT_NE(trouble.error.message.find("t/0 at broker:9092: "), std::string::npos) << trouble.error.message;
    EXPECT_NE(trouble.error.message.find("(error " + std::to_string(code) + ")"), std::string::npos);
    (void)take_asked();
    pass(4 * settings.retry_slowly);
    EXPECT_GE(asked.size(), 4u);
    EXPECT_LT(asked.size(), 20u);
    EXPECT_TRUE(take<Trouble>().empty()) << "told once";
    errors.clear();
    pass(settings.retry_slowly);
    EXPECT_EQ(take<Healed>().size(), 1u);
    EXPECT_EQ(delivered().size(), 2u);
  }
}

TEST_F(LookupsTest, AnErrorOfOnePartitionTouchesNoOther) {
  append(entry1("other"), 1);
  errors[{"t", 0}] = 3;
  attach_partitions(2);
  want_all(2, 0);
  EXPECT_EQ(delivered(), std::vector<std::string>{"0 other"});
}

TEST_F(LookupsTest, ABrokerThatHangsUpOnOffsetsIsAskedByFetchAndThenSlowly) {
  attach(0);
  (void)take<LogBounds>();
  hangs_up_on_offsets_of.insert({"t", 0});
  (void)take_asked();
  std::vector<Trouble> troubles;
  for (int i = 0; i < 120 && troubles.empty(); ++i) {
    pass_ms(100);
    troubles = take<Trouble>();
  }
  ASSERT_EQ(troubles.size(), 1u);
  const Trouble& trouble = troubles[0];
  EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
  EXPECT_NE(trouble.error.message.find("t/0 at broker:9092: the broker hangs up"), std::string::npos);
  EXPECT_EQ(count_asked("MULTIFETCH t/0@4611686018427387904"), kDoubtsBeforeTrouble - 1);
  hangs_up_on_offsets_of.clear();
  pass(settings.retry_slowly);
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(LookupsTest, WhoHangsUpOnOffsetsHoldsUpNobodyElse) {
  append(entry1("other"), 1);
  hangs_up_on_offsets_of.insert({"t", 0});
  attach_partitions(2);
  want_all(2, 0);
  pass_s(3);
  bool told = false;
  for (const auto& bounds : take<LogBounds>()) told = told || bounds.child.child == 1;
  EXPECT_TRUE(told);
  EXPECT_EQ(delivered(), std::vector<std::string>{"0 other"});
}

TEST_F(LookupsTest, AnswersThatHoldNothingThoughMoreIsThereAreTold) {
  fetch_answer = Bytes{0, 0};
  attach(0);
  want(0, 1000);
  pass_s(10);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
  EXPECT_NE(trouble.error.message.find("hold nothing at offset 1000, though the log ends at 1026"), std::string::npos);
  EXPECT_LT(count_asked("FETCH t/0@1000"), 40u);
  fetch_answer.reset();
  pass(settings.retry_max);
  EXPECT_EQ(delivered().size(), 2u);
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(LookupsTest, AnswersThatHoldNothingOfTheRestOfAMessageAreToldToo) {
  attach(0);
  const Bytes message = entry1(std::string(977, 'x'));
  log().bytes = join({entry1("one"), cut_at(message, 100)});
  claimed_end = 2000;
  want(0, 1013);
  pass_s(10);
  const auto trouble = only<Trouble>();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
  EXPECT_NE(trouble.error.message.find("hold nothing at offset 1113, though the log ends at 2000"), std::string::npos)
      << trouble.error.message;
  EXPECT_LT(count_asked("FETCH t/0@1113"), 40u);
  log().bytes = join({entry1("one"), message});
  ASSERT_EQ(log().end(), claimed_end);
  pass(settings.retry_max);
  EXPECT_EQ(delivered().size(), 1u);
}

TEST_F(LookupsTest, B102_AnAnswerOfTwoBytesIsTheEndOfTheLog) {
  fetch_answer = Bytes{0, 0};
  attach(0);
  want(0, kEnd);
  pass_s(60);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(LookupsTest, ALookupGoesOnUntilItIsAnswered) {
  hold_lookups = true;
  attach(0);
  look_up(0, OffsetQuery::kLatest);
  lose_all();
  answer_held();
  pass_s(2);
  EXPECT_EQ(only<OffsetFound>().offset, kEnd);
}

}  // namespace
}  // namespace ductus::kafka06
