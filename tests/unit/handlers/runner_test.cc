#include "handlers/runner.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "support/scripted_handler.h"

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

/// A set of five bytes that hold no message, and of bad ones behind them.
class NothingThenBadBytes final : public ports::SetDecoder {
 public:
  Result<ports::DecodedBatch> decode(const ports::FetchedSet&, const ports::SetCursor& cursor, std::size_t,
                                     ports::DecodeArena& arena) const override {
    arena.begin_batch(0);
    if (cursor.bytes > 0) return Error{ErrorCode::kCorrupt, "CRC"};
    ports::DecodedBatch nothing;
    nothing.cursor = {5, 5};
    return nothing;
  }
};

TEST_F(RunnerTest, WhatHoldsNoMessageIsPassedBeforeTheBadBytesBehindIt) {
  ASSERT_TRUE(start());
  const NothingThenBadBytes decoder;
  ports::FetchedSet set;
  set.decoder = &decoder;
  const Handled passed = runner_.handle(kChild, set, {}, arena_);
  EXPECT_EQ(passed.kind, Handled::Kind::kOk);
  EXPECT_EQ(passed.position.next_offset, 5);
  EXPECT_FALSE(passed.last);
  EXPECT_EQ(runner_.handle(kChild, set, passed.cursor, arena_).kind, Handled::Kind::kBadBytes);
}

TEST_F(RunnerTest, DelaysOutOfAllReasonAreCapped) {
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds::max()); };
  EXPECT_EQ(handle_one_message().delay, Runner::kLongestDelay);
  module_.script.handle = [](const Batch&) { return Verdict::defer(std::chrono::milliseconds(-5)); };
  EXPECT_EQ(handle(ScriptedSet({"a"})).delay, Runner::kShortestDelay);
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

TEST_F(RunnerTest, StopEndsTheHandlerEvenIfItThrows) {
  module_.script.stop = [] { throw std::runtime_error("cannot flush"); };
  ASSERT_TRUE(start());
  runner_.stop(kChild);
  EXPECT_EQ(module_.script.seen, (Seen{"stop", "destroyed"}));
  EXPECT_TRUE(log_.contain("cannot flush"));
  runner_.stop(kChild);
  EXPECT_EQ(module_.script.seen.size(), 2u);
}

}  // namespace
}  // namespace ductus::handlers
