#include "pipeline/adapter.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace ductus::pipeline {
namespace {

using ports::Handled;

/// One adapter driven by hand: what it asked for is kept until the next event.
class AdapterTest : public ::testing::Test {
 protected:
  void make(AdapterSettings settings = {}) { adapter_.emplace(settings); }

  template <class T>
  const T* asked() const {
    for (const AdapterEffect& effect : effects_) {
      if (const T* found = std::get_if<T>(&effect)) return found;
    }
    return nullptr;
  }
  template <class T>
  T take() {
    for (AdapterEffect& effect : effects_) {
      if (T* found = std::get_if<T>(&effect)) return std::move(*found);
    }
    ADD_FAILURE() << "not asked for";
    std::abort();
  }

  /// Runs up to the first WantSet, with `next_offset` stored.
  void begin(std::int64_t next_offset, AdapterSettings settings = {}, const ports::TopicId& topic_id = {}) {
    make(settings);
    adapter_->start(effects_);
    ASSERT_NE(asked<LoadPosition>(), nullptr);
    load(ports::Position{next_offset, 3, topic_id});
    ASSERT_NE(asked<StartHandler>(), nullptr);
    started({});
  }
  void load(Result<std::optional<ports::Position>> position, Unstored unstored = Unstored::kMissing) {
    effects_.clear();
    adapter_->loaded(std::move(position), unstored, effects_);
  }
  void source_ends(ports::Trouble::Kind kind, std::int64_t parted_at = -1) {
    effects_.clear();
    adapter_->source_ended({{}, {ErrorCode::kRefused, "why"}, kind, -1, -1, parted_at}, effects_);
  }
  /// The policy's answer, and what it says is lost.
  std::vector<Lost> find(std::int64_t offset, const ports::TopicId& topic_id = {}) {
    effects_.clear();
    adapter_->found({{}, offset, 4, topic_id}, effects_);
    std::vector<Lost> lost;
    for (const AdapterEffect& effect : effects_) {
      if (const Lost* one = std::get_if<Lost>(&effect)) lost.push_back(*one);
    }
    return lost;
  }
  void started(const Result<void>& outcome) {
    effects_.clear();
    adapter_->started(outcome, clock_.now(), effects_);
  }
  void deliver(std::int64_t from, std::int64_t to) {
    ports::FetchedSet set;
    set.asked_offset = from;
    set.next_offset = to;
    set.charge.bytes = 100;
    effects_.clear();
    adapter_->delivered(std::move(set), effects_);
  }
  void handled(const Handled& outcome) {
    ports::FetchedSet set = std::move(in_hand_);
    effects_.clear();
    adapter_->handled(outcome, std::move(set), clock_.now(), effects_);
  }
  void pick_up() { in_hand_ = take<HandleSet>().set; }
  void accept(std::int64_t next_offset) {
    Handled ok;
    ok.position = {next_offset, 3, {}};
    ok.cursor = {0, next_offset};
    ok.last = true;
    handled(ok);
  }
  std::optional<Storable> collect() {
    effects_.clear();
    return adapter_->collect(effects_);
  }
  std::optional<Storable> sync(const Result<void>& outcome) {
    effects_.clear();
    return adapter_->synced(outcome, effects_);
  }
  static Error not_needed() { return {ErrorCode::kNotNeeded, ""}; }

