#include "handlers/runner.h"

#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <stdexcept>
#include <thread>

#include "unit/handlers/fixtures.h"

namespace ductus::handlers {
namespace {

using ports::ChildRef;
using ports::Handled;
using test::ScriptedSet;
using Seen = std::vector<std::string>;

class RunnerTest : public ::testing::Test {
 protected:
  Result<void> start(ChildRef child = kChild) { return runner_.start(child, {"clicks", 3}, Value("init"), {}); }
  Handled handle(const ScriptedSet& set, ChildRef child = kChild) {
    return runner_.handle(child, set.fetched(), set.begin(), arena_);
  }
  Handled handle_one_message() {
    EXPECT_TRUE(start());
    return handle(ScriptedSet({"a"}));
  }

  static constexpr ChildRef kChild{2, 1};
  test::LogLines log_;
  test::ScriptedModule module_;
  Runner runner_{module_, 1 << 20, log_.logger()};
  ports::DecodeArena arena_;
};

TEST_F(RunnerTest, GivesTheHandlerItsPartitionAndItsInitData) {
  std::stop_source stop;
  ASSERT_TRUE(runner_.start(kChild, {"clicks", 3}, Value("out.txt"), stop.get_token()));
  const Context& context = module_.contexts.at(0);
  EXPECT_EQ(context.topic, "clicks");
  EXPECT_EQ(context.partition, 3);
  EXPECT_EQ(module_.inits.at(0), Value("out.txt"));
  stop.request_stop();
  EXPECT_TRUE(context.stop.stop_requested());
  context.log(LogLevel::kInfo, "hello");
  EXPECT_TRUE(log_.contain("clicks/3: hello"));
}

TEST_F(RunnerTest, AnAcceptedBatchMovesThePosition) {
  ASSERT_TRUE(start());
  const ScriptedSet set({"ab", "c"}, 10);
  const Handled first = handle(set);
  EXPECT_EQ(first.kind, Handled::Kind::kOk);
  EXPECT_EQ(first.position, (ports::Position{12, 7, {1, 2, 3}}));
  EXPECT_EQ(first.messages, 2u);
  EXPECT_FALSE(first.last);
  const Handled second = runner_.handle(kChild, set.fetched(), first.cursor, arena_);
  EXPECT_EQ(second.position.next_offset, 13);
  EXPECT_TRUE(second.last);
  EXPECT_EQ(module_.script.seen, (Seen{"ab@12", "c@13"}));
}

TEST_F(RunnerTest, PiecesWithoutMessagesAreSkippedWithoutACall) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"", "", "ab", "c"}));
  EXPECT_EQ(outcome.position.next_offset, 4);
  EXPECT_FALSE(outcome.last);
  EXPECT_EQ(module_.script.seen, (Seen{"ab@4"}));
}

TEST_F(RunnerTest, ASetWithoutMessagesStillMovesThePosition) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"", ""}, 5));
  EXPECT_EQ(outcome.kind, Handled::Kind::kOk);
  EXPECT_EQ(outcome.position.next_offset, 7);
  EXPECT_TRUE(outcome.last);
  EXPECT_TRUE(module_.script.seen.empty());
}

TEST_F(RunnerTest, BadBytesAreToldWithoutACall) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"!"}));
  EXPECT_EQ(outcome.kind, Handled::Kind::kBadBytes);
  EXPECT_EQ(outcome.error.code, ErrorCode::kCorrupt);
  EXPECT_TRUE(module_.script.seen.empty());
}

TEST_F(RunnerTest, ADeferredBatchIsOfferedAgainFromTheSameCursor) {
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds(250)); };
  ASSERT_TRUE(start());
  const ScriptedSet set({"ab"});
  EXPECT_EQ(handle(set).kind, Handled::Kind::kDefer);
  EXPECT_EQ(handle(set).delay, std::chrono::milliseconds(250));
  EXPECT_EQ(module_.script.seen, (Seen{"ab@2", "ab@2"}));
}

TEST_F(RunnerTest, DelaysOutOfAllReasonAreCapped) {
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds::max()); };
  EXPECT_EQ(handle_one_message().delay, Runner::kLongestDelay);
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds(-5)); };
  EXPECT_EQ(handle(ScriptedSet({"a"})).delay, Runner::kShortestDelay);
}

TEST_F(RunnerTest, AFailCarriesItsReason) {
  module_.script.handle = [](const Batch&) { return Verdict::fail("the target said no"); };
  const Handled outcome = handle_one_message();
  EXPECT_EQ(outcome.kind, Handled::Kind::kFail);
  EXPECT_EQ(outcome.error.message, "the target said no");
}

TEST_F(RunnerTest, AnExceptionIsAFailure) {
  module_.script.handle = [](const Batch&) -> Verdict { throw std::runtime_error("no such table"); };
  const Handled outcome = handle_one_message();
  EXPECT_EQ(outcome.kind, Handled::Kind::kFail);
  EXPECT_EQ(outcome.error.code, ErrorCode::kCallback);
  EXPECT_NE(outcome.error.message.find("no such table"), std::string::npos);
}

TEST_F(RunnerTest, WhatIsNoExceptionIsAFailureToo) {
  module_.script.handle = [](const Batch&) -> Verdict { throw 42; };
  EXPECT_EQ(handle_one_message().kind, Handled::Kind::kFail);
}

