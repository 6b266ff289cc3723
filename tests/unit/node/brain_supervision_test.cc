// Each level of supervision, by each of its causes, and what must never lead to one.
#include "unit/node/brain_fixture.h"

namespace ductus::node {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class BrainSupervisionTest : public BrainTest {
 protected:
  /// `count` partitions, their handlers made, at 0, with nothing to read.
  void begin_many(std::int32_t count) {
    start();
    topic_has(count);
    bring_up(std::vector<std::optional<std::int64_t>>(static_cast<std::size_t>(count), 0));
    for (std::int32_t i = 0; i < count; ++i) log_ends_at(static_cast<std::uint32_t>(i), 0);
  }
  void broker_goes_away() { say(ports::BrokerAway{"a:9092", no_route()}); }
  void is_unreachable(std::uint32_t child) { say(ports::Trouble{at(child), no_route()}); }
  static Error no_route() { return {ErrorCode::kUnreachable, "no route to host"}; }
  void stop_handlers() {
    while (brain_->ready_work() > 0) done(next_work(Kind::kStopHandler));
  }
  bool retrying() { return node_state() == "retrying"; }
  /// Level C, everything down: one partition at 0, its broker away.
  void bring_to_level_c() {
    begin(0);
    log_ends_at(0, 8);
    is_unreachable(0);
    wait(config_.escalate_after);
    stop_handlers();
    bring_up({0});
    is_unreachable(0);
    wait(config_.escalate_after);
    stop_handlers();
    ASSERT_EQ(state(), "backoff");
    ASSERT_TRUE(logged("level C"));
  }
};

// ---- level A ---------------------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, APoisonBatchIsTriedForEverAndRestartsNobodyElse) {
  config_.intensity = 0;
  begin_many(2);
  log_ends_at(0, 4);
  for (int i = 0; i < 1000; ++i) {
    deliver(0, 0, 4);
    fail(0);
    EXPECT_EQ(state(0), "backoff");
    EXPECT_EQ(reason(0), "poison");
    wait(seconds(10));
    bring_up({0});
  }
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(at(1).generation, 1u);
  EXPECT_EQ(at(0).generation, 1001u);
}

TEST_F(BrainSupervisionTest, APolicyOrAnOperatorIsNeededAndNoRestartOfAllChangesThat) {
  config_.intensity = 0;
  start();
  topic_has(2);
  load({std::nullopt, 0});
  done(next_work(Kind::kStartHandler));
  broker_goes_away();
  stop_handlers();
  bring_up({0});
  EXPECT_EQ(state(0), "stopped");
  EXPECT_EQ(at(1).generation, 2u);
}

// ---- level B: what counts --------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, OneBrokerThatIsAwayCountsOnceHoweverManyPartitionsWait) {
  config_.intensity = 1;
  begin_many(3);
  broker_goes_away();
  for (std::uint32_t child = 0; child < 3; ++child) is_unreachable(child);
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(0), "waiting");
  broker_goes_away();
  EXPECT_TRUE(retrying());
  EXPECT_TRUE(logged("level B"));
}

TEST_F(BrainSupervisionTest, BytesThatCannotBeReadCountAFailingHandlerDoesNot) {
  config_.intensity = 0;
  begin_many(2);
  deliver(0, 0, 4);
  fail(0);
  EXPECT_FALSE(retrying());
  deliver(1, 0, 4);
  fail(1, ports::Handled::Kind::kBadBytes);
  EXPECT_TRUE(retrying());
}

TEST_F(BrainSupervisionTest, AStoreThatIsAwayIsNoCauseForARestart) {
  config_.intensity = 1;
  config_.max_uncommitted_batches = 1;
  begin(0);
  log_ends_at(0, 100);
  deliver(0, 0, 4);
  accept(4);
  sync();
  deliver(0, 4, 8);
  for (int i = 0; i < 1000; ++i) {
    store(Error{ErrorCode::kUnreachable, "gone"});
    wait(pipeline::Rounds::kRetryDelayMax);
  }
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(reason(), "the store is away: gone");
  store();
  accept(8);
  EXPECT_EQ(at(0).generation, 1u);
}

TEST_F(BrainSupervisionTest, AStoreThatIsNotAskedForAnythingIsToldAwayAllTheSame) {
  start();
  const Error gone{ErrorCode::kUnreachable, "gone"};
  brain_->kept_alive(gone, clock_.now(), effects_);
  const auto store_status = [&] { return brain_->status(clock_.now()).store; };
  EXPECT_EQ(store_status().state, "away");
  EXPECT_EQ(store_status().reason, "gone");
  EXPECT_TRUE(logged("store: gone"));
  brain_->kept_alive({}, clock_.now(), effects_);
  EXPECT_EQ(store_status().state, "ok");
  EXPECT_TRUE(logged("store: answers again"));
}

