#include "unit/node/brain_fixture.h"

namespace ductus::node {
namespace {

TEST_F(BrainTest, CarriesASetFromTheSourceToTheStore) {
  begin(5);
  ASSERT_EQ(source_.wants.size(), 1u);
  EXPECT_EQ(source_.wants[0].from.next_offset, 5);
  deliver(0, 5, 9);
  EXPECT_EQ(source_.wants.back().from.next_offset, 9) << "the next one is asked for before this one is handled";
  accept(9);
  EXPECT_EQ(source_.released_bytes, 100u);
  EXPECT_FALSE(take<StoreRound>());
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store();
  ASSERT_EQ(stored_.size(), 1u);
  EXPECT_EQ(stored_[0].partition, (ports::TopicPartition{"events", 0}));
  EXPECT_EQ(stored_[0].position.next_offset, 9);
}

TEST_F(BrainTest, OneRoundHoldsTheAcceptedPositionsOfAllPartitions) {
  start();
  topic_has(2);
  load({0, 0});
  done(next_work(Kind::kStartHandler));
  done(next_work(Kind::kStartHandler));
  deliver(0, 0, 4);
  deliver(1, 0, 6);
  accept(4);
  accept(6);
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store();
  EXPECT_EQ(stored_.size(), 1u) << "written as soon as the store is free";
  sync();
  store();
  deliver(0, 4, 8);
  deliver(1, 6, 8);
  accept(8);
  accept(8);
  wait(pipeline::Rounds::kRoundDelay);
  store();
  EXPECT_EQ(stored_.size(), 2u);
}

TEST_F(BrainTest, AFailedHandlerRestartsAloneWithBackOffFromTheStoredPosition) {
  start();
  topic_has(2);
  load({0, 0});
  done(next_work(Kind::kStartHandler));
  done(next_work(Kind::kStartHandler));
  deliver(0, 0, 4);
  ports::Handled fail;
  fail.kind = ports::Handled::Kind::kFail;
  fail.error = {ErrorCode::kCallback, "poison"};
  done(next_work(Kind::kHandle), {}, fail);
  done(next_work(Kind::kStopHandler));
  EXPECT_EQ(state(0), "backoff");
  EXPECT_NE(state(1), "backoff");
  EXPECT_FALSE(take<LoadPositions>());
  wait(supervise::Backoff::kShortest);
  load({0});
  EXPECT_EQ(next_work(Kind::kStartHandler).child, at(0));
  EXPECT_EQ(at(0).generation, 2u);
}

TEST_F(BrainTest, AnswersForAnOlderIncarnationAreDropped) {
  begin(0);
  deliver(0, 0, 4);
  ports::Handled bad;
  bad.kind = ports::Handled::Kind::kBadBytes;
  bad.error = {ErrorCode::kCorrupt, "CRC"};
  done(next_work(Kind::kHandle), {}, bad);
  done(next_work(Kind::kStopHandler));
  const ports::ChildRef old = at(0);
  wait(supervise::Backoff::kShortest);
  load({0});
  ports::FetchedSet late;
  late.charge.bytes = 7;
  const std::size_t released = source_.released_bytes;
  say(ports::Deliver{old, std::move(late)});
  EXPECT_EQ(source_.released_bytes, released + 7);
  done(next_work(Kind::kStartHandler));
  EXPECT_FALSE(brain_->take_work(clock_.now()));
}

TEST_F(BrainTest, AStoreThatIsAwayIsAStateAndIsTriedAgain) {
  config_.max_uncommitted_batches = 1;
  begin(0);
  deliver(0, 0, 4);
  accept(4);
  sync();
  store(Error{ErrorCode::kUnreachable, "gone"});
  deliver(0, 4, 10);
  EXPECT_EQ(state(), "waiting");
  EXPECT_FALSE(brain_->take_work(clock_.now()));
  wait(pipeline::Rounds::kRetryDelayMin);
  store();
  EXPECT_EQ(next_work(Kind::kHandle).set.asked_offset, 4);
}

TEST_F(BrainTest, PositionsThatCannotBeLoadedAreAskedForAgain) {
  start();
  topic_has(1);
  auto asked = take<LoadPositions>();
  brain_->loaded(*asked, Error{ErrorCode::kUnreachable, "gone"}, clock_.now(), effects_);
  EXPECT_EQ(state(), "waiting");
  wait(std::chrono::seconds(1));
  load({3});
  EXPECT_EQ(next_work(Kind::kStartHandler).child, at(0));
}

TEST_F(BrainTest, ALoadThatFailsWhileAnotherWaitsToBeTriedAgainForgetsNobody) {
  start();
  topic_has(1);
  const auto fail_the_load = [&] {
    const auto asked = take<LoadPositions>();
    ASSERT_TRUE(asked);
    brain_->loaded(*asked, Error{ErrorCode::kUnreachable, "gone"}, clock_.now(), effects_);
  };
  fail_the_load();
  topic_has(2);
  fail_the_load();
  wait(std::chrono::seconds(1));
  const auto asked = take<LoadPositions>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->partitions, (std::vector<ports::TopicPartition>{{"events", 0}, {"events", 1}}));
}

TEST_F(BrainTest, WhatAPartitionHadAcceptedWhenItFailedIsStoredBeforeItStops) {
  begin(0);
  log_ends_at(0, 20);
  deliver(0, 0, 4);
  accept(4);
  deliver(0, 4, 8);
  refuse_batch(0);
  sync();
  EXPECT_EQ(brain_->ready_work(), 0u) << "the store comes first";
  store();
  EXPECT_EQ(stored_.front().position.next_offset, 4);
  done(next_work(Kind::kStopHandler));
  EXPECT_EQ(state(), "backoff");
}

TEST_F(BrainTest, WhatAPartitionHadReadyWhenItsSyncFailedIsNotStoredAfterItsNextIncarnationHasBegun) {
  begin(0);
  log_ends_at(0, 20);
  deliver(0, 0, 4);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  done(next_work(Kind::kSync));
  store(Error{ErrorCode::kUnreachable, "gone"});
  deliver(0, 4, 8);
  accept(8);
  wait(pipeline::Rounds::kRoundDelay);
  done(next_work(Kind::kSync), Error{ErrorCode::kIo, "full"});
  done(next_work(Kind::kStopHandler));
  wait(std::chrono::seconds(10));
  load({0});
  EXPECT_FALSE(take<StoreRound>());
}

TEST_F(BrainTest, NorWhatWasBeingWrittenWhenItFailedAndWasNotStored) {
  begin(0);
  log_ends_at(0, 20);
  deliver(0, 0, 4);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  done(next_work(Kind::kSync));
  deliver(0, 4, 8);
  accept(8);
  wait(pipeline::Rounds::kRoundDelay);
  done(next_work(Kind::kSync), Error{ErrorCode::kIo, "full"});
  done(next_work(Kind::kStopHandler));
  store(Error{ErrorCode::kTimedOut, "no answer"});
  wait(std::chrono::seconds(10));
  load({0});
  wait(std::chrono::seconds(10));
  EXPECT_FALSE(take<StoreRound>());
}

TEST_F(BrainTest, ACorruptStoreStopsThePartitionInsteadOfGuessing) {
  start();
  topic_has(1);
  auto asked = take<LoadPositions>();
  brain_->loaded(*asked, Error{ErrorCode::kCorrupt, "not a number"}, clock_.now(), effects_);
  EXPECT_EQ(state(), "stopped");
  wait(std::chrono::hours(1));
  EXPECT_FALSE(take<LoadPositions>());
}

TEST_F(BrainTest, NewPartitionsOfATopicStartToo) {
  begin(0);
  topic_has(3);
  const auto asked = take<LoadPositions>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->partitions, (std::vector<ports::TopicPartition>{{"events", 1}, {"events", 2}}));
}

