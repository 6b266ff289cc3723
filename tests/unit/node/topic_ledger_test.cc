#include "node/brain/topic_ledger.h"

#include <gtest/gtest.h>

namespace ductus::node {
namespace {

using pipeline::Unstored;
using ports::KnownTopic;
using ports::TopicId;

const TopicId kFirst{1};
const TopicId kSecond{2};

class TopicLedgerTest : public ::testing::Test {
 protected:
  /// A node that has started: the cluster says `now`, the store said `stored`.
  void begin(const KnownTopic& now, const std::optional<KnownTopic>& stored) {
    ledger_.found("t", now.topic_id, now.partition_count);
    ledger_.loaded("t", stored);
  }
  Unstored why(std::int32_t partition) const { return ledger_.why_unstored({"t", partition}); }
  void store(std::int32_t partition, const TopicId& id = kFirst) { ledger_.stored({"t", partition}, {5, -1, id}); }
  std::optional<KnownTopic> told() {
    const auto topics = ledger_.take();
    EXPECT_LE(topics.size(), 1u);
    return topics.empty() ? std::nullopt : std::optional(topics.front().known);
  }

  TopicLedger ledger_;
};

TEST_F(TopicLedgerTest, ATopicThatWasNeverSeenHasNoNewPartitions) {
  begin({kFirst, 3}, std::nullopt);
  EXPECT_EQ(why(0), Unstored::kMissing);
  EXPECT_EQ(why(2), Unstored::kMissing);
  EXPECT_EQ(told(), (KnownTopic{kFirst, 3}));
  EXPECT_EQ(told(), std::nullopt);
}

TEST_F(TopicLedgerTest, BeyondTheStoredCountOfTheSameTopicEverythingIsNew) {
  begin({kFirst, 4}, KnownTopic{kFirst, 2});
  EXPECT_EQ(why(1), Unstored::kMissing);
  EXPECT_EQ(why(2), Unstored::kNew);
  EXPECT_EQ(why(3), Unstored::kNew);
}

TEST_F(TopicLedgerTest, TheCountGrowsOnlyOnceAllThatIsNewIsStored) {
  begin({kFirst, 4}, KnownTopic{kFirst, 2});
  store(0);
  store(3);
  EXPECT_EQ(told(), std::nullopt);
  EXPECT_EQ(why(2), Unstored::kNew);
  store(2);
  EXPECT_EQ(told(), (KnownTopic{kFirst, 4}));
  EXPECT_EQ(why(2), Unstored::kMissing);
}

TEST_F(TopicLedgerTest, TheCountGrowsWithoutPartitionsThatAreNotRead) {
  ledger_.found("t", kFirst, 6, {{0, 0}, {3, 4}});
  ledger_.loaded("t", KnownTopic{kFirst, 2});
  store(3);
  EXPECT_EQ(told(), std::nullopt);
  store(4);
  EXPECT_EQ(told(), (KnownTopic{kFirst, 6}));
  EXPECT_EQ(why(5), Unstored::kMissing);
}

TEST_F(TopicLedgerTest, APartitionThatIsAddedWhileTheNodeRunsIsNew) {
  begin({kFirst, 1}, std::nullopt);
  ledger_.found("t", kFirst, 2);
  EXPECT_EQ(why(1), Unstored::kNew);
  EXPECT_EQ(told(), (KnownTopic{kFirst, 1}));
  store(1);
  EXPECT_EQ(told(), (KnownTopic{kFirst, 2}));
}

TEST_F(TopicLedgerTest, InATopicMadeAnewNothingIsNewUntilAllOfItIsStoredWithItsId) {
  begin({kSecond, 2}, KnownTopic{kFirst, 1});
  EXPECT_EQ(why(0), Unstored::kRecreated);
  EXPECT_EQ(why(1), Unstored::kRecreated);
  store(0, kFirst);
  store(1, kSecond);
  EXPECT_EQ(told(), std::nullopt);
  store(0, kSecond);
  EXPECT_EQ(told(), (KnownTopic{kSecond, 2}));
}

TEST_F(TopicLedgerTest, ABrokerWithoutIdsMakesNoTopicAnew) {
  begin({{}, 2}, KnownTopic{kFirst, 1});
  EXPECT_EQ(why(0), Unstored::kMissing);
  EXPECT_EQ(why(1), Unstored::kNew);
}

TEST_F(TopicLedgerTest, WhatTheStoreDidNotTakeIsToldAgain) {
  begin({kFirst, 3}, std::nullopt);
  ledger_.give_back(ledger_.take());
  EXPECT_EQ(told(), (KnownTopic{kFirst, 3}));
}

}  // namespace
}  // namespace ductus::node