TEST_F(BrainSupervisionTest, AStoreThatLivesAndDoesNotWriteStaysAway) {
  begin(0);
  deliver(0, 0, 4);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store(Error{ErrorCode::kIo, "it is full"});
  brain_->kept_alive({}, clock_.now(), effects_);
  EXPECT_EQ(brain_->status(clock_.now()).store.reason, "it is full");
}

TEST_F(BrainSupervisionTest, WhatIsToldOfTheStoreBeforeTheStartEndsNothing) {
  brain_.emplace(config_, source_, BrainSettings{.until_end = true});
  brain_->kept_alive({}, clock_.now(), effects_);
  brain_->kept_alive(Error{ErrorCode::kUnreachable, "gone"}, clock_.now(), effects_);
  EXPECT_FALSE(take<Finished>());
  brain_->start(clock_.now(), effects_);
  EXPECT_EQ(brain_->status(clock_.now()).store.state, "away");
  EXPECT_EQ(node_state(), "starting");
}

// ---- level B: no progress --------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, WorkWithoutProgressRestartsEverythingOverNewConnections) {
  begin(0);
  log_ends_at(0, 8);
  is_unreachable(0);
  wait(config_.escalate_after);
  EXPECT_TRUE(retrying());
  EXPECT_NE(reason().find("everything is restarted"), std::string::npos);
  stop_handlers();
  EXPECT_EQ(source_.reconnects, 1);
  bring_up({0});
  EXPECT_EQ(at(0).generation, 2u);
  deliver(0, 0, 8);
  accept(8);
  EXPECT_EQ(node_state(), "running");
  EXPECT_TRUE(logged("back to level A"));
}

TEST_F(BrainSupervisionTest, ProgressOfOnePartitionSparesTheOthersARestart) {
  begin_many(2);
  is_unreachable(0);
  for (int i = 0; i < 100; ++i) {
    log_ends_at(1, i + 1);
    deliver(1, i, i + 1);
    accept(i + 1);
    wait(seconds(30));
    if (brain_->ready_work() > 0) sync();
    store();
  }
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(0), "waiting");
}

TEST_F(BrainSupervisionTest, WhatWaitsInANamedStateIsNeverRestarted) {
  begin_many(3);
  for (std::uint32_t child = 0; child < 3; ++child) log_ends_at(child, 100);
  source_.budget_is_used_up = true;
  deliver(0, 0, 4);
  (void)next_work(Kind::kHandle);  // busy for hours
  deliver(1, 0, 4);
  ports::Handled defer;
  defer.kind = ports::Handled::Kind::kDefer;
  defer.delay = hours(24);
  done(next_work(Kind::kHandle), {}, defer);
  for (int i = 0; i < 100; ++i) wait(minutes(10));
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(0), "stalled");
  EXPECT_NE(reason(0).find("busy"), std::string::npos);
  EXPECT_EQ(state(1), "deferred");
  EXPECT_EQ(state(2), "waiting");
  EXPECT_NE(reason(2).find("byte budget"), std::string::npos);
  EXPECT_EQ(source_.reconnects, 0);
}

TEST_F(BrainSupervisionTest, NothingToReadIsNoCauseForARestart) {
  begin_many(2);
  wait(hours(100));
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(0), "ok");
}

TEST_F(BrainSupervisionTest, ASourceThatIsSilentFromTheStartIsNotTakenForOneWithNothingToBring) {
  begin(0);
  wait(config_.escalate_after);
  EXPECT_TRUE(retrying());
}

// ---- a restart of everything -----------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, ARestartStoresWhatWasAcceptedBeforeAnythingStartsAgain) {
  config_.intensity = 0;
  begin(0);
  deliver(0, 0, 4);
  Work running = next_work(Kind::kHandle);
  deliver(0, 4, 8);
  broker_goes_away();
  EXPECT_FALSE(brain_->take_work(clock_.now())) << "the call in flight ends first";
  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(running), {}, ok);
  sync();
  EXPECT_FALSE(take<LoadPositions>());
  store();
  EXPECT_EQ(stored_[0].position.next_offset, 4);
  stop_handlers();
  EXPECT_EQ(source_.released_bytes, 200u) << "what was fetched ahead is dropped";
  bring_up({4});
  EXPECT_EQ(source_.wants.back().from.next_offset, 4);
}