  base::ManualClock clock_;
  std::optional<Adapter> adapter_;
  AdapterEffects effects_;
  ports::FetchedSet in_hand_;
};

TEST_F(AdapterTest, StartsAtTheStoredPosition) {
  begin(42);
  ASSERT_NE(asked<WantSet>(), nullptr);
  EXPECT_EQ(asked<WantSet>()->from.next_offset, 42);
  EXPECT_EQ(asked<WantSet>()->from.leader_epoch, 3);
}

TEST_F(AdapterTest, WithoutStoredOffsetItHaltsAndSaysWhatToDo) {
  make();
  adapter_->start(effects_);
  load(std::optional<ports::Position>());
  ASSERT_NE(asked<Halted>(), nullptr);
  EXPECT_NE(asked<Halted>()->reason.message.find("reset_offsets"), std::string::npos);
  EXPECT_TRUE(asked<Halted>()->needs_offset);
}

TEST_F(AdapterTest, TheOffsetThatAPolicyChoseIsStoredBeforeTheFirstFetch) {
  make({.when_missing = OffsetPolicy::kEarliest});
  adapter_->start(effects_);
  load(std::optional<ports::Position>());
  ASSERT_NE(asked<LookUp>(), nullptr);
  EXPECT_EQ(asked<LookUp>()->query, ports::OffsetQuery::kEarliest);
  effects_.clear();
  adapter_->found({{}, 7, 2, {}}, effects_);
  ASSERT_NE(asked<Accepted>(), nullptr);
  EXPECT_TRUE(asked<Accepted>()->urgent);
  EXPECT_EQ(asked<WantSet>(), nullptr);
  const std::optional<Storable> chosen = collect();
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->position.next_offset, 7);
  EXPECT_EQ(asked<StartHandler>(), nullptr);
  adapter_->stored(*chosen, effects_);
  EXPECT_NE(asked<StartHandler>(), nullptr);
  started({});
  EXPECT_EQ(take<WantSet>().from.next_offset, 7);
}

TEST_F(AdapterTest, AsksForOneSetAheadWhileOneIsHandledAndNoMore) {
  begin(0);
  deliver(0, 10);
  EXPECT_NE(asked<HandleSet>(), nullptr);
  EXPECT_EQ(take<WantSet>().from.next_offset, 10);
  pick_up();
  deliver(10, 20);
  EXPECT_TRUE(effects_.empty());
  accept(10);
  EXPECT_EQ(take<HandleSet>().set.asked_offset, 10);
  EXPECT_EQ(take<WantSet>().from.next_offset, 20);
}

TEST_F(AdapterTest, DeferOffersTheSameBatchAgainAfterTheDelayAndFetchesNothing) {
  begin(0);
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  Handled defer;
  defer.kind = Handled::Kind::kDefer;
  defer.delay = std::chrono::seconds(5);
  handled(defer);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  EXPECT_EQ(asked<WantSet>(), nullptr);
  EXPECT_EQ(asked<Accepted>(), nullptr);
  EXPECT_EQ(adapter_->phase(), AdapterPhase::kDeferred);
  ASSERT_NE(asked<ArmTimer>(), nullptr);
  clock_.advance(std::chrono::seconds(4));
  effects_.clear();
  adapter_->tick(clock_.now(), effects_);
  EXPECT_TRUE(effects_.empty());
  clock_.advance(std::chrono::seconds(1));
  adapter_->tick(clock_.now(), effects_);
  EXPECT_EQ(take<HandleSet>().set.asked_offset, 0);
}

TEST_F(AdapterTest, AFailureStopsTheHandlerBeforeTheExitIsTold) {
  begin(0);
  deliver(0, 10);
  pick_up();
  Handled fail;
  fail.kind = Handled::Kind::kFail;
  fail.error = {ErrorCode::kCallback, "no"};
  handled(fail);
  EXPECT_NE(asked<StopHandler>(), nullptr);
  EXPECT_EQ(asked<Exited>(), nullptr);
  effects_.clear();
  adapter_->handler_stopped(effects_);
  ASSERT_NE(asked<Exited>(), nullptr);
  EXPECT_FALSE(asked<Exited>()->counted);
}

