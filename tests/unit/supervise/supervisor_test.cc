#include "supervise/supervisor.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/supervise/supervised_world.h"

namespace ductus::supervise {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using Log = std::vector<std::string>;

class SupervisorTest : public ::testing::Test {
 protected:
  /// Two adapters that do what they are asked, all up.
  void bring_up(SupervisorSettings settings = {}) {
    world_.emplace(settings);
    world_->add_adapters(2);
    world_->willing = true;
    world_->start();
    ASSERT_TRUE(world_->all_up());
    world_->log.clear();
  }
  /// Level C, all down, its timer just armed.
  void bring_to_level_c() {
    bring_up();
    world_->work_is_due();
    world_->wait(seconds(120));
    ASSERT_EQ(level(), Level::kC);
    world_->log.clear();
  }
  Level level() const { return world_->supervisor.level(); }
  ChildState state(std::uint32_t id) const { return world_->supervisor.state(id); }

  std::optional<SupervisedWorld> world_;
};

// ---- order -----------------------------------------------------------------------------------------------

TEST_F(SupervisorTest, StartsTheStoreFirstAndWaitsForIt) {
  world_.emplace(SupervisorSettings{.has_periodic = true});
  world_->add_adapters(2);
  world_->start();
  EXPECT_EQ(world_->log, (Log{"start store"}));
  EXPECT_EQ(state(0), ChildState::kStarting);
  world_->started(kStore);
  EXPECT_EQ(world_->log, (Log{"start store", "start 0", "start 1", "start periodic"}));
}

TEST_F(SupervisorTest, StopsInReverseOrderEachAfterTheOneBehindIt) {
  world_.emplace(SupervisorSettings{.has_periodic = true});
  world_->add_adapters(2);
  world_->willing = true;
  world_->start();
  world_->willing = false;
  world_->log.clear();
  world_->stop();
  EXPECT_EQ(world_->log, (Log{"stop periodic"}));
  world_->stopped(kPeriodic);
  EXPECT_EQ(world_->log, (Log{"stop periodic", "stop 0", "stop 1"}));
  world_->stopped(1);
  EXPECT_EQ(world_->log.size(), 3u);
  world_->stopped(0);
  EXPECT_EQ(world_->log.back(), "stop store");
  EXPECT_FALSE(world_->all_stopped);
  world_->stopped(kStore);
  EXPECT_TRUE(world_->all_stopped);
  EXPECT_EQ(state(0), ChildState::kStopped);
}

TEST_F(SupervisorTest, APartitionFoundLaterStartsAtOnce) {
  bring_up();
  world_->add_adapters(1);
  EXPECT_TRUE(world_->is_up(2));
}

// ---- level A ---------------------------------------------------------------------------------------------

TEST_F(SupervisorTest, AFailedAdapterRestartsAloneAfterItsBackoff) {
  bring_up();
  world_->handler_fails(0);
  EXPECT_EQ(state(0), ChildState::kBackingOff);
  EXPECT_EQ(state(1), ChildState::kRunning);
  world_->wait(milliseconds(100));
  EXPECT_EQ(world_->log, (Log{"start 0"}));
}

TEST_F(SupervisorTest, APoisonBatchStaysAtLevelAForEver) {
  bring_up();
  for (int hours = 0; hours < 1000; ++hours) {
    if (world_->is_up(0)) world_->handler_fails(0);
    world_->wait(seconds(10));
    world_->progresses(1);
  }
  EXPECT_EQ(level(), Level::kA);
  EXPECT_EQ(std::ranges::count(world_->log, "start 1"), 0);
}

TEST_F(SupervisorTest, AFailedStartIsAFailureLikeAnyOther) {
  bring_up();
  world_->willing = false;
  world_->handler_fails(0);
  world_->wait(milliseconds(100));
  world_->handler_fails(0);  // while it starts
  EXPECT_EQ(state(0), ChildState::kBackingOff);
  world_->wait(milliseconds(200));
  EXPECT_EQ(state(0), ChildState::kStarting);
}

TEST_F(SupervisorTest, WhatOnlyAnOperatorCanMendStaysDown) {
  bring_up();
  world_->exits(0, {.reason = "no stored offset", .halted = true});
  world_->wait(seconds(600));
  EXPECT_EQ(state(0), ChildState::kStopped);
  world_->run([](Supervisor& it, Effects& out) { it.start_adapter(0, out); });
  EXPECT_TRUE(world_->is_up(0));
}

TEST_F(SupervisorTest, AnOperatorsStopEndsABackoff) {
  bring_up();
  world_->handler_fails(0);
  world_->run([](Supervisor& it, Effects& out) { it.stop_adapter(0, out); });
  world_->wait(seconds(600));
  EXPECT_EQ(state(0), ChildState::kStopped);
  EXPECT_FALSE(world_->is_up(0));
}

TEST_F(SupervisorTest, AnAdapterStartedWhileItStopsStartsOnceItHasStopped) {
  bring_up();
  world_->willing = false;
  world_->run([](Supervisor& it, Effects& out) { it.stop_adapter(0, out); });
  world_->run([](Supervisor& it, Effects& out) { it.start_adapter(0, out); });
  EXPECT_EQ(world_->log, (Log{"stop 0"}));
  world_->stopped(0);
  EXPECT_EQ(world_->log, (Log{"stop 0", "start 0"}));
}

TEST_F(SupervisorTest, EventsOfAnOlderIncarnationAreDropped) {
  bring_up();
  const Child old = world_->supervisor.child(0);
  world_->handler_fails(0);
  world_->wait(seconds(1));
  world_->run([&](Supervisor& it, Effects& out) { it.on_exited(old, {"late", true}, world_->now, out); });
  world_->run([&](Supervisor& it, Effects& out) { it.on_stopped(old, out); });
  world_->fires({Timer::Kind::kBackoff, old});
  EXPECT_EQ(state(0), ChildState::kRunning);
}

// ---- level B ---------------------------------------------------------------------------------------------

TEST_F(SupervisorTest, TheHundredAndFirstCountedFailureRestartsAll) {
  bring_up();
  for (std::uint32_t failure = 0; failure < SupervisorSettings().intensity; ++failure) world_->broker_fails();
  EXPECT_EQ(world_->log, Log{});
  world_->broker_fails();
  EXPECT_EQ(world_->log, (Log{"B", "stop 0", "stop 1", "stop store", "start store", "start 0", "start 1"}));
}

TEST_F(SupervisorTest, FailuresOfHandlersAreNotCounted) {
  bring_up({.intensity = 0});
  world_->handler_fails(0);
  EXPECT_EQ(level(), Level::kA);
  world_->fails(1);
  EXPECT_EQ(level(), Level::kB);
}

TEST_F(SupervisorTest, ARestartOfAllEndsBackoffs) {
  bring_up({.intensity = 0});
  world_->handler_fails(0);
  world_->broker_fails();
  EXPECT_TRUE(world_->all_up());
}

TEST_F(SupervisorTest, AStoreThatEndsTakesAllWithIt) {
  bring_up();
  world_->fails(kStore);
  EXPECT_EQ(world_->log, (Log{"B", "stop 0", "stop 1", "start store", "start 0", "start 1"}));
}

TEST_F(SupervisorTest, WorkWithoutProgressForAMinuteRestartsAll) {
  bring_up();
  world_->work_is_due();
  world_->wait(seconds(30));
  world_->progresses(0);
  world_->wait(seconds(60) - nanoseconds(1));
  EXPECT_EQ(level(), Level::kA);
  world_->wait(nanoseconds(1));
  EXPECT_EQ(level(), Level::kB);
}

TEST_F(SupervisorTest, WhatRestartingOneCannotMendRestartsAll) {
  bring_up();
  world_->run([&](Supervisor& it, Effects& out) { it.restart_all("silence", world_->now, out); });
  EXPECT_EQ(level(), Level::kB);
  EXPECT_TRUE(world_->all_up());
}

TEST_F(SupervisorTest, WithoutWorkNothingIsRestarted) {
  bring_up();
  world_->work_is_due();
  world_->work_is_due(false);
  world_->wait(std::chrono::hours(100));
  EXPECT_EQ(world_->log, Log{});
}

TEST_F(SupervisorTest, ProgressLeadsBackToLevelA) {
  bring_up({.intensity = 0});
  world_->work_is_due();
  world_->broker_fails();
  world_->progresses(1);
  EXPECT_EQ(level(), Level::kA);
}

TEST_F(SupervisorTest, DeathsWhileAllStopAreSwallowed) {
  bring_up({.intensity = 0});
  world_->willing = false;
  world_->broker_fails();
  world_->fails(0);
  world_->fails(1);
  world_->stopped(kStore);
  EXPECT_EQ(world_->log, (Log{"B", "stop 0", "stop 1", "stop store", "start store"}));
}

TEST_F(SupervisorTest, AnAdapterThatDoesNotStopIsLeftBehindAndJoinsLater) {
  bring_up({.intensity = 0});
  world_->willing = false;
  world_->broker_fails();
  world_->stopped(0);
  EXPECT_EQ(state(kStore), ChildState::kRunning);
  world_->wait(SupervisorSettings().stop_limit - nanoseconds(1));
  EXPECT_EQ(state(kStore), ChildState::kRunning);
  world_->wait(nanoseconds(1));
  world_->stopped(kStore);
  world_->started(kStore);
  world_->started(0);
  EXPECT_EQ(state(0), ChildState::kRunning);
  EXPECT_EQ(state(1), ChildState::kStopping);
  world_->stopped(1);
  world_->started(1);
  EXPECT_TRUE(world_->all_up());
}

// ---- level C ---------------------------------------------------------------------------------------------

TEST_F(SupervisorTest, ARestartWithoutProgressForAMinuteStopsConsuming) {
  bring_to_level_c();
  EXPECT_TRUE(world_->lives.empty());
  EXPECT_EQ(state(0), ChildState::kBackingOff);
  EXPECT_EQ(state(kStore), ChildState::kBackingOff);
}

TEST_F(SupervisorTest, OneRestartOfAllTooManyInAPeriodStopsConsuming) {
  bring_up({.intensity = 0});
  for (std::uint32_t restart = 0; restart < kMaxRestartsOfAll; ++restart) world_->broker_fails();
  EXPECT_EQ(level(), Level::kB);
  EXPECT_TRUE(world_->all_up());
  world_->broker_fails();
  EXPECT_EQ(level(), Level::kC);
  EXPECT_TRUE(world_->lives.empty());
}

TEST_F(SupervisorTest, RestartsOfAllBeforeThePeriodAreNotCounted) {
  bring_up({.intensity = 0});
  for (std::uint32_t restart = 0; restart < kMaxRestartsOfAll; ++restart) world_->broker_fails();
  world_->progresses(0);
  world_->wait(SupervisorSettings().period + nanoseconds(1));
  world_->broker_fails();
  EXPECT_EQ(level(), Level::kB);
}

TEST_F(SupervisorTest, ARestartThatFindsNoWorkIsGood) {
  bring_up({.intensity = 0});
  world_->broker_fails();
  world_->wait(seconds(60));
  EXPECT_EQ(level(), Level::kA);
  EXPECT_TRUE(world_->all_up());
}

TEST_F(SupervisorTest, AStoreThatNeverStartsIsTriedEveryTenSecondsForEver) {
  world_.emplace();
  world_->add_adapters(1);
  world_->start();
  for (int failure = 0; failure < 101; ++failure) world_->fails(kStore);
  EXPECT_EQ(level(), Level::kC);
  world_->log.clear();
  for (int attempt = 1; attempt <= 1000; ++attempt) {
    world_->wait(SupervisorSettings().retry_every - nanoseconds(1));
    ASSERT_FALSE(world_->lives.contains(kStore));
    world_->wait(nanoseconds(1));
    ASSERT_TRUE(world_->lives.contains(kStore)) << "attempt " << attempt;
    world_->fails(kStore);
  }
  EXPECT_EQ(std::ranges::count(world_->log, "start store"), 1000);
  world_->become_willing();
  world_->wait(seconds(10));
  world_->progresses(0);
  EXPECT_EQ(level(), Level::kA);
}

TEST_F(SupervisorTest, TheTimerIsArmedBeforeTheAttemptStarts) {
  bring_to_level_c();
  world_->willing = false;
  world_->timers.clear();
  Effects out;
  const Timer retry{Timer::Kind::kRetry, {0, 1}};
  world_->supervisor.on_timer(retry, world_->now, out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<ArmTimer>(out[0]));
  EXPECT_TRUE(std::holds_alternative<StartChild>(out[1]));
}

TEST_F(SupervisorTest, AStaleRetryTimerStartsNothing) {
  bring_to_level_c();
  const Timer stale{Timer::Kind::kRetry, {0, 1}};
  world_->wait(seconds(10));
  world_->progresses(0);
  world_->log.clear();
  world_->fires(stale);
  world_->fires({Timer::Kind::kRetry, {0, 2}});
  EXPECT_EQ(world_->log, Log{});
}

TEST_F(SupervisorTest, AnAttemptIsLeftRunningLongerEachTime) {
  bring_to_level_c();
  std::vector<std::int64_t> started_after_s;
  const base::Time from = world_->now;
  for (int second = 1; second <= 150; ++second) {
    world_->log.clear();
    world_->wait(seconds(1));
    if (std::ranges::count(world_->log, "start store") > 0) {
      started_after_s.push_back(std::chrono::duration_cast<seconds>(world_->now - from).count());
    }
  }
  EXPECT_EQ(started_after_s, (std::vector<std::int64_t>{10, 20, 40, 80, 140}));
}

TEST_F(SupervisorTest, ProgressInAnAttemptLeadsBackToLevelA) {
  bring_to_level_c();
  world_->wait(seconds(10));
  ASSERT_TRUE(world_->all_up());
  world_->progresses(0);
  EXPECT_EQ(level(), Level::kA);
  world_->log.clear();
  world_->work_is_due(false);
  world_->wait(seconds(1000));
  EXPECT_EQ(world_->log, Log{});
}

TEST_F(SupervisorTest, StoppedInLevelCItEndsAtOnce) {
  bring_to_level_c();
  world_->stop();
  EXPECT_TRUE(world_->all_stopped);
  world_->log.clear();
  world_->wait(seconds(1000));
  EXPECT_EQ(world_->log, Log{});
}

}  // namespace
}  // namespace ductus::supervise
