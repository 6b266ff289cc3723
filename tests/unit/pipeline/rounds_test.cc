#include "pipeline/rounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace ductus::pipeline {
namespace {

class RoundsTest : public ::testing::Test {
 protected:
  static RoundEntry entry(std::uint32_t child, std::int64_t next_offset, std::uint32_t batches = 1,
                          std::uint32_t generation = 1) {
    return {{child, generation}, {{next_offset, -1, {}}, batches}};
  }
  base::ManualClock clock_;
  Rounds rounds_;
};

TEST_F(RoundsTest, ARoundClosesAfterItsDelayWithEveryPartitionOnce) {
  rounds_.mark({1, 1}, false, clock_.now());
  clock_.advance(std::chrono::milliseconds(10));
  rounds_.mark({2, 1}, false, clock_.now());
  rounds_.mark({1, 1}, false, clock_.now());
  EXPECT_TRUE(rounds_.close(clock_.now()).empty());
  clock_.advance(Rounds::kRoundDelay - std::chrono::milliseconds(10));
  EXPECT_EQ(rounds_.next_tick(), clock_.now());
  EXPECT_EQ(rounds_.close(clock_.now()), (std::vector<ports::ChildRef>{{1, 1}, {2, 1}}));
  EXPECT_EQ(rounds_.next_tick(), base::Time::max());
}

TEST_F(RoundsTest, APartitionThatWaitsClosesTheRoundAtOnce) {
  rounds_.mark({1, 1}, false, clock_.now());
  rounds_.mark({2, 1}, true, clock_.now());
  EXPECT_EQ(rounds_.close(clock_.now()).size(), 2u);
}

TEST_F(RoundsTest, OneWriteIsOutAtATimeAndWhatComesMeanwhileIsGathered) {
  rounds_.add(entry(1, 10));
  EXPECT_EQ(rounds_.take(clock_.now()).size(), 1u);
  rounds_.add(entry(1, 20));
  rounds_.add(entry(1, 30));
  rounds_.add(entry(2, 5));
  EXPECT_TRUE(rounds_.take(clock_.now()).empty());
  rounds_.written({}, true, clock_.now());
  const std::vector<RoundEntry> next = rounds_.take(clock_.now());
  ASSERT_EQ(next.size(), 2u);
  EXPECT_EQ(next[0].what.position.next_offset, 30);
  EXPECT_EQ(next[0].what.batches, 2u);
}

TEST_F(RoundsTest, AFailedWriteIsTriedAgainWithBackOffAndNewerPositionsWin) {
  rounds_.add(entry(1, 10));
  std::vector<RoundEntry> round = rounds_.take(clock_.now());
  rounds_.add(entry(1, 20));
  rounds_.written(round, false, clock_.now());
  EXPECT_TRUE(rounds_.take(clock_.now()).empty());
  EXPECT_EQ(rounds_.next_tick(), clock_.now() + Rounds::kRetryDelayMin);
  clock_.advance(Rounds::kRetryDelayMin);
  round = rounds_.take(clock_.now());
  ASSERT_EQ(round.size(), 1u);
  EXPECT_EQ(round[0].what.position.next_offset, 20);
  EXPECT_EQ(round[0].what.batches, 2u);
  rounds_.written(round, false, clock_.now());
  EXPECT_EQ(rounds_.next_tick(), clock_.now() + 2 * Rounds::kRetryDelayMin);
}

TEST_F(RoundsTest, TheBackOffGrowsToItsLongestAndStaysThereUntilAWriteSucceeds) {
  rounds_.add(entry(1, 10));
  base::Duration delay = Rounds::kRetryDelayMin;
  for (int failure = 0; failure < 100; ++failure) {
    const std::vector<RoundEntry> round = rounds_.take(clock_.now());
    ASSERT_EQ(round.size(), 1u) << failure;
    rounds_.written(round, false, clock_.now());
    EXPECT_EQ(rounds_.next_tick(), clock_.now() + delay) << failure;
    clock_.advance(delay);
    delay = std::min(delay * 2, Rounds::kRetryDelayMax);
  }
  rounds_.written(rounds_.take(clock_.now()), true, clock_.now());
  rounds_.add(entry(1, 20));
  rounds_.written(rounds_.take(clock_.now()), false, clock_.now());
  EXPECT_EQ(rounds_.next_tick(), clock_.now() + Rounds::kRetryDelayMin);
}

TEST_F(RoundsTest, ANewIncarnationReplacesWhatTheOldOneHadToStore) {
  rounds_.add(entry(1, 50, 3, 1));
  rounds_.add(entry(1, 20, 1, 2));
  const std::vector<RoundEntry> round = rounds_.take(clock_.now());
  ASSERT_EQ(round.size(), 1u);
  EXPECT_EQ(round[0].what.position.next_offset, 20);
  EXPECT_EQ(round[0].what.batches, 1u);
}

TEST_F(RoundsTest, WhatAnEndedChildHadReadyIsNotWritten) {
  for (std::uint32_t child = 0; child < 4; ++child) rounds_.add(entry(child, 10 + child));
  rounds_.forget({1, 1});
  rounds_.forget({3, 1});
  rounds_.forget({1, 1});
  rounds_.add(entry(3, 20, 1, 2));
  std::vector<std::pair<std::uint32_t, std::int64_t>> written;
  for (const RoundEntry& it : rounds_.take(clock_.now())) {
    written.emplace_back(it.child.child, it.what.position.next_offset);
  }
  std::sort(written.begin(), written.end());
  EXPECT_EQ(written, (std::vector<std::pair<std::uint32_t, std::int64_t>>{{0, 10}, {2, 12}, {3, 20}}));
}

}  // namespace
}  // namespace ductus::pipeline