TEST_F(BrainSupervisionTest, AHandlerThatBlocksIsLeftBehindAndJoinsTheOthersLater) {
  config_.intensity = 0;
  begin_many(2);
  deliver(0, 0, 4);
  Work blocked = next_work(Kind::kHandle);
  broker_goes_away();
  stop_handlers();
  EXPECT_EQ(source_.reconnects, 0);
  wait(seconds(10));
  EXPECT_EQ(source_.reconnects, 1);
  bring_up({0});
  EXPECT_EQ(at(0).generation, 1u);
  EXPECT_EQ(at(1).generation, 2u);
  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(blocked), {}, ok);
  sync();
  store();
  stop_handlers();
  bring_up({4});
  EXPECT_EQ(at(0).generation, 2u);
}

TEST_F(BrainSupervisionTest, WhatComesForAnOlderIncarnationIsDropped) {
  config_.intensity = 0;
  begin(0);
  const ports::ChildRef old = at(0);
  broker_goes_away();
  stop_handlers();
  bring_up({0});
  ports::FetchedSet late;
  late.charge.bytes = 7;
  say(ports::Deliver{old, std::move(late)});
  say(ports::Trouble{old, no_route()});
  EXPECT_EQ(source_.released_bytes, 7u);
  EXPECT_FALSE(brain_->take_work(clock_.now()));
  EXPECT_EQ(state(), "starting");
}

TEST_F(BrainSupervisionTest, AStoreThatHangsIsWaitedForBeforeEverythingStartsAgain) {
  config_.intensity = 0;
  config_.max_uncommitted_batches = 1;
  begin_many(2);
  deliver(0, 0, 4);
  accept(4);
  sync();
  auto hanging = take<StoreRound>();
  ASSERT_TRUE(hanging);
  broker_goes_away();
  stop_handlers();
  for (int i = 0; i < 30; ++i) wait(seconds(10));
  EXPECT_FALSE(take<LoadPositions>());
  brain_->stored(std::move(*hanging), {}, clock_.now(), effects_);
  EXPECT_TRUE(take<LoadPositions>());
}

// ---- level C ---------------------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, ARestartWithoutProgressStopsConsumingAndTriesAgainEveryTenSeconds) {
  bring_to_level_c();
  EXPECT_TRUE(retrying());
  EXPECT_NE(reason().find("tried again every 10 s"), std::string::npos);
  EXPECT_EQ(source_.detached.back(), at(0));
  wait(seconds(9));
  EXPECT_FALSE(take<LoadPositions>());
  wait(seconds(1));
  EXPECT_TRUE(take<LoadPositions>());
}

TEST_F(BrainSupervisionTest, LevelCHealsByItselfOnceMessagesCome) {
  bring_to_level_c();
  for (int attempt = 0; attempt < 100; ++attempt) {
    wait(seconds(10));
    if (brain_->ready_work() > 0) stop_handlers();
    if (std::ranges::any_of(effects_, [](const Effect& it) { return std::holds_alternative<LoadPositions>(it); })) {
      bring_up({0});
      is_unreachable(0);
    }
    ASSERT_TRUE(retrying()) << attempt;
  }
  while (at(0).generation < 3 || state() == "backoff") wait(seconds(10));
  deliver(0, 0, 8);
  accept(8);
  EXPECT_EQ(node_state(), "running");
  EXPECT_EQ(state(), "ok");
}

TEST_F(BrainSupervisionTest, ANodeThatStartsBeforeItsBrokersGoesTheSameWay) {
  start();
  say(ports::SourceState{false, "a:9092: no route to host"});
  wait(config_.escalate_after);
  EXPECT_TRUE(retrying());
  EXPECT_EQ(source_.reconnects, 1);
  wait(config_.escalate_after);
  EXPECT_TRUE(logged("level C"));
  say(ports::SourceState{true, "connected"});
  topic_has(1);
  wait(seconds(20));
  bring_up({0});
  deliver(0, 0, 4);
  accept(4);
  EXPECT_EQ(node_state(), "running");
}

// ---- the end ---------------------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, DrainingDuringARestartEndsTheNode) {
  config_.intensity = 0;
  begin(0);
  broker_goes_away();
  brain_->drain(clock_.now(), effects_);
  stop_handlers();
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 0);
}

TEST_F(BrainSupervisionTest, DrainingInLevelCEndsTheNodeAtOnce) {
  bring_to_level_c();
  brain_->drain(clock_.now(), effects_);
  EXPECT_TRUE(take<Finished>());
}