TEST_F(BrainTest, TellsTheSourceHowManyPartitionsAreNamed) {
  config_.topics = {{"all", Value(), {}}, {"some", Value(), {{0, 1}, {5, 7}}}, {"edge", Value(), {{0, INT32_MAX}}}};
  start();
  EXPECT_EQ(source_.named, (std::map<std::string, std::int32_t>{{"all", 1}, {"edge", INT32_MAX}, {"some", 8}}));
}

TEST_F(BrainTest, OneTopicCannotTakeTheThreadsOfAllOthers) {
  config_.max_threads = 2;
  config_.topics = {{"busy", Value()}, {"events", Value()}};
  start();
  say(ports::TopicFound{"busy", {}, 3});
  topic_has(1);
  bring_up({0, 0, 0});
  bring_up({0});
  for (std::uint32_t child = 0; child < 4; ++child) log_ends_at(child, 8);
  for (std::uint32_t child = 0; child < 3; ++child) deliver(child, 0, 4);
  const Work first = next_work(Kind::kHandle);
  EXPECT_EQ(brain_->ready_work(), 0u);
  EXPECT_FALSE(brain_->take_work(clock_.now())) << "the other topic could have none then";
  clock_.advance(std::chrono::seconds(3));
  EXPECT_EQ(state(1), "waiting");
  EXPECT_EQ(
      reason(1),
      "no thread is free for this topic: its 1 calls hold all that it may take, the longest one for 3 s in busy/0");
  deliver(3, 0, 4);
  EXPECT_EQ(next_work(Kind::kHandle).child, at(3));
  EXPECT_EQ(reason(1).find("no thread is free: 2 calls hold them all"), 0u) << reason(1);
}