TEST_F(AdapterTest, WhatWasAcceptedBeforeAFailureIsStoredFirst) {
  for (const Handled::Kind kind : {Handled::Kind::kFail, Handled::Kind::kBadBytes}) {
    begin(0);
    deliver(0, 10);
    pick_up();
    deliver(10, 20);
    accept(10);
    pick_up();
    Handled failed;
    failed.kind = kind;
    failed.error = {ErrorCode::kCallback, "no"};
    handled(failed);
    EXPECT_EQ(asked<StopHandler>(), nullptr);
    ASSERT_NE(asked<Accepted>(), nullptr);
    EXPECT_TRUE(asked<Accepted>()->urgent);
    EXPECT_EQ(adapter_->phase(), AdapterPhase::kWaitingStore);
    deliver(20, 30);  // too late
    EXPECT_NE(asked<ReleaseSet>(), nullptr);
    EXPECT_EQ(collect(), std::nullopt);
    ASSERT_NE(asked<SyncHandler>(), nullptr);
    const std::optional<Storable> storable = sync({});
    ASSERT_TRUE(storable);
    EXPECT_EQ(storable->position.next_offset, 10);
    EXPECT_EQ(asked<StopHandler>(), nullptr);
    effects_.clear();
    adapter_->stored(*storable, effects_);
    EXPECT_NE(asked<StopHandler>(), nullptr);
    EXPECT_EQ(asked<HandleSet>(), nullptr);
    adapter_->handler_stopped(effects_);
    ASSERT_NE(asked<Exited>(), nullptr);
    EXPECT_EQ(asked<Exited>()->reason.message, "no");
  }
}

TEST_F(AdapterTest, AFailureWhoseSyncFailsAsWellEndsAtOnce) {
  begin(0);
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  accept(10);
  pick_up();
  Handled failed;
  failed.kind = Handled::Kind::kFail;
  handled(failed);
  (void)collect();
  EXPECT_EQ(sync(Error{ErrorCode::kIo, "the disk is full"}), std::nullopt);
  EXPECT_NE(asked<StopHandler>(), nullptr);
}

TEST_F(AdapterTest, BytesThatCannotBeDecodedCountAsAFailureAndDropWhatWasPrefetched) {
  begin(0);
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  Handled bad;
  bad.kind = Handled::Kind::kBadBytes;
  bad.error = {ErrorCode::kCorrupt, "CRC"};
  handled(bad);
  int released = 0;
  for (const AdapterEffect& effect : effects_) released += std::holds_alternative<ReleaseSet>(effect) ? 1 : 0;
  EXPECT_EQ(released, 2);
  effects_.clear();
  adapter_->handler_stopped(effects_);
  ASSERT_NE(asked<Exited>(), nullptr);
  EXPECT_TRUE(asked<Exited>()->counted);
}

TEST_F(AdapterTest, WhereNobodyKnowsWhereALogWasTruncatedTheRangeIsAllOfItAndSaysSo) {
  begin(50, {.when_truncated = OffsetPolicy::kLatest});
  ports::Trouble truncated{{}, {ErrorCode::kRefused, "cut"}, ports::Trouble::Kind::kTruncated, 10, 70};
  truncated.parted_at = truncated.log_start_offset;
  adapter_->source_ended(truncated, effects_);
  const std::vector<Lost> lost = find(70);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].from, 10);
  EXPECT_NE(lost[0].cause.find("somewhere in there"), std::string::npos) << lost[0].cause;
}

TEST_F(AdapterTest, OfALogThatEndsBeforeTheOffsetAndMayBeAnotherOneAllThatAPolicyPassesOverIsTold) {
  begin(50, {.when_out_of_range = OffsetPolicy::kLatest});
  source_ends(ports::Trouble::Kind::kOffsetOutOfRange, 0);
  const std::vector<Lost> lost = find(20);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].from, 0);
  EXPECT_EQ(lost[0].to, 20);
}

