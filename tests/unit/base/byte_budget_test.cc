#include "base/byte_budget.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

TEST(ByteBudget, WhatIsHeldAndWhatIsReservedMustFit) {
  ByteBudget budget(100);
  budget.add_topic(0);
  budget.charge({0, 60});
  EXPECT_GE(budget.room(0), 40u);
  EXPECT_LT(budget.room(0), 41u);
  budget.reserve(30);
  EXPECT_LT(budget.room(0), 11u);
  budget.unreserve(30);
  budget.release({0, 60});
  EXPECT_EQ(budget.used(), 0u);
}

TEST(ByteBudget, MoreThanTheLimitComesAlone) {
  ByteBudget budget(100);
  budget.add_topic(0);
  EXPECT_GE(budget.room(0), 1000u);
  budget.charge({0, 1000});
  EXPECT_LT(budget.room(0), 1u);
}

TEST(ByteBudget, ATopicThatHoldsAllItMayLeavesTheOthersTheirShares) {
  ByteBudget budget(100);
  budget.add_topic(1);  // 25 for each of two
  while (budget.room(0) >= 5) budget.charge({0, 5});
  EXPECT_EQ(budget.used(), 75u);
  EXPECT_GE(budget.room(1), 25u);
  budget.charge({1, 25});
  EXPECT_LT(budget.room(1), 1u);
  budget.release({0, 75});
  EXPECT_GE(budget.room(1), 50u);
  EXPECT_LT(budget.room(1), 51u) << "topic 0 has a share as well";
}

TEST(ByteBudget, AShareIsGrantedEvenWhereAnOversizeSetHasUsedUpEverything) {
  ByteBudget budget(100);
  budget.add_topic(1);
  budget.charge({0, 1000});
  EXPECT_GE(budget.room(1), 25u);
  EXPECT_LT(budget.room(1), 26u);
}

TEST(ByteBudget, ATopicMoreMakesTheSharesSmaller) {
  ByteBudget budget(100);
  budget.add_topic(0);
  budget.charge({0, 50});
  EXPECT_GE(budget.room(0), 50u);
  budget.add_topic(4);  // 10 for each of five
  EXPECT_GE(budget.room(0), 10u);
  EXPECT_LT(budget.room(0), 11u);
}

}  // namespace
}  // namespace ductus::base
