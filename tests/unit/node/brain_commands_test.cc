// What operators tell a running node, and what the store refuses it.
#include "unit/node/brain_fixture.h"

namespace ductus::node {
namespace {

class BrainCommandsTest : public BrainTest {
 protected:
  CommandNumber expect_command(Result<CommandNumber> command) {
    EXPECT_TRUE(command.ok()) << (command ? "" : command.error().message);
    return command ? *command : 0;
  }
  CommandNumber pause(std::optional<std::int32_t> partition = {}) {
    return expect_command(brain_->pause("events", partition, clock_.now(), effects_));
  }
  CommandNumber resume(std::optional<std::int32_t> partition = {}) {
    return expect_command(brain_->resume("events", partition, clock_.now(), effects_));
  }
  Result<void> restart() { return brain_->restart("events", {}, clock_.now(), effects_); }
  CommandNumber change(std::int32_t partition, std::int64_t offset) {
    ports::OperatorChange wanted{.who = "me", .why = "test", .positions = {}, .topics = {}};
    wanted.positions.push_back({{"events", partition}, {}, ports::Position{offset, -1, {}}});
    return expect_command(brain_->change_offsets(std::move(wanted), clock_.now(), effects_));
  }
  std::optional<Paused> save(const Result<void>& outcome = {}) {
    auto save = take<SavePaused>();
    if (!save) return std::nullopt;
    brain_->saved(outcome, clock_.now(), effects_);
    return save->paused;
  }
  bool is_over(CommandNumber command) {
    const CommandOutcome* const outcome = brain_->outcome_of(command);
    return outcome != nullptr && outcome->has_value();
  }
  bool succeeded(CommandNumber command) { return is_over(command) && (*brain_->outcome_of(command))->ok(); }
  /// The callback that is out says yes.
  void end_well(Work busy, std::int64_t next_offset) {
    ports::Handled ok;
    ok.position = {next_offset, 1, {}};
    ok.last = true;
    done(std::move(busy), {}, ok);
  }
  void stop_handler() { done(next_work(Kind::kStopHandler)); }
  void round_closes() { wait(pipeline::Rounds::kRoundDelay); }
};

// ---- pause -----------------------------------------------------------------------------------------------

TEST_F(BrainCommandsTest, APausedPartitionFinishesAndStoresWhatIsInHand) {
  begin(0);
  log_ends_at(0, 100);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  pause();
  EXPECT_EQ(state(), "paused");
  EXPECT_NE(reason().find("is being finished"), std::string::npos);
  end_well(std::move(busy), 4);
  round_closes();
  sync();
  store();
  EXPECT_EQ(stored_.at(0).position.next_offset, 4);
  stop_handler();
  EXPECT_EQ(state(), "paused");
  EXPECT_EQ(brain_->ready_work(), 0u);
  resume();
  bring_up({4});
  log_ends_at(0, 100);
  EXPECT_EQ(state(), "behind");
}

TEST_F(BrainCommandsTest, APauseOfOneAsksNoOtherCallToEnd) {
  start();
  topic_has(2);
  bring_up({0, 0});
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  pause(0);
  EXPECT_FALSE(take<EndCalls>());
  brain_->drain(clock_.now(), effects_);
  EXPECT_TRUE(take<EndCalls>());
}

TEST_F(BrainCommandsTest, APauseIsOverOnceItIsNotedForGood) {
  begin(0);
  const CommandNumber command = pause(0);
  EXPECT_FALSE(is_over(command));
  const auto noted = save();
  ASSERT_TRUE(noted);
  EXPECT_TRUE(noted->contains({"events", 0}));
  EXPECT_FALSE(noted->contains({"events", 1}));
  EXPECT_TRUE(succeeded(command));
}

TEST_F(BrainCommandsTest, APauseThatCannotBeNotedHoldsAndSaysSo) {
  begin(0);
  const CommandNumber command = pause();
  save(Error{ErrorCode::kIo, "disk full"});
  ASSERT_TRUE(is_over(command));
  EXPECT_NE((*brain_->outcome_of(command))->error().message.find("only until the node ends"), std::string::npos);
  EXPECT_EQ(state(), "paused");
  EXPECT_FALSE(take<SavePaused>());
  wait(std::chrono::seconds(5));
  const auto again = save();
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->contains({"events", 0}));
}

TEST_F(BrainCommandsTest, WhatComesWhileANoteIsWrittenIsNotedNext) {
  start();
  topic_has(2);
  bring_up({0, 0});
  const CommandNumber first = pause(0);
  auto out = take<SavePaused>();
  ASSERT_TRUE(out);
  const CommandNumber second = pause(1);
  EXPECT_FALSE(take<SavePaused>());
  brain_->saved({}, clock_.now(), effects_);
  EXPECT_TRUE(succeeded(first));
  EXPECT_FALSE(is_over(second));
  const auto noted = save();
  ASSERT_TRUE(noted);
  EXPECT_TRUE(noted->contains({"events", 0}) && noted->contains({"events", 1}));
  EXPECT_TRUE(succeeded(second));
}

TEST_F(BrainCommandsTest, WhatWasPausedInAnEarlierLifeStaysSo) {
  BrainSettings settings;
  settings.paused.add("events", 1);
  start(settings);
  topic_has(2);
  bring_up({0});
  EXPECT_EQ(state(0), "starting");
  EXPECT_EQ(state(1), "paused");
  resume(1);
  bring_up({7});
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(1).next_offset, 7);
}