TEST_F(AdapterTest, AtTheLimitTheNextCallbackWaitsForTheStore) {
  begin(0, {.max_uncommitted_batches = 2});
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  accept(10);
  pick_up();
  deliver(20, 30);
  accept(20);
  EXPECT_TRUE(asked<Accepted>()->urgent);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  EXPECT_EQ(adapter_->phase(), AdapterPhase::kWaitingStore);
  EXPECT_EQ(collect(), std::nullopt);
  ASSERT_NE(asked<SyncHandler>(), nullptr);
  const std::optional<Storable> storable = sync(not_needed());
  ASSERT_TRUE(storable);
  EXPECT_EQ(storable->position.next_offset, 20);
  EXPECT_EQ(storable->batches, 2u);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  adapter_->stored(*storable, effects_);
  EXPECT_EQ(take<HandleSet>().set.asked_offset, 20);
}

TEST_F(AdapterTest, HalfwayToTheLimitTheRoundClosesSoThatStoringAndHandlingOverlap) {
  begin(0, {.max_uncommitted_batches = 4});
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  accept(10);
  EXPECT_FALSE(asked<Accepted>()->urgent);
  pick_up();
  deliver(20, 30);
  accept(20);
  EXPECT_TRUE(asked<Accepted>()->urgent);
  EXPECT_NE(asked<HandleSet>(), nullptr);
}

TEST_F(AdapterTest, ZeroUncommittedBatchesStoresEachBatchBeforeTheNext) {
  begin(0, {.max_uncommitted_batches = 0});
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  accept(10);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  EXPECT_TRUE(asked<Accepted>()->urgent);
}

TEST_F(AdapterTest, ARoundDoesNotWaitForAHandlerInACallItsSyncFollowsTheCall) {
  begin(0);
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  accept(10);
  pick_up();
  EXPECT_EQ(collect(), std::nullopt);
  EXPECT_EQ(asked<SyncHandler>(), nullptr);
  accept(20);
  EXPECT_NE(asked<SyncHandler>(), nullptr);
  const std::optional<Storable> storable = sync({});
  ASSERT_TRUE(storable);
  EXPECT_EQ(storable->position.next_offset, 20);
  EXPECT_EQ(storable->batches, 2u);
}

TEST_F(AdapterTest, OnlyWhatWasAcceptedBeforeTheSyncIsStored) {
  begin(0);
  deliver(0, 10);
  pick_up();
  accept(10);
  EXPECT_EQ(collect(), std::nullopt);
  ASSERT_NE(asked<SyncHandler>(), nullptr);
  deliver(10, 20);
  EXPECT_EQ(asked<HandleSet>(), nullptr) << "the handler is in its sync";
  const std::optional<Storable> storable = sync({});
  EXPECT_EQ(storable->position.next_offset, 10);
  EXPECT_NE(asked<HandleSet>(), nullptr);
}

TEST_F(AdapterTest, AFailedSyncActsAsFailAndNothingSinceTheLastGoodSyncIsStored) {
  begin(0);
  deliver(0, 10);
  pick_up();
  accept(10);
  EXPECT_EQ(collect(), std::nullopt);
  EXPECT_EQ(sync(Error{ErrorCode::kIo, "disk"}), std::nullopt);
  EXPECT_NE(asked<StopHandler>(), nullptr);
  EXPECT_EQ(collect(), std::nullopt);
}

TEST_F(AdapterTest, AHandlerThatNeedsNoSyncIsAskedOnce) {
  begin(0);
  deliver(0, 10);
  pick_up();
  accept(10);
  EXPECT_EQ(collect(), std::nullopt);
  ASSERT_TRUE(sync(not_needed()));
  deliver(10, 20);
  pick_up();
  accept(20);
  const std::optional<Storable> storable = collect();
  ASSERT_TRUE(storable);
  EXPECT_EQ(storable->position.next_offset, 20);
  EXPECT_EQ(asked<SyncHandler>(), nullptr);
}

