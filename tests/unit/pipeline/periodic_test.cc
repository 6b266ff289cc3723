#include "pipeline/periodic.h"

#include <gtest/gtest.h>

namespace ductus::pipeline {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class PeriodicTest : public ::testing::Test {
 protected:
  void start(base::Duration every = seconds(10)) {
    periodic_.emplace(every);
    periodic_->start(clock_.now());
  }
  /// A collection begins, and `partitions` handlers of one topic are asked.
  void ask(std::uint32_t partitions) {
    ASSERT_TRUE(periodic_->begins(clock_.now()));
    for (std::uint32_t i = 0; i < partitions; ++i) periodic_->expect(at(i), {"t", static_cast<std::int32_t>(i)});
  }
  void answer(std::uint32_t child, Value element) {
    periodic_->answered(at(child), periodic_->round(), std::move(element));
  }
  std::optional<Aggregate> take() {
    auto collected = periodic_->take(clock_.now());
    if (!collected) return std::nullopt;
    busy_ = std::move(collected->busy);
    return std::move(collected->aggregate);
  }
  static ports::ChildRef at(std::uint32_t child) { return {child, 1}; }

  base::ManualClock clock_;
  std::optional<Periodic> periodic_;
  std::vector<ports::TopicPartition> busy_;  ///< of the last aggregate
};

TEST_F(PeriodicTest, TheFirstCollectionComesAtOnceAndTheNextAPeriodAfterItsStart) {
  start();
  ask(0);
  EXPECT_EQ(take(), Aggregate());
  periodic_->returned();
  EXPECT_EQ(periodic_->next_tick(), clock_.now() + seconds(10));
  clock_.advance(seconds(10) - milliseconds(1));
  EXPECT_FALSE(periodic_->begins(clock_.now()));
  clock_.advance(milliseconds(1));
  EXPECT_TRUE(periodic_->begins(clock_.now()));
}

TEST_F(PeriodicTest, TheAggregateIsThereAsSoonAsAllHaveAnswered) {
  start();
  ask(2);
  answer(1, Value(11));
  EXPECT_FALSE(take());
  answer(0, Value(10));
  EXPECT_EQ(take(), (Aggregate{{"t", {{0, Value(10)}, {1, Value(11)}}}}));
  EXPECT_TRUE(periodic_->calling());
}

TEST_F(PeriodicTest, WhoDoesNotAnswerInTimeIsLeftOut) {
  start();
  ask(2);
  answer(1, Value(11));
  EXPECT_EQ(periodic_->next_tick(), clock_.now() + Periodic::kAnswerWithin);
  clock_.advance(Periodic::kAnswerWithin);
  const auto aggregate = take();
  EXPECT_EQ(aggregate, (Aggregate{{"t", {{1, Value(11)}}}}));
  EXPECT_EQ(aggregate->missing, (std::map<std::string, std::set<std::int32_t>>{{"t", {0}}}));
  EXPECT_EQ(busy_, (std::vector<ports::TopicPartition>{{"t", 0}}));
}

TEST_F(PeriodicTest, WhoHasNoHandlerIsMissingAndNotWaitedFor) {
  start();
  ask(1);
  periodic_->absent({"t", 7});
  answer(0, Value(10));
  const auto aggregate = take();
  EXPECT_EQ(aggregate, (Aggregate{{"t", {{0, Value(10)}}}}));
  EXPECT_EQ(aggregate->missing, (std::map<std::string, std::set<std::int32_t>>{{"t", {7}}}));
  EXPECT_TRUE(busy_.empty());
  periodic_->returned();
  clock_.advance(seconds(10));
  ask(0);
  EXPECT_TRUE(take()->missing.empty()) << "each period begins anew";
}

TEST_F(PeriodicTest, AShortPeriodWaitsNoLongerThanItLasts) {
  start(milliseconds(100));
  ask(1);
  clock_.advance(milliseconds(100));
  EXPECT_TRUE(take());
}

TEST_F(PeriodicTest, ALateAnswerBelongsToNoLaterPeriod) {
  start();
  ask(1);
  const std::uint64_t old_round = periodic_->round();
  clock_.advance(Periodic::kAnswerWithin);
  ASSERT_TRUE(take());
  periodic_->returned();
  clock_.advance(seconds(10));
  ask(1);
  periodic_->answered(at(0), old_round, Value(1));
  EXPECT_FALSE(take());
  answer(0, Value(2));
  EXPECT_EQ(take(), (Aggregate{{"t", {{0, Value(2)}}}}));
}

TEST_F(PeriodicTest, AnAnswerOfAnOlderIncarnationIsIgnored) {
  start();
  ask(1);
  periodic_->answered({0, 0}, periodic_->round(), Value(1));
  EXPECT_FALSE(take());
}

TEST_F(PeriodicTest, AHandlerWithoutAnElementIsNotWaitedFor) {
  start();
  ask(1);
  periodic_->answered(at(0), periodic_->round(), std::nullopt);
  const auto aggregate = take();
  EXPECT_EQ(aggregate, Aggregate());
  EXPECT_EQ(aggregate->missing, (std::map<std::string, std::set<std::int32_t>>{{"t", {0}}}));
  EXPECT_TRUE(busy_.empty()) << "it did answer";
}

TEST_F(PeriodicTest, PeriodsThatBeginDuringACallArePassedOver) {
  start();
  ask(0);
  ASSERT_TRUE(take());
  clock_.advance(seconds(35));
  EXPECT_FALSE(periodic_->begins(clock_.now()));
  periodic_->returned();
  EXPECT_FALSE(periodic_->begins(clock_.now())) << "what was missed is not made up for";
  EXPECT_EQ(periodic_->next_tick(), clock_.now() + seconds(5));
}

TEST_F(PeriodicTest, StoppedItCollectsNothingUntilItIsStartedAgain) {
  start();
  ask(1);
  periodic_->stop();
  EXPECT_EQ(periodic_->next_tick(), base::Time::max());
  clock_.advance(seconds(100));
  EXPECT_FALSE(take());
  EXPECT_FALSE(periodic_->begins(clock_.now()));
  periodic_->start(clock_.now());
  ask(1);
  answer(0, Value(3));
  EXPECT_EQ(take(), (Aggregate{{"t", {{0, Value(3)}}}}));
}

}  // namespace
}  // namespace ductus::pipeline
