#include "base/byte_budget.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

TEST(ByteBudget, WhatIsHeldAndWhatIsReservedMustFit) {
  ByteBudget budget(100);
  budget.add_topic(0);
  budget.charge({0, 60});
  EXPECT_TRUE(budget.has_room(0, 40));
  EXPECT_FALSE(budget.has_room(0, 41));
  budget.reserve(30);
  EXPECT_FALSE(budget.has_room(0, 11));
  budget.unreserve(30);
  budget.release({0, 60});
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ByteBudget, MoreThanTheLimitComesAlone) {
  ByteBudget budget(100);
  budget.add_topic(0);
  EXPECT_TRUE(budget.has_room(0, 1000));
  budget.charge({0, 1000});
  EXPECT_FALSE(budget.has_room(0, 1));
}

TEST(ByteBudget, ATopicThatHoldsAllItMayLeavesTheOthersTheirShares) {
  ByteBudget budget(100);
  budget.add_topic(1);  // 25 for each of two
  while (budget.has_room(0, 5)) budget.charge({0, 5});
  EXPECT_EQ(budget.used(), 75u);
  EXPECT_TRUE(budget.has_room(1, 25));
  budget.charge({1, 25});
  EXPECT_FALSE(budget.has_room(1, 1));
  budget.release({0, 75});
  EXPECT_TRUE(budget.has_room(1, 50));
  EXPECT_FALSE(budget.has_room(1, 51)) << "topic 0 has a share as well";
}

TEST(ByteBudget, AShareIsGrantedEvenWhereAnOversizeSetHasUsedUpEverything) {
  ByteBudget budget(100);
  budget.add_topic(1);
  budget.charge({0, 1000});
  EXPECT_TRUE(budget.has_room(1, 25));
  EXPECT_FALSE(budget.has_room(1, 26));
}

TEST(ByteBudget, ATopicMoreMakesTheSharesSmaller) {
  ByteBudget budget(100);
  budget.add_topic(0);
  budget.charge({0, 50});
  EXPECT_TRUE(budget.has_room(0, 50));
  budget.add_topic(4);  // 10 for each of five
  EXPECT_TRUE(budget.has_room(0, 10));
  EXPECT_FALSE(budget.has_room(0, 11));
}

}  // namespace
}  // namespace ductus::base