TEST_F(BrainCommandsTest, AWholePausedTopicPausesPartitionsThatAreAdded) {
  begin(0);
  pause();
  topic_has(2);
  EXPECT_EQ(state(1), "paused");
  resume(1);
  EXPECT_EQ(state(0), "paused");
  const auto noted = save();
  ASSERT_TRUE(noted);  // of the pause; the resume comes next
  const auto after = save();
  ASSERT_TRUE(after);
  EXPECT_TRUE(after->contains({"events", 0}));
  EXPECT_FALSE(after->contains({"events", 1}));
}

TEST_F(BrainCommandsTest, OfAWholePausedTopicTheOthersStayPausedWhereOnlySomeAreRead) {
  config_.topics[0].partitions = {{2, 3}};
  start();
  topic_has(4);
  bring_up({0, 0});
  pause();
  ASSERT_TRUE(save());
  resume(3);
  const auto noted = save();
  ASSERT_TRUE(noted);
  EXPECT_TRUE(noted->contains({"events", 2}));
  EXPECT_FALSE(noted->contains({"events", 3}));
}

TEST_F(BrainCommandsTest, APausedPartitionIsNoStallAndNoWorkThatIsDue) {
  begin(0);
  log_ends_at(0, 100);
  pause();
  stop_handler();
  for (int i = 0; i < 10; ++i) wait(config_.stall_after);
  EXPECT_FALSE(logged("makes no progress"));
  EXPECT_EQ(node_state(), "running");
}

// ---- restart ---------------------------------------------------------------------------------------------

TEST_F(BrainCommandsTest, ARestartedPartitionBeginsAnewWhereItHadStopped) {
  start();
  topic_has(1);
  load({std::nullopt});
  EXPECT_EQ(state(), "stopped");
  ASSERT_TRUE(restart().ok());
  bring_up({3});
  EXPECT_EQ(at(0).generation, 2u);
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).next_offset, 3);
}

TEST_F(BrainCommandsTest, ARunningPartitionFinishesBeforeItIsRestarted) {
  begin(0);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  ASSERT_TRUE(restart().ok());
  EXPECT_FALSE(take<LoadPositions>());
  end_well(std::move(busy), 4);
  round_closes();
  sync();
  store();
  stop_handler();
  bring_up({4});
  EXPECT_EQ(at(0).generation, 2u);
}

TEST_F(BrainCommandsTest, APausedPartitionIsNotRestarted) {
  begin(0);
  pause();
  const auto refused = restart();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

TEST_F(BrainCommandsTest, WhatIsNotThereIsNamed) {
  begin(0);
  EXPECT_EQ(brain_->pause("other", {}, clock_.now(), effects_).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(brain_->pause("events", 1, clock_.now(), effects_).error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(take<SavePaused>());
  brain_->drain(clock_.now(), effects_);
  EXPECT_EQ(brain_->pause("events", {}, clock_.now(), effects_).error().code, ErrorCode::kRefused);
}

// ---- other offsets ---------------------------------------------------------------------------------------

TEST_F(BrainCommandsTest, AnOffsetIsChangedOnlyOnceThePartitionStandsStill) {
  begin(0);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  const CommandNumber command = change(0, 50);
  EXPECT_FALSE(take<ChangePositions>());
  end_well(std::move(busy), 4);
  round_closes();
  sync();
  store();
  stop_handler();
  auto asked = take<ChangePositions>();
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->change.positions.at(0).after->next_offset, 50);
  EXPECT_FALSE(is_over(command));
  brain_->changed(asked->command, {}, clock_.now(), effects_);
  EXPECT_TRUE(succeeded(command));
  bring_up({50});
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).next_offset, 50);
}