TEST_F(AdapterTest, OutOfRangeWaitsUntilEverythingInHandIsStoredAndIsAskedForOnceMore) {
  begin(0);
  deliver(0, 10);
  pick_up();
  effects_.clear();
  source_ends(ports::Trouble::Kind::kOffsetOutOfRange);
  EXPECT_TRUE(effects_.empty());
  accept(10);
  EXPECT_EQ(asked<Halted>(), nullptr);
  EXPECT_EQ(collect(), std::nullopt);
  const std::optional<Storable> storable = sync(not_needed());
  ASSERT_TRUE(storable);
  adapter_->stored(*storable, effects_);
  EXPECT_EQ(asked<StopHandler>(), nullptr);
  ASSERT_NE(asked<WantSet>(), nullptr) << "the log may have changed since";
  EXPECT_EQ(asked<WantSet>()->from.next_offset, 10);
  source_ends(ports::Trouble::Kind::kOffsetOutOfRange);
  EXPECT_NE(asked<StopHandler>(), nullptr);
  effects_.clear();
  adapter_->handler_stopped(effects_);
  EXPECT_NE(asked<Halted>(), nullptr);
}

TEST_F(AdapterTest, ALookUpThatOnlyAnOperatorCanHelpHaltsIt) {
  make({.when_missing = OffsetPolicy::kEarliest});
  adapter_->start(effects_);
  load(std::optional<ports::Position>());
  ASSERT_NE(asked<LookUp>(), nullptr);
  source_ends(ports::Trouble::Kind::kFinal);
  ASSERT_NE(asked<Halted>(), nullptr);
  EXPECT_EQ(asked<Halted>()->reason.message, "why");
  EXPECT_TRUE(asked<Halted>()->needs_offset);
  EXPECT_EQ(adapter_->phase(), AdapterPhase::kIdle);
}

TEST_F(AdapterTest, WhatTheSourceSaysOfTheBoundsAloneEndsNothing) {
  make();
  adapter_->start(effects_);
  source_ends(ports::Trouble::Kind::kFinal);
  EXPECT_TRUE(effects_.empty()) << "nothing is wanted yet";
  load(ports::Position{5, 3, {}});
  started({});
  EXPECT_EQ(take<WantSet>().from.next_offset, 5);
  source_ends(ports::Trouble::Kind::kFinal);
  EXPECT_NE(asked<StopHandler>(), nullptr) << "now a set is wanted";
}

TEST_F(AdapterTest, OutOfRangeWithAPolicyRecordsWhatIsLostAndGoesOn) {
  begin(5, {.when_out_of_range = OffsetPolicy::kEarliest});
  effects_.clear();
  source_ends(ports::Trouble::Kind::kOffsetOutOfRange);
  ASSERT_NE(asked<LookUp>(), nullptr);
  effects_.clear();
  adapter_->found({{}, 100, 4, {}}, effects_);
  ASSERT_NE(asked<Lost>(), nullptr);
  EXPECT_EQ(asked<Lost>()->from, 5);
  EXPECT_EQ(asked<Lost>()->to, 100);
  const std::optional<Storable> chosen = collect();
  ASSERT_TRUE(chosen);
  adapter_->stored(*chosen, effects_);
  EXPECT_EQ(take<WantSet>().from.next_offset, 100);
}

TEST_F(AdapterTest, EachTroubleHasItsOwnPolicyAndStopsWithout) {
  using Kind = ports::Trouble::Kind;
  const AdapterSettings truncated{.when_truncated = OffsetPolicy::kLatest};
  const AdapterSettings recreated{.when_recreated = OffsetPolicy::kLatest};
  const AdapterSettings all_but_final{.when_missing = OffsetPolicy::kLatest,
                                      .when_out_of_range = OffsetPolicy::kLatest,
                                      .when_truncated = OffsetPolicy::kLatest,
                                      .when_recreated = OffsetPolicy::kLatest};
  struct Case {
    Kind kind;
    AdapterSettings settings;
    bool goes_on;
  };
  for (const Case& one : {Case{Kind::kTruncated, truncated, true}, Case{Kind::kTruncated, recreated, false},
                          Case{Kind::kRecreated, recreated, true}, Case{Kind::kRecreated, truncated, false},
                          Case{Kind::kOffsetOutOfRange, truncated, false}, Case{Kind::kFinal, all_but_final, false}}) {
    effects_.clear();
    begin(5, one.settings);
    source_ends(one.kind);
    EXPECT_EQ(asked<LookUp>() != nullptr, one.goes_on);
    EXPECT_EQ(asked<StopHandler>() != nullptr, !one.goes_on);
    if (one.goes_on) continue;
    adapter_->handler_stopped(effects_);
    ASSERT_NE(asked<Halted>(), nullptr);
    EXPECT_EQ(asked<Halted>()->needs_offset, one.kind != Kind::kFinal);
  }
}

