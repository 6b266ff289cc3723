// What a brain tells of itself beyond states and reasons.
#include <gtest/gtest.h>

#include "unit/node/brain_fixture.h"

namespace ductus::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class BrainStatusTest : public BrainTest {
 protected:
  operate::StatusReport report() { return brain_->status(clock_.now()); }
  operate::PartitionActivity activity() { return report().partitions.at(0).activity; }
};

TEST_F(BrainStatusTest, CountsDownToTheRestartOfAPartitionThatFailed) {
  begin(10);
  deliver(0, 10, 20);
  EXPECT_EQ(activity().restarts, 0u);
  fail(0);
  const auto failed = activity();
  EXPECT_EQ(failed.restarts, 1u);
  EXPECT_EQ(failed.last_error, "poison");
  EXPECT_EQ(failed.last_error_ago_s, 0);
  EXPECT_EQ(failed.last_results.at(0).verdict, "fail");
  ASSERT_TRUE(failed.retry_in_s);
  EXPECT_GT(*failed.retry_in_s, 0);
  EXPECT_LE(*failed.retry_in_s, 0.1);
  EXPECT_EQ(report().supervision.adapters.at("backing_off"), 1u);
  EXPECT_EQ(report().supervision.adapter_restarts, 1u);
  wait(milliseconds(100));
  load({10});
  EXPECT_EQ(activity().retry_in_s, std::nullopt);
  EXPECT_EQ(report().supervision.adapters.at("running"), 1u);
}

TEST_F(BrainStatusTest, CountsDownToTheNextOfferOfADeferredBatch) {
  begin(10);
  deliver(0, 10, 20);
  ports::Handled later;
  later.kind = ports::Handled::Kind::kDefer;
  later.delay = seconds(5);
  done(next_work(Kind::kHandle), {}, later);
  wait(seconds(2));
  EXPECT_EQ(activity().retry_in_s, 3);
  EXPECT_EQ(activity().batch->first_offset, 10);
}

TEST_F(BrainStatusTest, TellsTheCallAPartitionIsIn) {
  begin(10);
  deliver(0, 10, 20);
  EXPECT_FALSE(activity().call);
  const Work work = next_work(Kind::kHandle);
  wait(seconds(7));
  ASSERT_TRUE(activity().call);
  EXPECT_EQ(activity().call->what, "handle_messages");
  EXPECT_EQ(activity().call->for_s, 7);
}

TEST_F(BrainStatusTest, TellsSinceWhenNothingWasStored) {
  begin(10);
  deliver(0, 10, 20);
  accept(20);
  EXPECT_EQ(activity().uncommitted_batches, 1u);
  EXPECT_EQ(report().store.stored_ago_s, std::nullopt);
  wait(milliseconds(50));
  sync();
  store();
  EXPECT_EQ(activity().uncommitted_batches, 0u);
  wait(seconds(3));
  EXPECT_EQ(report().store.stored_ago_s, 3);
  EXPECT_EQ(report().store.state, "ok");
}

TEST_F(BrainStatusTest, SaysWhyTheStoreIsAway) {
  begin(10);
  deliver(0, 10, 20);
  accept(20);
  wait(milliseconds(50));
  sync();
  store(Error{ErrorCode::kIo, "disk full"});
  EXPECT_EQ(report().store.state, "away");
  EXPECT_EQ(report().store.reason, "disk full");
  wait(seconds(10));
  store();
  EXPECT_EQ(report().store.state, "ok");
  EXPECT_EQ(report().store.reason, "");
}

TEST_F(BrainStatusTest, TellsTheLevelAndWhenTheNextAttemptComes) {
  begin(10);
  log_ends_at(0, 20);
  EXPECT_EQ(report().supervision.level, "A");
  EXPECT_EQ(report().supervision.restarts, 0u);
  const auto until = [&](const std::string& level) {
    for (int s = 0; s < 600 && report().supervision.level != level; ++s) {
      wait(seconds(1));
      while (brain_->ready_work() > 0) {
        Work work = *brain_->take_work(clock_.now());
        done(std::move(work));
      }
      if (auto asked = take<LoadPositions>()) {
        generation_[0] = asked->children.at(0).generation;
        brain_->loaded(*asked, std::vector{std::optional(ports::Position{10, 1, {}})}, clock_.now(), effects_);
      }
    }
  };
  until("B");
  EXPECT_NE(report().supervision.reason, "");
  EXPECT_EQ(report().supervision.retry_in_s, std::nullopt);
  until("C");
  const auto told = report();
  EXPECT_EQ(told.state, "retrying");
  EXPECT_NE(told.reason, "");
  EXPECT_GE(told.supervision.restarts, 1u);
  ASSERT_TRUE(told.supervision.last_restart_ago_s);
  EXPECT_NE(told.supervision.last_restart_why, "");
  ASSERT_TRUE(told.supervision.retry_in_s);
  EXPECT_LE(*told.supervision.retry_in_s, 10);
  wait(seconds(1));
  EXPECT_EQ(*report().supervision.retry_in_s, *told.supervision.retry_in_s - 1);
}

TEST_F(BrainStatusTest, TellsWhenTheNextAggregateComesAndBringsItForward) {
  config_.periodic_every = seconds(60);
  start();
  wait(base::Duration::zero());
  done(next_work(Kind::kPeriodic));  // there was nobody to ask yet
  topic_has(1);
  bring_up({10});
  wait(seconds(20));
  ASSERT_TRUE(report().supervision.periodic);
  EXPECT_EQ(report().supervision.periodic->state, "running");
  EXPECT_EQ(report().supervision.periodic->next_in_s, 40);
  const std::uint64_t before = report().supervision.periodic->collections;
  ASSERT_TRUE(brain_->aggregate_now(clock_.now(), effects_));
  EXPECT_EQ(report().supervision.periodic->collections, before + 1);
  EXPECT_EQ(report().supervision.periodic->next_in_s, 60);
  EXPECT_EQ(brain_->aggregate_now(clock_.now(), effects_).error().code, ErrorCode::kRefused);  // it is under way
}

TEST_F(BrainStatusTest, CollectsNothingWhereNoPeriodIsSet) {
  begin(10);
  EXPECT_FALSE(report().supervision.periodic);
  EXPECT_EQ(brain_->aggregate_now(clock_.now(), effects_).error().code, ErrorCode::kRefused);
}

TEST_F(BrainStatusTest, SaysWhatTheEndWaitsFor) {
  begin(10);
  deliver(0, 10, 20);
  const Work work = next_work(Kind::kHandle);
  wait(seconds(1));
  brain_->drain(clock_.now(), effects_);
  EXPECT_EQ(report().state, "draining");
  EXPECT_EQ(report().reason, "1 call runs, the longest for 1 s in events/0; ended by force in 10 s");
}

TEST_F(BrainStatusTest, StartsNothingWhereAStopWasAskedForOnTheWayUp) {
  brain_.emplace(config_, source_, BrainSettings{});
  brain_->drain(clock_.now(), effects_);
  EXPECT_TRUE(take<Finished>());
  effects_.clear();
  brain_->start(clock_.now(), effects_);
  EXPECT_TRUE(effects_.empty());
}

}  // namespace
}  // namespace ductus::node