TEST_F(BrainCommandsTest, AChangeThatTheStoreDoesNotTakeLeavesAllAsItWas) {
  start();
  topic_has(1);
  load({std::nullopt});
  const CommandNumber command = change(0, 50);
  auto asked = take<ChangePositions>();
  ASSERT_TRUE(asked);
  brain_->changed(asked->command, Error{ErrorCode::kUnreachable, "gone"}, clock_.now(), effects_);
  EXPECT_TRUE(is_over(command));
  EXPECT_FALSE(succeeded(command));
  EXPECT_EQ(state(), "stopped");
}

TEST_F(BrainCommandsTest, APausedPartitionStaysSoAtItsNewOffset) {
  begin(0);
  pause();
  stop_handler();
  change(0, 9);
  auto asked = take<ChangePositions>();
  ASSERT_TRUE(asked);
  brain_->changed(asked->command, {}, clock_.now(), effects_);
  EXPECT_EQ(state(), "paused");
}

TEST_F(BrainCommandsTest, AStopGivesUpAChangeThatHasNotGoneToTheStore) {
  begin(0);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  const CommandNumber command = change(0, 50);
  brain_->drain(clock_.now(), effects_);
  EXPECT_TRUE(is_over(command));
  EXPECT_FALSE(succeeded(command));
  EXPECT_FALSE(take<ChangePositions>());
}

TEST_F(BrainCommandsTest, TheOldestOutcomesAreForgotten) {
  begin(0);
  const CommandNumber first = pause();
  for (std::size_t i = 0; i < Brain::kMaxCommands; ++i) resume();
  EXPECT_EQ(brain_->outcome_of(first), nullptr);
  EXPECT_NE(brain_->outcome_of(first + 1), nullptr);
}

// ---- another configuration -------------------------------------------------------------------------------

class BrainReloadTest : public BrainCommandsTest {
 protected:
  void follow(std::vector<config::TopicConfig> topics, const std::vector<std::string>& changed = {}) {
    config::NodeConfig now = config_;
    now.topics = std::move(topics);
    brain_->follow(std::move(now), changed, clock_.now(), effects_);
  }
  std::size_t partitions() { return brain_->status(clock_.now()).partitions.size(); }
};

TEST_F(BrainReloadTest, ANewTopicStartsBesideTheOthers) {
  begin(0);
  follow({config_.topics[0], {"more", Value("other init"), {}}});
  EXPECT_EQ(source_.topics, (std::vector<std::string>{"events", "more"}));
  say(ports::TopicFound{"more", {}, 1});
  load({5});
  Work made = next_work(Kind::kStartHandler);
  EXPECT_EQ(made.partition.topic, "more");
  EXPECT_EQ(*made.init, Value("other init"));
  EXPECT_EQ(at(0).generation, 1u);
}

TEST_F(BrainReloadTest, ATopicThatIsGoneIsFinishedStoredAndForgotten) {
  begin(0);
  deliver(0, 0, 4);
  Work busy = next_work(Kind::kHandle);
  follow({{"more", {}, {}}});
  EXPECT_EQ(source_.topics, std::vector<std::string>{"more"});
  EXPECT_NE(reason().find("no longer configured"), std::string::npos);
  end_well(std::move(busy), 4);
  round_closes();
  sync();
  store();
  EXPECT_EQ(stored_.at(0).position.next_offset, 4);
  stop_handler();
  EXPECT_EQ(partitions(), 1u);  // of "more", which is not found yet
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).topic, "more");
  EXPECT_EQ(brain_->pause("events", {}, clock_.now(), effects_).error().code, ErrorCode::kNotFound);
}

TEST_F(BrainReloadTest, ATopicThatComesBackGoesOnWhereItWas) {
  begin(0);
  const auto before = config_.topics;
  follow({{"more", {}, {}}});
  stop_handler();
  follow(before);
  topic_has(1);
  bring_up({4});
  EXPECT_EQ(at(0).generation, 2u);
}

TEST_F(BrainReloadTest, AChangedInitMakesTheHandlersAnew) {
  begin(0);
  follow({{"events", Value("another"), {}}}, {"events"});
  stop_handler();
  load({0});
  EXPECT_EQ(*next_work(Kind::kStartHandler).init, Value("another"));
}

TEST_F(BrainReloadTest, OnlyThePartitionsThatAreNamedAreRead) {
  config_.topics[0].partitions = {{1, 2}};
  start();
  topic_has(4);
  EXPECT_EQ(partitions(), 2u);
  bring_up({0, 0});
  follow({{"events", Value("init"), {{2, 3}}}}, {"events"});
  topic_has(4);
  stop_handler();
  stop_handler();
  EXPECT_EQ(partitions(), 2u);
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).partition, 2);
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(1).partition, 3);
}