TEST_F(AdapterTest, OfATruncatedLogWhatCameSinceIsLostWhereAPolicyPassesOverIt) {
  begin(50, {.when_truncated = OffsetPolicy::kLatest});
  source_ends(ports::Trouble::Kind::kTruncated, 40);
  const auto lost = find(70);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].from, 40);
  EXPECT_EQ(lost[0].to, 70);
  begin(50, {.when_truncated = OffsetPolicy::kEarliest});
  source_ends(ports::Trouble::Kind::kTruncated, 40);
  EXPECT_TRUE(find(10).empty());
}

TEST_F(AdapterTest, ATopicMadeAnewWhileAnotherPolicyLooksUpAnOffsetIsThePolicyOfThatsAffair) {
  const ports::TopicId old{1};
  const ports::TopicId anew{9};
  begin(50, {.when_truncated = OffsetPolicy::kLatest}, old);
  source_ends(ports::Trouble::Kind::kTruncated, 40);
  EXPECT_TRUE(find(7, anew).empty());
  EXPECT_NE(asked<StopHandler>(), nullptr) << "when_recreated is stop";

  begin(50, {.when_truncated = OffsetPolicy::kLatest, .when_recreated = OffsetPolicy::kEarliest}, old);
  source_ends(ports::Trouble::Kind::kTruncated, 40);
  EXPECT_TRUE(find(70, anew).empty()) << "asked again: for the earliest now";
  const auto lost = find(0, anew);
  ASSERT_EQ(lost.size(), 1u);
  EXPECT_EQ(lost[0].from, 50);
  EXPECT_EQ(lost[0].to, std::nullopt);
}

TEST_F(AdapterTest, OfATopicMadeAnewTheRestOfTheOldOneIsLostAndThePolicyStoresTheNewId) {
  const ports::TopicId anew{9};
  begin(50, {.when_recreated = OffsetPolicy::kLatest});
  source_ends(ports::Trouble::Kind::kRecreated);
  const auto lost = find(7, anew);
  ASSERT_EQ(lost.size(), 2u);
  EXPECT_EQ(lost[0].from, 50);
  EXPECT_EQ(lost[0].to, std::nullopt);
  EXPECT_EQ(lost[1].from, 0);
  EXPECT_EQ(lost[1].to, 7);
  const std::optional<Storable> chosen = collect();
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->position, (ports::Position{7, 4, anew}));
}

TEST_F(AdapterTest, ANewPartitionBeginsAtItsLogsStartWhateverThePolicy) {
  make();
  adapter_->start(effects_);
  load(std::optional<ports::Position>(), Unstored::kNew);
  ASSERT_NE(asked<LookUp>(), nullptr);
  EXPECT_EQ(asked<LookUp>()->query, ports::OffsetQuery::kEarliest);
  EXPECT_TRUE(find(0).empty());
  EXPECT_TRUE(collect());
}

TEST_F(AdapterTest, WithoutStoredOffsetInATopicMadeAnewItActsByWhenRecreated) {
  make({.when_missing = OffsetPolicy::kEarliest});
  adapter_->start(effects_);
  load(std::optional<ports::Position>(), Unstored::kRecreated);
  ASSERT_NE(asked<Halted>(), nullptr);
  EXPECT_NE(asked<Halted>()->reason.message.find("when_recreated"), std::string::npos);
  make({.when_recreated = OffsetPolicy::kEarliest});
  adapter_->start(effects_);
  load(std::optional<ports::Position>(), Unstored::kRecreated);
  EXPECT_NE(asked<LookUp>(), nullptr);
}