TEST_F(BrainTest, ManyIdleTopicsDoNotKeepABusyOneFromHalfOfTheThreads) {
  config_.max_threads = 4;
  config_.topics = {{"events", Value()}};
  for (int i = 0; i < 300; ++i) config_.topics.push_back({"idle" + std::to_string(i), Value()});
  start();
  topic_has(4);
  bring_up({0, 0, 0, 0});
  for (std::uint32_t child = 0; child < 4; ++child) {
    log_ends_at(child, 8);
    deliver(child, 0, 4);
  }
  EXPECT_TRUE(brain_->take_work(clock_.now()));
  EXPECT_EQ(brain_->ready_work(), 3u);
  EXPECT_TRUE(brain_->take_work(clock_.now()));
  EXPECT_EQ(brain_->ready_work(), 0u);
  EXPECT_FALSE(brain_->take_work(clock_.now()));
}

TEST_F(BrainTest, WhoIsInACallIsAskedToReturnWhenAllAreStopped) {
  begin(0);
  log_ends_at(0, 8);
  deliver(0, 0, 4);
  Work call = next_work(Kind::kHandle);
  EXPECT_FALSE(take<EndCalls>());
  brain_->drain(clock_.now(), effects_);
  EXPECT_TRUE(take<EndCalls>());
  done(std::move(call));
  EXPECT_FALSE(take<EndCalls>());
}

TEST_F(BrainTest, DrainingStoresWhatWasAcceptedStopsHandlersAndFinishes) {
  begin(0);
  deliver(0, 0, 4);
  Work running = next_work(Kind::kHandle);
  brain_->drain(clock_.now(), effects_);
  EXPECT_FALSE(take<Finished>());
  ports::Handled ok;
  ok.position = {4, 1, {}};
  ok.last = true;
  done(std::move(running), {}, ok);
  sync();
  store();
  EXPECT_EQ(stored_[0].position.next_offset, 4);
  EXPECT_FALSE(take<Finished>());
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 0);
  EXPECT_FALSE(finished->forced);
}

TEST_F(BrainTest, WhatNoWorkerHasTakenIsNotOfferedWhenDraining) {
  begin(0);
  deliver(0, 0, 4);
  brain_->drain(clock_.now(), effects_);
  EXPECT_EQ(source_.released_bytes, 100u);
  done(next_work(Kind::kStopHandler));
  EXPECT_TRUE(take<Finished>());
  EXPECT_TRUE(stored_.empty());
}

TEST_F(BrainTest, AHandlerThatDoesNotReturnIsLeftBehindWhenTheTimeToStopIsOver) {
  begin(0);
  deliver(0, 0, 4);
  (void)next_work(Kind::kHandle);
  brain_->drain(clock_.now(), effects_);
  wait(config_.stop_timeout);
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 1);
  EXPECT_TRUE(finished->forced);
}

TEST_F(BrainTest, EndedByForceItWaitsForNoHandler) {
  begin(0);
  deliver(0, 0, 4);
  (void)next_work(Kind::kHandle);
  brain_->drain(clock_.now(), effects_);
  EXPECT_FALSE(take<Finished>());
  brain_->end_by_force(effects_);
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 1);
  EXPECT_TRUE(finished->forced);
}

TEST_F(BrainTest, WhileItDrainsItsStatusNamesTheHandlerThatIsWaitedFor) {
  begin(0);
  deliver(0, 0, 4);
  (void)next_work(Kind::kHandle);
  brain_->drain(clock_.now(), effects_);
  clock_.advance(std::chrono::seconds(5));
  const operate::PartitionStatus partition = brain_->status(clock_.now()).partitions.at(0);
  EXPECT_EQ(partition.state, "waiting");
  EXPECT_EQ(partition.reason, "the handler is busy with one call for 5 s");
}

TEST_F(BrainTest, UntilEndEndsOnceThePositionHasPassedTheEndSeenAtTheStartAndIsStored) {
  begin(0, {.until_end = true});
  log_ends_at(0, 8);
  log_ends_at(0, 100);  // the log grows: the end seen at the start counts
  deliver(0, 0, 4);
  accept(4);
  deliver(0, 4, 8);
  accept(8);
  EXPECT_FALSE(take<Finished>());
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store();
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 0);
}