// ---- silence ---------------------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, AStallIsNamedOnceWithItsReasonAndSoIsItsEnd) {
  config_.escalate_after = hours(24);
  begin(0);
  log_ends_at(0, 8);
  is_unreachable(0);
  wait(config_.stall_after * 2);
  EXPECT_TRUE(logged("events/0 makes no progress: waiting: no route to host"));
  effects_.clear();
  wait(config_.stall_after * 2);
  EXPECT_FALSE(logged("makes no progress"));
  deliver(0, 0, 8);
  accept(8);
  EXPECT_TRUE(logged("events/0 moves on"));
}

TEST_F(BrainSupervisionTest, OfManyThatStallAtOnceTheFirstAreNamedAndTheOthersCounted) {
  config_.escalate_after = hours(24);
  for (const std::size_t others : {0, 1}) {
    const std::size_t count = Brain::kStallsNamed + others;
    effects_.clear();
    begin_many(static_cast<std::int32_t>(count));
    for (std::uint32_t child = 0; child < count; ++child) {
      log_ends_at(child, 8);
      is_unreachable(child);
    }
    wait(config_.stall_after);
    const auto named = std::ranges::count_if(effects_, [](const Effect& effect) {
      const auto* line = std::get_if<LogLine>(&effect);
      return line != nullptr && line->text.starts_with("events/") &&
             line->text.find("makes no progress") != std::string::npos;
    });
    EXPECT_EQ(static_cast<std::size_t>(named), Brain::kStallsNamed);
    EXPECT_EQ(logged("more partitions make no progress"), others > 0);
    EXPECT_EQ(logged("1 more partitions make no progress"), others > 0);
  }
}

TEST_F(BrainSupervisionTest, APartitionIsNotLateForWhatHasJustCome) {
  config_.escalate_after = hours(1000);
  begin_many(1);
  wait(hours(10));
  log_ends_at(0, 8);
  EXPECT_EQ(state(), "behind");
}

TEST_F(BrainSupervisionTest, ASilentPartitionIsAskedAnewThenOverNewConnectionsThenEverythingRestarts) {
  config_.escalate_after = hours(24);
  begin(0);
  log_ends_at(0, 8);
  const std::size_t attached = source_.attached.size();
  wait(config_.stall_after);
  ASSERT_EQ(source_.attached.size(), attached + 1);
  EXPECT_EQ(source_.wants.size(), 2u);
  EXPECT_EQ(source_.wants.back().from.next_offset, 0);
  wait(config_.stall_after);
  EXPECT_EQ(source_.reconnects, 1);
  EXPECT_FALSE(retrying());
  wait(config_.stall_after);
  EXPECT_TRUE(retrying());
}

// ---- threads ---------------------------------------------------------------------------------------------

TEST_F(BrainSupervisionTest, WhenCallsHoldEveryThreadTheOthersWaitAndStatusSaysForWhom) {
  config_.max_threads = 1;
  begin_many(2);
  log_ends_at(1, 4);
  deliver(0, 0, 4);
  deliver(1, 0, 4);
  Work blocked = next_work(Kind::kHandle);
  EXPECT_EQ(brain_->ready_work(), 0u);
  EXPECT_FALSE(brain_->take_work(clock_.now()));
  wait(seconds(12));
  EXPECT_EQ(state(1), "waiting");
  EXPECT_EQ(reason(1), "no thread is free: 1 calls hold them all, the longest one for 12 s in events/0");
  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(blocked), {}, ok);
  accept(4);
}

// ---- the periodic aggregate ------------------------------------------------------------------------------

class BrainPeriodicTest : public BrainSupervisionTest {
 protected:
  BrainPeriodicTest() { config_.periodic_every = seconds(10); }

  void give(Value element) {
    Work work = next_work(Kind::kAggregate);
    brain_->done({.kind = work.kind, .child = work.child, .round = work.round, .element = std::move(element)},
                 clock_.now(), effects_);
  }
  /// The module takes what was collected.
  Aggregate hand_over(Result<void> outcome = {}) {
    Work work = next_work(Kind::kPeriodic);
    Aggregate aggregate = *work.aggregate;
    done(std::move(work), std::move(outcome));
    return aggregate;
  }
  /// Without handlers the first aggregate is empty; the next collection comes `every` later.
  void begin_collecting(std::int32_t partitions) {
    start();
    wait(base::Duration::zero());
    EXPECT_EQ(hand_over(), Aggregate());
    topic_has(partitions);
    bring_up(std::vector<std::optional<std::int64_t>>(static_cast<std::size_t>(partitions), 0));
    for (std::int32_t i = 0; i < partitions; ++i) log_ends_at(static_cast<std::uint32_t>(i), 0);
  }
};