TEST_F(AdapterTest, TheElementIsAskedForBetweenTwoCalls) {
  begin(0);
  effects_.clear();
  ASSERT_TRUE(adapter_->aggregate(effects_));
  EXPECT_NE(asked<AggregateHandler>(), nullptr);
  deliver(0, 10);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  effects_.clear();
  adapter_->aggregated(effects_);
  EXPECT_NE(asked<HandleSet>(), nullptr);
  pick_up();
  effects_.clear();
  ASSERT_TRUE(adapter_->aggregate(effects_));
  EXPECT_EQ(asked<AggregateHandler>(), nullptr) << "the handler is in a call";
  accept(10);
  EXPECT_NE(asked<AggregateHandler>(), nullptr);
}

TEST_F(AdapterTest, WithoutAHandlerThereIsNoElement) {
  make();
  adapter_->start(effects_);
  EXPECT_FALSE(adapter_->aggregate(effects_));
}

TEST_F(AdapterTest, WhatTheSourceOwesCanBeAskedForOnceMore) {
  begin(42);
  effects_.clear();
  adapter_->ask_again(effects_);
  EXPECT_EQ(take<WantSet>().from.next_offset, 42);
  deliver(42, 50);
  effects_.clear();
  adapter_->ask_again(effects_);
  EXPECT_EQ(take<WantSet>().from.next_offset, 50);
}

TEST_F(AdapterTest, DrainingWhileAPolicyLooksForAnOffsetStopsTheHandler) {
  begin(5, {.when_out_of_range = OffsetPolicy::kEarliest});
  source_ends(ports::Trouble::Kind::kOffsetOutOfRange);
  ASSERT_NE(asked<LookUp>(), nullptr);
  effects_.clear();
  adapter_->drain(effects_);
  adapter_->stop(effects_);
  EXPECT_NE(asked<StopHandler>(), nullptr);
}

TEST_F(AdapterTest, DrainingDropsSetsStoresWhatWasAcceptedAndStopsTheHandler) {
  begin(0);
  deliver(0, 10);
  pick_up();
  deliver(10, 20);
  effects_.clear();
  adapter_->drain(effects_);
  EXPECT_NE(asked<ReleaseSet>(), nullptr) << "the prefetched set";
  accept(10);
  EXPECT_EQ(asked<HandleSet>(), nullptr);
  EXPECT_EQ(asked<WantSet>(), nullptr);
  EXPECT_TRUE(adapter_->has_unstored());
  EXPECT_EQ(collect(), std::nullopt);
  const std::optional<Storable> storable = sync({});
  ASSERT_TRUE(storable);
  adapter_->stored(*storable, effects_);
  EXPECT_FALSE(adapter_->has_unstored());
  effects_.clear();
  adapter_->stop(effects_);
  EXPECT_NE(asked<StopHandler>(), nullptr);
  adapter_->handler_stopped(effects_);
  EXPECT_EQ(adapter_->phase(), AdapterPhase::kIdle);
}

TEST_F(AdapterTest, AnIdleIntervalOffersAnEmptyBatchOnlyWhileNothingComes) {
  begin(9, {.idle_interval = std::chrono::milliseconds(500)});
  ASSERT_NE(asked<ArmTimer>(), nullptr);
  clock_.advance(std::chrono::milliseconds(500));
  effects_.clear();
  adapter_->tick(clock_.now(), effects_);
  ASSERT_NE(asked<HandleIdle>(), nullptr);
  EXPECT_EQ(asked<HandleIdle>()->next_offset, 9);
  effects_.clear();
  adapter_->handled_idle({}, clock_.now(), effects_);
  EXPECT_NE(asked<ArmTimer>(), nullptr);
  EXPECT_EQ(asked<Accepted>(), nullptr);
}

}  // namespace
}  // namespace ductus::pipeline
