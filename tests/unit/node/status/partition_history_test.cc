#include "node/status/partition_history.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ductus::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Verdict = ports::Handled::Kind;

class PartitionHistoryTest : public ::testing::Test {
 protected:
  /// A call with a batch [from, to) that takes `took`.
  void handle(std::int64_t from, std::int64_t to, base::Duration took, ports::Handled outcome = {}) {
    history_.call_begins(work(from, to), clock_.now());
    clock_.advance(took);
    outcome.position.next_offset = to;
    outcome.messages = static_cast<std::uint64_t>(to - from);
    outcome.bytes = outcome.messages * 100;
    history_.call_ended({.kind = Work::Kind::kHandle, .handled = outcome}, clock_.now());
  }
  static Work work(std::int64_t from, std::int64_t to) {
    Work work{.kind = Work::Kind::kHandle, .cursor = {0, from}};
    work.set.asked_offset = from;
    work.set.next_offset = to;
    return work;
  }
  operate::PartitionActivity told(std::optional<std::int64_t> lag = std::nullopt) const {
    operate::PartitionActivity activity;
    history_.tell(activity, lag, clock_.now());
    return activity;
  }

  base::ManualClock clock_;
  PartitionHistory history_;
};

TEST_F(PartitionHistoryTest, KnowsNothingAtFirst) {
  const auto activity = told(7);
  EXPECT_EQ(activity.restarts, 0u);
  EXPECT_EQ(activity.in_per_s, std::nullopt);
  EXPECT_EQ(activity.out_per_s, std::nullopt);
  EXPECT_EQ(activity.approx_lag_bytes, std::nullopt);
  EXPECT_EQ(activity.last_message_at_ms, std::nullopt);
  EXPECT_FALSE(activity.call);
  EXPECT_FALSE(activity.batch);
  EXPECT_TRUE(activity.last_results.empty());
}

TEST_F(PartitionHistoryTest, TellsTheCallItIsInAndTheBatchInHand) {
  Work sent = work(40, 90);
  const std::string records(1000, 'r');
  sent.set.records = base::ByteView(reinterpret_cast<const std::uint8_t*>(records.data()), records.size());
  sent.cursor = {400, 60};
  history_.call_begins(sent, clock_.now());
  clock_.advance(milliseconds(1500));
  const auto activity = told();
  ASSERT_TRUE(activity.call);
  EXPECT_EQ(activity.call->what, "handle_messages");
  EXPECT_DOUBLE_EQ(activity.call->for_s, 1.5);
  ASSERT_TRUE(activity.batch);
  EXPECT_EQ(activity.batch->first_offset, 60);
  EXPECT_EQ(activity.batch->next_offset, 90);
  EXPECT_EQ(activity.batch->bytes, 600u);

  history_.call_ended({.kind = Work::Kind::kHandle}, clock_.now());
  EXPECT_FALSE(told().call);
  EXPECT_FALSE(told().batch);
  history_.call_begins({.kind = Work::Kind::kSync}, clock_.now());
  EXPECT_EQ(told().call->what, "sync");
  EXPECT_FALSE(told().batch);
}

TEST_F(PartitionHistoryTest, KeepsADeferredBatchInHand) {
  ports::Handled later;
  later.kind = Verdict::kDefer;
  later.delay = seconds(5);
  handle(40, 90, milliseconds(88), later);
  clock_.advance(seconds(2));
  const auto activity = told();
  EXPECT_EQ(activity.batch->first_offset, 40);
  ASSERT_EQ(activity.last_results.size(), 1u);
  EXPECT_EQ(activity.last_results[0].verdict, "defer");
  EXPECT_DOUBLE_EQ(activity.last_results[0].took_s, 0.088);
  EXPECT_DOUBLE_EQ(activity.last_results[0].ago_s, 2);
  EXPECT_EQ(activity.last_results[0].deferred_by_s, 5);
  history_.failed(true, clock_.now());
  EXPECT_FALSE(told().batch);
}

TEST_F(PartitionHistoryTest, KeepsTheLastResultsTheNewestFirst) {
  for (std::int64_t i = 1; i <= 8; ++i) handle(i * 10, i * 10 + i, milliseconds(i));
  ports::Handled failed;
  failed.kind = Verdict::kFail;
  handle(90, 99, milliseconds(9), failed);
  const auto results = told().last_results;
  ASSERT_EQ(results.size(), PartitionHistory::kResultsKept);
  EXPECT_EQ(results[0].verdict, "fail");
  EXPECT_EQ(results[0].messages, 9u);
  EXPECT_EQ(results[1].verdict, "ok");
  EXPECT_EQ(results[4].messages, 5u);
}

TEST_F(PartitionHistoryTest, EstimatesTheBytesOfTheLag) {
  handle(0, 50, milliseconds(1));
  EXPECT_EQ(told(7).approx_lag_bytes, 700);
  EXPECT_EQ(told(0).approx_lag_bytes, 0);
  EXPECT_EQ(told().approx_lag_bytes, std::nullopt);
  EXPECT_EQ(told(INT64_MAX).approx_lag_bytes, std::nullopt);  // more than can be said
}

TEST_F(PartitionHistoryTest, RemembersTheTimeOfTheLastMessageThatHasOne) {
  ports::Handled at;
  at.last_timestamp_ms = 1'000;
  handle(0, 1, milliseconds(1), at);
  handle(1, 2, milliseconds(1));
  EXPECT_EQ(told().last_message_at_ms, 1'000);
}

TEST_F(PartitionHistoryTest, TellsWhatComesInAndWhatGoesOut) {
  for (std::int64_t i = 0; i < 10; ++i) {
    history_.heard_end(1'000 * (i + 1), clock_.now());
    handle(i * 100, i * 100 + 100, seconds(1));
  }
  EXPECT_NEAR(told().in_per_s.value(), 1'000, 150);
  EXPECT_NEAR(told().out_per_s.value(), 100, 15);
  clock_.advance(RateMeter::kWindow);
  EXPECT_EQ(told().in_per_s, std::nullopt);  // nobody has asked the log since
  EXPECT_DOUBLE_EQ(told().out_per_s.value(), 0);
}

TEST_F(PartitionHistoryTest, CountsRestartsAndNotTheStopForGood) {
  history_.failed(true, clock_.now());
  history_.failed(false, clock_.now());
  clock_.advance(seconds(3));
  EXPECT_EQ(told().restarts, 1u);
  EXPECT_EQ(told().last_error_ago_s, 3);
}

}  // namespace
}  // namespace ductus::node