TEST_F(BrainPeriodicTest, EveryHandlerIsAskedAndTheModuleGetsOneAggregate) {
  begin_collecting(2);
  wait(seconds(10));
  give(10);
  give(11);
  EXPECT_EQ(hand_over(), (Aggregate{{"events", {{0, Value(10)}, {1, Value(11)}}}}));
}

TEST_F(BrainPeriodicTest, AHandlerInALongCallIsLeftOutAndHoldsNobodyUp) {
  begin_collecting(2);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  wait(seconds(10));
  give(11);
  EXPECT_EQ(brain_->ready_work(), 0u);
  wait(pipeline::Periodic::kAnswerWithin);
  const Aggregate aggregate = hand_over();
  EXPECT_EQ(aggregate, (Aggregate{{"events", {{1, Value(11)}}}}));
  EXPECT_EQ(aggregate.missing, (std::map<std::string, std::set<std::int32_t>>{{"events", {0}}}));
  EXPECT_TRUE(logged("the aggregate goes without handlers that are busy: events/0"));
  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(busy), {}, ok);
  give(10);  // asked between two calls, though too late
  wait(seconds(1));
  sync();
  store();
  wait(seconds(9));
  give(20);
  give(21);
  EXPECT_EQ(hand_over(), (Aggregate{{"events", {{0, Value(20)}, {1, Value(21)}}}}));
}

TEST_F(BrainPeriodicTest, APartitionWithoutAHandlerIsMissingAndNotWaitedFor) {
  begin_collecting(2);
  deliver(0, 0, 4);
  fail(0);
  wait(seconds(10));
  while (brain_->take_work(clock_.now())) {  // its handler is being made anew, and not done with that; 1 is asked
  }
  wait(pipeline::Periodic::kAnswerWithin);
  const Aggregate aggregate = hand_over();
  EXPECT_TRUE(aggregate.missing.at("events").contains(0));
}

TEST_F(BrainPeriodicTest, OfManyBusyHandlersSomeAreNamedAndTheOthersCounted) {
  constexpr int kBusy = static_cast<int>(Brain::kBusyNamed) + 2;
  begin_collecting(kBusy);
  wait(seconds(10));
  for (int i = 0; i < kBusy; ++i) (void)next_work(Kind::kAggregate);
  wait(pipeline::Periodic::kAnswerWithin);
  EXPECT_EQ(hand_over().missing.at("events").size(), static_cast<std::size_t>(kBusy));
  EXPECT_TRUE(logged("events/8, events/9 and 2 more"));
}

TEST_F(BrainPeriodicTest, TheModuleIsCalledAlsoWhereHandlersHoldAllThreads) {
  config_.max_threads = 1;
  begin_collecting(1);
  deliver(0, 0, 4);
  const Work busy = next_work(Kind::kHandle);
  wait(seconds(10));
  EXPECT_EQ(brain_->ready_work(), 0u);
  wait(pipeline::Periodic::kAnswerWithin);
  EXPECT_EQ(brain_->ready_work(), 1u);
  EXPECT_EQ(hand_over().missing.at("events").size(), 1u);
}

TEST_F(BrainPeriodicTest, AModuleThatThrowsIsToldAndCountedAndNothingElse) {
  config_.intensity = 0;
  begin_collecting(1);
  for (int i = 0; i < 3; ++i) {
    wait(seconds(10));
    give(1);
    hand_over(Error{ErrorCode::kCallback, "the module threw: no"});
  }
  EXPECT_TRUE(logged("handle_periodic_aggregate() failed, 3 times by now: the module threw: no"));
  EXPECT_EQ(node_state(), "running");
}

TEST_F(BrainPeriodicTest, AModuleThatTakesLongIsNotCalledASecondTime) {
  begin_collecting(1);
  wait(seconds(10));
  give(1);
  Work slow = next_work(Kind::kPeriodic);
  wait(seconds(25));
  EXPECT_FALSE(brain_->take_work(clock_.now()));
  done(std::move(slow));
  wait(seconds(5));
  give(2);
  EXPECT_EQ(hand_over(), (Aggregate{{"events", {{0, Value(2)}}}}));
}

TEST_F(BrainPeriodicTest, ARestartOfEverythingWaitsForTheModuleAndCollectsAnew) {
  config_.intensity = 0;
  begin_collecting(1);
  wait(seconds(10));
  give(1);
  Work slow = next_work(Kind::kPeriodic);
  broker_goes_away();
  EXPECT_FALSE(brain_->take_work(clock_.now()));
  done(std::move(slow));
  stop_handlers();
  wait(base::Duration::zero());
  EXPECT_EQ(hand_over(), Aggregate());
}

}  // namespace
}  // namespace ductus::node
