// What every HandlerHost promises.
#include <gtest/gtest.h>

#include <atomic>
#include <barrier>
#include <functional>
#include <stdexcept>
#include <thread>

#include "handlers/runner.h"
#include "ports/handler_host.h"
#include "support/scripted_handler.h"

namespace ductus::ports {
namespace {

using test::ScriptedSet;
using Seen = std::vector<std::string>;
using MakeHost = std::function<std::unique_ptr<HandlerHost>(Module&)>;

class HandlerHostContract : public ::testing::TestWithParam<MakeHost> {
 protected:
  Result<void> start(ChildRef child = kChild) { return host_->start(child, {"clicks", 3}, Value("init"), {}); }
  Handled handle(const ScriptedSet& set, ChildRef child = kChild) {
    return host_->handle(child, set.fetched(), set.begin(), arena_);
  }
  Handled handle_one_message() {
    EXPECT_TRUE(start());
    return handle(ScriptedSet({"a"}));
  }

  static constexpr ChildRef kChild{2, 1};
  test::ScriptedModule module_;
  std::unique_ptr<HandlerHost> host_ = GetParam()(module_);
  DecodeArena arena_;
};

TEST_P(HandlerHostContract, AnAcceptedBatchMovesThePosition) {
  ASSERT_TRUE(start());
  const ScriptedSet set({"ab", "c"}, 10);
  const Handled first = handle(set);
  EXPECT_EQ(first.kind, Handled::Kind::kOk);
  EXPECT_EQ(first.position, (Position{12, 7, {1, 2, 3}}));
  EXPECT_EQ(first.messages, 2u);
  EXPECT_FALSE(first.last);
  const Handled second = host_->handle(kChild, set.fetched(), first.cursor, arena_);
  EXPECT_EQ(second.position.next_offset, 13);
  EXPECT_TRUE(second.last);
  EXPECT_EQ(module_.script.seen, (Seen{"ab@12", "c@13"}));
}

TEST_P(HandlerHostContract, PiecesWithoutMessagesAreSkippedWithoutACall) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"", "", "ab", "c"}));
  EXPECT_EQ(outcome.position.next_offset, 4);
  EXPECT_FALSE(outcome.last);
  EXPECT_EQ(module_.script.seen, (Seen{"ab@4"}));
}

TEST_P(HandlerHostContract, ASetWithoutMessagesStillMovesThePosition) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"", ""}, 5));
  EXPECT_EQ(outcome.kind, Handled::Kind::kOk);
  EXPECT_EQ(outcome.position.next_offset, 7);
  EXPECT_TRUE(outcome.last);
  EXPECT_TRUE(module_.script.seen.empty());
}

TEST_P(HandlerHostContract, BadBytesAreToldWithoutACall) {
  ASSERT_TRUE(start());
  const Handled outcome = handle(ScriptedSet({"!"}));
  EXPECT_EQ(outcome.kind, Handled::Kind::kBadBytes);
  EXPECT_EQ(outcome.error.code, ErrorCode::kCorrupt);
  EXPECT_TRUE(module_.script.seen.empty());
}

TEST_P(HandlerHostContract, ADeferredBatchIsOfferedAgainFromTheSameCursor) {
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds(250)); };
  ASSERT_TRUE(start());
  const ScriptedSet set({"ab"});
  EXPECT_EQ(handle(set).kind, Handled::Kind::kDefer);
  EXPECT_EQ(handle(set).delay, std::chrono::milliseconds(250));
  EXPECT_EQ(module_.script.seen, (Seen{"ab@2", "ab@2"}));
}

TEST_P(HandlerHostContract, AFailCarriesItsReason) {
  module_.script.handle = [](const Batch&) { return Verdict::fail("the target said no"); };
  const Handled outcome = handle_one_message();
  EXPECT_EQ(outcome.kind, Handled::Kind::kFail);
  EXPECT_EQ(outcome.error.message, "the target said no");
}