TEST_F(RunnerTest, ReasonsAreEscapedAndCapped) {
  module_.script.handle = [](const Batch&) { return Verdict::fail("\x1b[2J" + std::string(100'000, 'x')); };
  const Handled outcome = handle_one_message();
  EXPECT_EQ(outcome.error.message.find('\x1b'), std::string::npos);
  EXPECT_LT(outcome.error.message.size(), 2 * Runner::kMaxReasonBytes);
}

TEST_F(RunnerTest, AnInitThatFailsOrThrowsMakesNoHandler) {
  module_.init_result = [](test::Script&) -> Result<std::unique_ptr<Handler>> {
    return Error{ErrorCode::kIo, "no space\n"};
  };
  const auto failed = start();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, ErrorCode::kIo);
  EXPECT_EQ(failed.error().message, "no space\\n");
  module_.init_result = [](test::Script&) -> Result<std::unique_ptr<Handler>> { throw std::logic_error("oops"); };
  EXPECT_EQ(start().error().code, ErrorCode::kCallback);
  module_.init_result = [](test::Script&) -> Result<std::unique_ptr<Handler>> { return std::unique_ptr<Handler>(); };
  EXPECT_EQ(start().error().code, ErrorCode::kCallback);
  EXPECT_EQ(handle(ScriptedSet({"a"})).kind, Handled::Kind::kFail);
}

TEST_F(RunnerTest, ANewerIncarnationReplacesTheOlder) {
  ASSERT_TRUE(start({2, 1}));
  ASSERT_TRUE(start({2, 2}));
  EXPECT_EQ(module_.script.seen, (Seen{"stop", "destroyed"}));
  EXPECT_EQ(handle(ScriptedSet({"a"}), {2, 1}).kind, Handled::Kind::kFail);
  EXPECT_EQ(handle(ScriptedSet({"a"}), {2, 2}).kind, Handled::Kind::kOk);
  EXPECT_FALSE(start({2, 1}));
}

TEST_F(RunnerTest, CallsForAHandlerThatIsNotThereAreRefused) {
  EXPECT_EQ(handle(ScriptedSet({"a"})).kind, Handled::Kind::kFail);
  EXPECT_EQ(runner_.sync({9, 9}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(runner_.aggregate_element(kChild).error().code, ErrorCode::kNotFound);
  runner_.stop(kChild);
}

TEST_F(RunnerTest, StopEndsTheHandlerEvenIfItThrows) {
  module_.script.stop = [] { throw std::runtime_error("cannot flush"); };
  ASSERT_TRUE(start());
  runner_.stop(kChild);
  EXPECT_EQ(module_.script.seen, (Seen{"stop", "destroyed"}));
  EXPECT_TRUE(log_.contain("cannot flush"));
  runner_.stop(kChild);
  EXPECT_EQ(module_.script.seen.size(), 2u);
}

TEST_F(RunnerTest, IdleOffersAnEmptyBatch) {
  ASSERT_TRUE(start());
  EXPECT_EQ(runner_.handle_idle(kChild, 12).kind, Handled::Kind::kOk);
  EXPECT_EQ(module_.script.seen, (Seen{"@12"}));
}

TEST_F(RunnerTest, SyncAndAggregateComeFromTheHandler) {
  ASSERT_TRUE(start());
  EXPECT_TRUE(runner_.sync(kChild));
  module_.script.sync = [] { return Result<void>(Error{ErrorCode::kNotNeeded, ""}); };
  EXPECT_EQ(runner_.sync(kChild).error().code, ErrorCode::kNotNeeded);
  module_.script.sync = []() -> Result<void> { throw 1; };
  EXPECT_EQ(runner_.sync(kChild).error().code, ErrorCode::kCallback);
  module_.script.aggregate = [] { return Value(17); };
  EXPECT_EQ(*runner_.aggregate_element(kChild), Value(17));
}

/// Counts calls that are in the module at once.
class MeetingHandler final : public Handler {
 public:
  explicit MeetingHandler(std::barrier<>& meeting) : meeting_(meeting) {}
  Verdict handle_messages(const Batch&) override {
    meeting_.arrive_and_wait();
    return Verdict::ok();
  }

 private:
  std::barrier<>& meeting_;
};

TEST_F(RunnerTest, HandlersOfDifferentChildrenRunAtTheSameTime) {
  constexpr std::uint32_t kChildren = 4;
  std::barrier<> meeting(kChildren);
  module_.init_result = [&](test::Script&) -> Result<std::unique_ptr<Handler>> {
    return std::make_unique<MeetingHandler>(meeting);
  };
  for (std::uint32_t child = 0; child < kChildren; ++child) ASSERT_TRUE(start({child, 1}));
  std::atomic<int> accepted{0};
  std::vector<std::thread> workers;
  for (std::uint32_t child = 0; child < kChildren; ++child) {
    workers.emplace_back([&, child] {
      const ScriptedSet set({"a"});
      ports::DecodeArena arena;
      const Handled outcome = runner_.handle({child, 1}, set.fetched(), set.begin(), arena);
      accepted += outcome.kind == Handled::Kind::kOk ? 1 : 0;
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(accepted, 4);
}

}  // namespace
}  // namespace ductus::handlers
