// How a log is read: each byte once, in pieces of any size, from several partitions at a time, within the byte budget.
#include <random>

#include "unit/kafka06/client/old_broker.h"

namespace ductus::kafka06 {
namespace {

using ports::Deliver;
using ports::LogBounds;
using ports::Trouble;
using Asked = std::vector<std::string>;
using Texts = std::vector<std::string>;

class ReadingTest : public OldBroker {
 protected:
  /// A log of `count` messages; what a handler is to see of it.
  Texts write(int count, std::size_t bytes = 20, std::int32_t partition = 0) {
    Texts expected;
    for (int i = 0; i < count; ++i) {
      const std::string text = std::to_string(i) + std::string(bytes, '.');
      expected.push_back(std::to_string(log(partition).end()) + " " + text);
      append(i % 2 == 0 ? entry0(text) : entry1(text), partition);
    }
    return expected;
  }
  void give_back_all() {
    for (const auto& deliver : take<Deliver>()) release(deliver.set.charge);
  }
};

TEST_F(ReadingTest, ASetIsWhatOneAnswerHolds) {
  const Texts expected = write(3);
  attach(0);
  want(0, 0);
  const auto deliver = only<Deliver>();
  EXPECT_EQ(deliver.set.asked_offset, 0);
  EXPECT_EQ(deliver.set.next_offset, log().end());
  EXPECT_EQ(deliver.set.leader_epoch, -1);
  EXPECT_EQ(deliver.set.topic_id, ports::TopicId{});
  EXPECT_EQ(deliver.set.readable_end, log().end());
  EXPECT_EQ(deliver.set.high_watermark, log().end());
  EXPECT_TRUE(deliver.set.joined.empty());
  EXPECT_EQ(messages(deliver.set), expected);
}

TEST_F(ReadingTest, IsAskedForAMegabyteWhereMoreIsThereAndLessWhereItIsNotKnown) {
  write(100'000, 50);
  attach(0);
  want(0, 0);
  const std::string most = std::to_string(settings.partition_max_bytes);
  EXPECT_EQ(count_asked("FETCH t/0@0+" + most), 1u);
  want(0, log().end());
  EXPECT_EQ(count_asked("FETCH t/0@" + std::to_string(log().end()) + "+" + std::to_string(settings.idle_max_bytes)),
            1u);
}

TEST_F(ReadingTest, NothingIsAskedForTwiceHoweverItIsCut) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    logs.clear();
    source.reset();
    connections.clear();
    settings.partition_max_bytes = static_cast<std::int32_t>(random() % 300 + 1);
    settings.idle_max_bytes = std::min(settings.partition_max_bytes, settings.idle_max_bytes);
    const Texts expected = write(100, random() % 200);
    log().segments = {log().end() / 3, log().end() / 2};
    // Segments begin where messages do.
    for (std::int64_t& segment : log().segments) {
      std::int64_t boundary = 0;
      for (const std::string& text : expected) {
        if (std::stoll(text) <= segment) boundary = std::stoll(text);
      }
      segment = boundary;
    }
    read_on({0});
    attach(0);
    (void)take_asked();
    want(0, 0);
    pass_s(1);
    EXPECT_EQ(delivered(), expected);
    std::int64_t next = 0;
    for (const std::string& one : take_asked()) {
      if (!one.starts_with("FETCH t/0@")) continue;
      const std::int64_t from = std::stoll(one.substr(10));
      const std::int64_t max = std::stoll(one.substr(one.find('+') + 1));
      ASSERT_EQ(from, next) << one;
      std::int64_t end = log().end();
      for (const std::int64_t segment : log().segments) {
        if (segment > from) end = std::min(end, segment);
      }
      next = std::min(from + max, end);
    }
    EXPECT_EQ(next, log().end());
    EXPECT_TRUE(take<Trouble>().empty());
    detach(0);
    EXPECT_EQ(budget->used(), 0u);
  }
}

TEST_F(ReadingTest, AMessageLargerThanAnAnswerIsPutTogether) {
  settings.partition_max_bytes = 1000;
  settings.idle_max_bytes = 1000;
  const std::string large(10'500, 'L');
  append(join({entry1("before"), entry1(large), entry1("behind")}));
  read_on({0});
  attach(0);
  want(0, 0);
  const auto sets = take<Deliver>();
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(messages(sets[0].set), Texts{"0 before"});
  EXPECT_EQ(messages(sets[1].set), (Texts{"16 " + large, "10526 behind"}));
  EXPECT_EQ(sets[1].set.joined.size(), large.size() + 10);
  EXPECT_EQ(sets[1].set.asked_offset, 16);
}

TEST_F(ReadingTest, AShortAnswerIsNoSignOfTheEnd) {
  const std::int64_t half = std::stoll(write(10)[5]);
  log().segments = {half};
  attach(0);
  want(0, 0);
  EXPECT_EQ(only<Deliver>().set.next_offset, half);
  want(0, half);
  EXPECT_EQ(only<Deliver>().set.next_offset, log().end()) << "at once, without a wait";
}

TEST_F(ReadingTest, AtTheEndOfTheLogItIsAskedAgainAfterAWaitThatDoubles) {
  write(1);
  attach(0);
  want(0, log().end());
  (void)take_asked();
  std::vector<base::Time> asked_at;
  while (asked_at.size() < 15) {
    now = source->next_tick();
    enter([&](auto& out) { source->tick(now, out); });
    if (count_asked("FETCH t/0") > 0) asked_at.push_back(now);
    (void)take_asked();
  }
  base::Duration longest = settings.idle_wait_min;
  for (std::size_t i = 1; i < asked_at.size(); ++i) {
    const base::Duration wait = asked_at[i] - asked_at[i - 1];
    EXPECT_LE(wait, settings.idle_wait_max);
    EXPECT_GE(wait, settings.idle_wait_min / 2);
    longest = std::max(longest, wait);
  }
  EXPECT_GE(longest, settings.idle_wait_max / 2);
  EXPECT_LE(asked_at[1] - asked_at[0], 4 * settings.idle_wait_min);
}

TEST_F(ReadingTest, WhatIsWrittenIsReadWithinTheLongestWaitAndThenTheWaitsBeginAnew) {
  attach(0);
  write(1);
  read_on({0});
  want(0, log().end());
  pass_s(30);
  write(1);
  std::size_t read = 0;
  const base::Time written_at = now;
  for (; read == 0 && now < written_at + settings.idle_wait_max; read = delivered().size()) pass_ms(1);
  EXPECT_EQ(read, 1u);
  (void)take_asked();
  pass(4 * settings.idle_wait_min);
  EXPECT_GE(count_asked("FETCH"), 2u);
}

TEST_F(ReadingTest, WantingAgainAsksAtOnce) {
  attach(0);
  want(0, 0);
  pass_s(30);
  (void)take_asked();
  want(0, 0);
  EXPECT_EQ(count_asked("FETCH t/0@0"), 1u);
}

TEST_F(ReadingTest, PartitionsOfWhichNoMoreIsKnownShareARequest) {
  for (std::int32_t i = 0; i < 5; ++i) append(entry1("x"), i);
  attach_partitions(5);
  (void)take_asked();
  want_all(5, 11);
  EXPECT_EQ(take_asked().size(), 1u);
  settings.partitions_per_request = 2;
  source.reset();
  connections.clear();
  attach_partitions(5);
  pass_s(1);
  (void)take_asked();
  hold_sets = true;
  want_all(5, 11);
  std::size_t most = 0;
  for (const auto& [id, connection] : connections) most = std::max(most, connection.unanswered.size());
  EXPECT_EQ(most, 1u) << "one request for sets is out on a connection";
  answer_held();
  EXPECT_EQ(count_asked("MULTIFETCH"), 2u);
  EXPECT_EQ(count_asked("FETCH"), 3u);
}

TEST_F(ReadingTest, WhoIsBehindIsAskedForAlone) {
  settings.response_max_bytes = settings.partition_max_bytes = 1000;
  settings.idle_max_bytes = 100;
  for (std::int32_t i = 0; i < 3; ++i) write(200, 20, i);
  attach_partitions(3);
  (void)take_asked();
  hold_sets = true;
  want_all(3, 0);
  answer_held();
  EXPECT_EQ(count_asked("+1000"), 3u);
  EXPECT_EQ(count_asked("MULTIFETCH"), 0u);
}

TEST_F(ReadingTest, ThoseThatWaitAreServedInTurn) {
  settings.connections = 1;
  settings.response_max_bytes = settings.partition_max_bytes = 100;
  for (std::int32_t i = 0; i < 3; ++i) write(1000, 5, i);
  attach_partitions(3);
  read_on({0, 1, 2});
  hold_sets = true;
  want_all(3, 0);
  (void)take_asked();
  hold_sets = false;
  Asked order;
  answer_held();
  for (const std::string& one : take_asked()) order.push_back(one.substr(0, one.find('@')));
  ASSERT_GT(order.size(), 30u);
  for (std::size_t i = 3; i < 30; ++i) EXPECT_EQ(order[i], order[i - 3]);
}

TEST_F(ReadingTest, PartitionsThatAreSoonDueShareTheRequestOfOneThatIs) {
  settings.bounds_max_age = std::chrono::hours(1);
  attach_partitions(8);
  want_all(8, 0);
  pass_s(20);
  (void)take_asked();
  pass_s(10);
  const std::size_t requests = count_asked("FETCH");
  EXPECT_LT(requests, 25u) << "80 to 160 polls";
}

TEST_F(ReadingTest, TheEndOfTheLogMovesWithWhatIsRead) {
  write(2);
  attach(0);
  EXPECT_EQ(only<LogBounds>().readable_end, log().end());
  const std::int64_t end = log().end();
  write(1);
  want(0, end);
  EXPECT_EQ(only<LogBounds>().readable_end, log().end());
  EXPECT_EQ(only<Deliver>().set.readable_end, log().end());
}

TEST_F(ReadingTest, BothEndsAreAskedForAnewEveryTenSeconds) {
  write(10);
  log().start = 100;
  attach(0);
  EXPECT_EQ(only<LogBounds>().log_start_offset, 100);
  (void)take_asked();
  write(1);
  log().start = 200;
  log().bytes.erase(log().bytes.begin(), log().bytes.begin() + 100);
  pass(settings.bounds_max_age);
  const auto bounds = take<LogBounds>();
  ASSERT_EQ(bounds.size(), 1u);
  EXPECT_EQ(bounds[0].log_start_offset, 200);
  EXPECT_EQ(bounds[0].readable_end, log().end());
  EXPECT_EQ(take_asked(), (Asked{"OFFSETS t/0 -2", "OFFSETS t/0 -1"}));
}

// ---- the byte budget -------------------------------------------------------------------------------------

TEST_F(ReadingTest, WhatIsHeldIsChargedUntilItIsReleased) {
  settings.partition_max_bytes = 100;
  write(20);
  attach(0);
  want(0, 0);
  constexpr std::size_t kBody = 2 + 100;
  const auto first = only<Deliver>();
  const std::size_t cut = 100 - static_cast<std::size_t>(first.set.next_offset);
  ASSERT_GT(cut, 0u);
  EXPECT_EQ(budget->used(), kBody + cut) << "the answer, and the start of an entry, which is kept apart";
  EXPECT_EQ(first.set.charge.bytes, kBody);
  release(first.set.charge);
  EXPECT_EQ(budget->used(), cut);
  want(0, first.set.next_offset);
  const auto second = only<Deliver>();
  EXPECT_GT(second.set.joined.size(), cut);
  EXPECT_EQ(second.set.charge.bytes, kBody + second.set.joined.size());
  release(second.set.charge);
  EXPECT_EQ(budget->used(), 200u - static_cast<std::size_t>(second.set.next_offset));
  detach(0);
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(ReadingTest, WantingAnotherPlaceDropsWhatWasKept) {
  settings.partition_max_bytes = 100;
  write(20);
  attach(0);
  want(0, 0);
  give_back_all();
  EXPECT_GT(budget->used(), 0u);
  (void)take_asked();
  want(0, 0);
  give_back_all();
  EXPECT_EQ(count_asked("FETCH t/0@0+"), 1u);
}

TEST_F(ReadingTest, IsReservedBeforeItIsAskedFor) {
  write(1000);
  hold_sets = true;
  attach(0);
  want(0, 0);
  EXPECT_GE(budget->used(), static_cast<std::size_t>(settings.idle_max_bytes));
  lose_all();
  EXPECT_EQ(budget->used(), 0u);
  pass_ms(100);
  EXPECT_GT(budget->used(), 0u) << "asked again";
  answer_held();
  give_back_all();
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(ReadingTest, WithoutRoomInTheBudgetNothingIsAsked) {
  budget_bytes = 2 * kLeastRequestBytes;
  settings.partition_max_bytes = 20 << 10;
  write(10'000);
  attach(0);
  want(0, 0);
  const auto first = only<Deliver>();
  const std::size_t asked_before = count_asked("FETCH");
  want(0, first.set.next_offset);
  EXPECT_EQ(count_asked("FETCH"), asked_before);
  EXPECT_TRUE(source->waits_for_budget());
  release(first.set.charge);
  EXPECT_FALSE(source->waits_for_budget());
  EXPECT_EQ(take<Deliver>().size(), 1u);
}

TEST_F(ReadingTest, CutEntriesDoNotWaitForEachOtherForEver) {
  budget_bytes = 4 * kLeastRequestBytes;
  settings.partition_max_bytes = settings.response_max_bytes = kLeastRequestBytes;
  settings.connections = 2;
  const std::string large(20 * kLeastRequestBytes, 'L');
  for (std::int32_t i = 0; i < 4; ++i) append(entry1(large), i);
  hold_sets = true;
  attach_partitions(4);
  want_all(4, 0);
  std::size_t sets = 0;
  for (int i = 0; i < 200 && sets < 4; ++i) {
    answer_held();
    hold_sets = true;
    for (const auto& deliver : take<Deliver>()) {
      ++sets;
      EXPECT_EQ(messages(deliver.set), Texts{"0 " + large});
      release(deliver.set.charge);
    }
  }
  EXPECT_EQ(sets, 4u);
  EXPECT_EQ(budget->used(), 0u);
}

// A fragment, whose rest never comes, is put together beyond the budget; then its log is truncated.
TEST_F(ReadingTest, WhoIsStoppedDoesNotStayBeyondTheBudget) {
  budget_bytes = 4 * kLeastRequestBytes;
  settings.partition_max_bytes = settings.response_max_bytes = kLeastRequestBytes;
  const std::string large(20 * kLeastRequestBytes, 'L');
  append(join({entry1("small"), cut_at(entry1(large), 10 * kLeastRequestBytes)}));
  append(entry1(large), 1);
  attach_partitions(2);
  want(0, 0);
  release(only<Deliver>().set.charge);
  hold_offsets = true;
  want(0, 15);
  ASSERT_GT(budget->used(), budget_bytes);
  want(1, 0);
  pass(settings.retry_min);
  EXPECT_EQ(count_asked("t/1@"), 1u) << "the question whether it is there";
  log().bytes.resize(15 + kLeastRequestBytes);
  answer_held();
  EXPECT_EQ(only<Trouble>().kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(delivered(), Texts{"0 " + large});
}

TEST_F(ReadingTest, CutEntriesAreCompletedThoughAnotherTopicHoldsTheBudget) {
  budget_bytes = 8 * kLeastRequestBytes;
  settings.partition_max_bytes = settings.response_max_bytes = kLeastRequestBytes;
  const std::string large(20 * kLeastRequestBytes, 'L');
  for (std::int32_t i = 0; i < 3; ++i) append(entry1(large), i);
  append(join({entry1(large), entry1("more")}), 0, "held");
  attach(9, 0, "held");
  attach_partitions(3);
  want(9, 0);
  EXPECT_EQ(take<Deliver>().size(), 1u) << "and never released";
  ASSERT_GT(budget->used(), budget_bytes);
  want_all(3, 0);
  for (int i = 0; i < 3; ++i) {
    const auto deliver = only<Deliver>();
    EXPECT_EQ(messages(deliver.set), Texts{"0 " + large});
    release(deliver.set.charge);
  }
}

TEST_F(ReadingTest, StartsOfMessagesThatNobodyWantsHoldUpNobody) {
  constexpr std::int32_t kPartitions = 64;
  num_partitions = kPartitions;
  budget_bytes = 16 * kLeastRequestBytes;
  settings.partition_max_bytes = settings.response_max_bytes = kLeastRequestBytes;
  for (std::int32_t i = 0; i < kPartitions; ++i) write(3, 10'000, i);
  attach_partitions(kPartitions);
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    want(static_cast<std::uint32_t>(i), 0);
    release(only<Deliver>().set.charge);
  }
  EXPECT_GT(budget->used(), 0u);
  EXPECT_LE(budget->used(), budget_bytes / kKeptPart);
  for (std::int32_t i = 0; i < kPartitions; ++i) {
    want(static_cast<std::uint32_t>(i), 10'010);
    release(only<Deliver>().set.charge);
  }
}

TEST_F(ReadingTest, APartitionThatFailsHoldsNothing) {
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  const std::string large(500, 'L');
  append(join({entry1("one"), entry1(large)}));
  attach(0);
  want(0, 0);
  release(only<Deliver>().set.charge);
  EXPECT_EQ(budget->used(), 87u);
  errors[{"t", 0}] = 3;
  want(0, 13);
  ASSERT_EQ(take<Trouble>().size(), 1u);
  EXPECT_EQ(budget->used(), 0u);
  errors.clear();
  pass(settings.retry_slowly);
  EXPECT_EQ(delivered(), Texts{"13 " + large});
}

TEST_F(ReadingTest, ALostConnectionTakesNothingOfAMessageAwayAndTwoInARowAll) {
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  const std::string large(500, 'L');
  append(join({entry1("one"), entry1(large)}));
  for (const int losses : {1, 2}) {
    source.reset();
    connections.clear();
    attach(0);
    want(0, 0);
    release(only<Deliver>().set.charge);
    hold_sets = true;
    want(0, 13);
    for (int i = 0; i < losses; ++i) {
      lose_all();
      EXPECT_EQ(budget->used(), i == 0 ? 87u : 0u) << "for as long as nothing can be asked, it holds up nobody";
      pass(settings.reconnect_max);
    }
    (void)take_asked();
    answer_held();
    EXPECT_EQ(delivered(), Texts{"13 " + large});
    EXPECT_EQ(count_asked("FETCH t/0@13+"), losses == 1 ? 0u : 1u);
  }
}

TEST_F(ReadingTest, ARestartWithinACompressedEntryReadsAllOfIt) {
  settings.partition_max_bytes = settings.idle_max_bytes = 20;
  const Bytes packed = gzip_entry(join({entry1("one"), entry1("two"), entry1("three")}));
  append(join({packed, entry1("behind")}));
  const std::string behind = std::to_string(packed.size());
  attach(0);
  hold_sets = true;
  want(0, 0);
  source.reset();  // a first part of it may have come
  connections.clear();
  (void)take<Deliver>();
  hold_sets = false;
  read_on({0});
  attach(0);
  want(0, 0);
  pass_ms(100);
  EXPECT_EQ(delivered(), (Texts{"0 one", "0 two", "0 three", behind + " behind"}));
}

TEST_F(ReadingTest, TopicsOfAnyBytesAreAskedForByThem) {
  const std::string topic("\xFF\n\0/t", 5);
  append(entry1("odd"), 0, topic);
  attach_topic(1, topic);
  EXPECT_EQ(only<ports::TopicFound>().topic, topic);
  attach(0, 0, topic);
  want(0, 0);
  EXPECT_EQ(delivered(), Texts{"0 odd"});
}

// Connections are lost, the budget is short, entries are cut anywhere: every message comes once, in its order.
TEST_F(ReadingTest, NothingIsLostWhateverBreaks) {
  constexpr std::int32_t kPartitions = 4;
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    logs.clear();
    source.reset();
    connections.clear();
    said.clear();
    settings.partition_max_bytes = static_cast<std::int32_t>(random() % 2000 + 1);
    settings.response_max_bytes = static_cast<std::int32_t>(random() % 4000 + 1);
    settings.idle_max_bytes = std::min<std::int32_t>(settings.partition_max_bytes, 100);
    budget_bytes = random() % 10'000 + 1;
    std::map<std::uint32_t, Texts> expected;
    for (std::int32_t i = 0; i < kPartitions; ++i) {
      for (int left = 60; left > 0; --left) {
        const std::string text(random() % 400, static_cast<char>('a' + random() % 26));
        expected[static_cast<std::uint32_t>(i)].push_back(std::to_string(log(i).end()) + " " + text);
        append(random() % 5 == 0 ? gzip_entry(entry0(text)) : entry1(text), i);
      }
    }
    read_on({0, 1, 2, 3});
    attach_partitions(kPartitions);
    want_all(kPartitions, 0);
    for (int step = 0; step < 100; ++step) {
      hold_sets = random() % 3 == 0;
      pass_ms(static_cast<int>(random() % 100));
      if (random() % 4 == 0) lose_all();
      answer_held();
    }
    pass_s(20);
    std::map<std::uint32_t, Texts> read;
    for (const auto& deliver : take<Deliver>()) {
      for (auto& text : messages(deliver.set)) read[deliver.child.child].push_back(std::move(text));
    }
    EXPECT_EQ(read, expected);
    for (const auto& trouble : take<Trouble>()) EXPECT_EQ(trouble.kind, Trouble::Kind::kRetrying);
    for (std::uint32_t i = 0; i < kPartitions; ++i) detach(i);
    lose_all();
    EXPECT_EQ(budget->used(), 0u);
  }
}

TEST_F(ReadingTest, ADetachedPartitionGetsNothingAndHoldsNothing) {
  write(10);
  hold_sets = true;
  attach(0);
  want(0, 0);
  detach(0);
  answer_held();
  EXPECT_TRUE(take<Deliver>().empty());
  EXPECT_EQ(budget->used(), 0u);
}

TEST_F(ReadingTest, AnOlderQuestionsAnswerIsDropped) {
  const std::int64_t second = std::stoll(write(10)[1]);
  hold_sets = true;
  attach(0);
  want(0, 0);
  want(0, second);
  answer_held();
  const auto deliver = only<Deliver>();
  EXPECT_EQ(deliver.set.asked_offset, second);
  release(deliver.set.charge);
  EXPECT_EQ(budget->used(), 0u);
}

}  // namespace
}  // namespace ductus::kafka06