TEST_P(HandlerHostContract, AnExceptionIsAFailure) {
  module_.script.handle = [](const Batch&) -> Verdict { throw std::runtime_error("no such table"); };
  const Handled outcome = handle_one_message();
  EXPECT_EQ(outcome.kind, Handled::Kind::kFail);
  EXPECT_EQ(outcome.error.code, ErrorCode::kCallback);
  EXPECT_NE(outcome.error.message.find("no such table"), std::string::npos);
}

TEST_P(HandlerHostContract, WhatIsNoExceptionIsAFailureToo) {
  module_.script.handle = [](const Batch&) -> Verdict { throw 42; };
  EXPECT_EQ(handle_one_message().kind, Handled::Kind::kFail);
}

TEST_P(HandlerHostContract, ANewerIncarnationReplacesTheOlder) {
  ASSERT_TRUE(start({2, 1}));
  ASSERT_TRUE(start({2, 2}));
  EXPECT_EQ(module_.script.seen, (Seen{"stop", "destroyed"}));
  EXPECT_EQ(handle(ScriptedSet({"a"}), {2, 1}).kind, Handled::Kind::kFail);
  EXPECT_EQ(handle(ScriptedSet({"a"}), {2, 2}).kind, Handled::Kind::kOk);
  EXPECT_FALSE(start({2, 1}));
}

TEST_P(HandlerHostContract, CallsForAHandlerThatIsNotThereAreRefused) {
  EXPECT_EQ(handle(ScriptedSet({"a"})).kind, Handled::Kind::kFail);
  EXPECT_EQ(host_->sync({9, 9}).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(host_->aggregate_element(kChild).error().code, ErrorCode::kNotFound);
  host_->stop(kChild);
}

TEST_P(HandlerHostContract, IdleOffersAnEmptyBatch) {
  ASSERT_TRUE(start());
  EXPECT_EQ(host_->handle_idle(kChild, 12).kind, Handled::Kind::kOk);
  EXPECT_EQ(module_.script.seen, (Seen{"@12"}));
}

TEST_P(HandlerHostContract, SyncAndAggregateComeFromTheHandler) {
  ASSERT_TRUE(start());
  EXPECT_TRUE(host_->sync(kChild));
  module_.script.sync = [] { return Result<void>(Error{ErrorCode::kNotNeeded, ""}); };
  EXPECT_EQ(host_->sync(kChild).error().code, ErrorCode::kNotNeeded);
  module_.script.sync = []() -> Result<void> { throw 1; };
  EXPECT_EQ(host_->sync(kChild).error().code, ErrorCode::kCallback);
  module_.script.aggregate = [] { return Value(17); };
  EXPECT_EQ(*host_->aggregate_element(kChild), Value(17));
}

TEST_P(HandlerHostContract, TheModuleGetsTheAggregateAndMayThrow) {
  const Aggregate aggregate{{"t", {{0, Value(17)}}}};
  EXPECT_TRUE(host_->handle_periodic_aggregate(aggregate));
  EXPECT_EQ(module_.aggregates, (std::vector<Aggregate>{aggregate}));
  module_.on_aggregate = [] { throw std::runtime_error("no"); };
  const auto outcome = host_->handle_periodic_aggregate(aggregate);
  EXPECT_EQ(outcome.error().code, ErrorCode::kCallback);
  EXPECT_NE(outcome.error().message.find("the module threw: no"), std::string::npos);
}

/// Returns once as many handlers are in a call as the barrier wants.
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

TEST_P(HandlerHostContract, HandlersOfDifferentChildrenRunAtTheSameTime) {
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
      DecodeArena arena;
      const Handled outcome = host_->handle({child, 1}, set.fetched(), set.begin(), arena);
      accepted += outcome.kind == Handled::Kind::kOk ? 1 : 0;
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(accepted, 4);
}

INSTANTIATE_TEST_SUITE_P(Runner, HandlerHostContract, ::testing::Values([](Module& module) {
                           return std::make_unique<handlers::Runner>(module, 1 << 20,
                                                                     [](LogLevel, std::string_view) {});
                         }));

}  // namespace
}  // namespace ductus::ports