TEST_F(BrainReloadTest, SaysThatNoneOfTheNamedPartitionsIsThereUntilOneIs) {
  config_.topics[0].partitions = {{5, 9}};
  start();
  topic_has(3);
  const auto status = brain_->status(clock_.now());
  ASSERT_EQ(status.partitions.size(), 1u);
  EXPECT_EQ(status.partitions[0].state, "waiting");
  EXPECT_EQ(status.partitions[0].reason, "none of its configured partitions is there: it has 3");
  topic_has(6);
  EXPECT_EQ(partitions(), 1u);
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).partition, 5);
}

TEST_F(BrainReloadTest, LimitsCountFromNowOn) {
  begin(0);
  config_.max_uncommitted_batches = 1;
  follow(config_.topics);
  deliver(0, 0, 4);
  accept(4);
  sync();
  deliver(0, 4, 8);
  EXPECT_EQ(state(), "waiting");
}

TEST_F(BrainReloadTest, APausedPartitionStaysSoWhenItsTopicChanges) {
  begin(0);
  pause();
  stop_handler();
  follow({{"events", Value("another"), {}}}, {"events"});
  EXPECT_EQ(state(), "paused");
  EXPECT_FALSE(take<LoadPositions>());
}

// ---- what the store refuses ------------------------------------------------------------------------------

class BrainFenceTest : public BrainCommandsTest {
 protected:
  /// Both have offset 4 stored and 8 accepted, and a round with both is out.
  void accept_two() {
    start();
    topic_has(2);
    bring_up({0, 0});
    accept_both(0, 4);
    sync();
    store();
    sync();
    store();
    accept_both(4, 8);
  }
  void accept_both(std::int64_t from, std::int64_t to) {
    for (std::uint32_t child : {0u, 1u}) {
      deliver(child, from, to);
      accept(to);
    }
    round_closes();
  }
  void refuse(std::vector<std::size_t> conflicts) {
    auto round = take<StoreRound>();
    ASSERT_TRUE(round);
    ASSERT_EQ(round->entries.size(), 2u);
    round->conflicts = std::move(conflicts);
    brain_->stored(std::move(*round), Error{ErrorCode::kRefused, "owned by another node"}, clock_.now(), effects_);
  }
};

TEST_F(BrainFenceTest, APartitionWhosePlaceSomebodyElseMovedStopsAndTheOthersAreStored) {
  accept_two();
  refuse({0});
  stop_handler();
  EXPECT_EQ(state(0), "stopped");
  EXPECT_EQ(reason(0), "owned by another node");
  wait(pipeline::Rounds::kRetryDelayMin);
  store();
  ASSERT_EQ(stored_.size(), 1u);
  EXPECT_EQ(stored_.at(0).partition.partition, 1);
}

TEST_F(BrainFenceTest, APartitionThatFailedMeanwhileStopsAsWell) {
  accept_two();
  deliver(0, 8, 12);
  refuse_batch(0);
  refuse({0});
  done(next_work(Kind::kStopHandler));
  wait(std::chrono::seconds(10));
  EXPECT_EQ(state(0), "stopped");
  EXPECT_FALSE(take<LoadPositions>());
}

TEST_F(BrainFenceTest, ANodeThatIsNoLongerTheOwnerStoresNothingAndBeginsAnewOnceItIs) {
  accept_two();
  refuse({});
  stop_handler();
  stop_handler();
  wait(pipeline::Rounds::kRetryDelayMax);
  EXPECT_FALSE(take<StoreRound>());
  auto asked = take<LoadPositions>();
  ASSERT_TRUE(asked);
  brain_->loaded(*asked, Error{ErrorCode::kRefused, "owned by another node"}, clock_.now(), effects_);
  EXPECT_EQ(state(0), "waiting");
  EXPECT_EQ(reason(0), "the store is away: owned by another node");
  wait(std::chrono::seconds(10));
  bring_up({9, 9});
  EXPECT_EQ(brain_->status(clock_.now()).partitions.at(0).next_offset, 9);
}

TEST_F(BrainFenceTest, WhatIsInACallWhenTheStoreRefusesIsNotStoredEither) {
  accept_two();
  deliver(0, 8, 12);
  Work busy = next_work(Kind::kHandle);
  refuse({});
  Work stopped = next_work(Kind::kStopHandler);
  EXPECT_EQ(stopped.child.child, 1u);
  done(std::move(stopped));
  end_well(std::move(busy), 12);
  stop_handler();
  wait(pipeline::Rounds::kRetryDelayMax);
  EXPECT_FALSE(take<StoreRound>());
}

}  // namespace
}  // namespace ductus::node