TEST_F(BrainTest, UntilEndFailsWhenAPartitionStoppedButFinishesTheRestFirst) {
  start({.until_end = true});
  topic_has(2);
  load({std::nullopt, 8});
  log_ends_at(0, 8);
  EXPECT_FALSE(take<Finished>());
  done(next_work(Kind::kStartHandler));
  log_ends_at(1, 8);
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 1);
}

TEST_F(BrainTest, UntilEndDoesNotCountWhatWasAcceptedAndCouldNotBeSynced) {
  begin(0, {.until_end = true});
  log_ends_at(0, 4);
  deliver(0, 0, 4);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  done(next_work(Kind::kSync), Error{ErrorCode::kIo, "the disk is full"});
  done(next_work(Kind::kStopHandler));
  EXPECT_FALSE(take<Finished>());
  wait(std::chrono::seconds(10));
  EXPECT_FALSE(take<Finished>());
  bring_up({0});
  deliver(0, 0, 4);
  accept(4);
  wait(pipeline::Rounds::kRoundDelay);
  sync();
  store();
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 0);
}

TEST_F(BrainTest, UntilEndIsTheEndOfTheLogThatAPolicyWentOnWith) {
  config_.when_truncated = config::OffsetPolicy::kLatest;
  begin(8, {.until_end = true});
  log_ends_at(0, 20);
  say(ports::Trouble{.child = at(0),
                     .error = {ErrorCode::kRefused, "truncated"},
                     .kind = ports::Trouble::Kind::kTruncated,
                     .parted_at = 5});
  log_ends_at(0, 6);
  say(ports::OffsetFound{at(0), 6, 2, {}});
  store();
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 0);
}

TEST_F(BrainTest, UntilEndWaitsForATopicThatIsMissingUntilItsTimeIsOver) {
  start({.until_end = true, .until_end_timeout = std::chrono::seconds(5)});
  say(ports::TopicMissing{"events", {ErrorCode::kNotFound, "no such topic"}});
  wait(std::chrono::seconds(4));
  EXPECT_FALSE(take<Finished>());
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).reason, "no such topic");
  wait(std::chrono::seconds(1));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 4);
}

TEST_F(BrainTest, UntilEndThatIsStoppedBeforeTheEndIsAFailure) {
  begin(0, {.until_end = true});
  log_ends_at(0, 8);
  brain_->drain(clock_.now(), effects_);
  done(next_work(Kind::kStopHandler));
  const auto finished = take<Finished>();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->exit_code, 1);
  EXPECT_TRUE(logged("before the end"));
}

TEST_F(BrainTest, ADrainThatWaitsForTheStoreDoesNotSpin) {
  begin(0);
  log_ends_at(0, 8);
  deliver(0, 0, 8);
  accept(8);
  brain_->drain(clock_.now(), effects_);
  wait(base::Duration::zero());
  sync();
  EXPECT_GT(brain_->next_tick(), clock_.now()) << "the round is being written: its answer is what comes next";
  store();
  done(next_work(Kind::kStopHandler));
  EXPECT_TRUE(take<Finished>());
}

TEST_F(BrainTest, StatusTellsBehindFromStalled) {
  config_.escalate_after = std::chrono::hours(1);
  begin(0);
  log_ends_at(0, 8);
  EXPECT_EQ(state(), "behind");
  wait(config_.stall_after);
  EXPECT_EQ(state(), "stalled");
  deliver(0, 0, 8);
  accept(8);
  EXPECT_EQ(state(), "ok");
}

TEST_F(BrainTest, APartitionWhoseTopicTheClusterDeniesIsNotCalledOk) {
  begin(8);
  log_ends_at(0, 8);
  EXPECT_EQ(state(), "ok");
  say(ports::TopicMissing{"events", {ErrorCode::kNotFound, "no such topic"}});
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(reason(), "no such topic");
  topic_has(1);
  EXPECT_EQ(state(), "ok");
}

TEST_F(BrainTest, AnOpenTransactionHasANameAndNeverStalls) {
  config_.escalate_after = std::chrono::seconds(10);
  begin(8);
  say(ports::LogBounds{at(0), 0, 20, 8});
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(reason(), "an open transaction holds back what follows offset 8: up to 12 messages");
  wait(std::chrono::hours(1));
  EXPECT_EQ(state(), "waiting");
  EXPECT_EQ(node_state(), "running");
  say(ports::LogBounds{at(0), 0, 20, 20});
  EXPECT_EQ(state(), "behind");
}

}  // namespace
}  // namespace ductus::node
