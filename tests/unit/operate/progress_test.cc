#include "operate/progress.h"

#include <gtest/gtest.h>

namespace ductus::operate {
namespace {

using namespace std::chrono_literals;

class ProgressLineTest : public ::testing::Test {
 protected:
  /// The line after `seconds` more, with one partition of 1000 messages at `next_offset`.
  std::string after(int seconds, std::optional<std::int64_t> next_offset, std::uint64_t fetched_bytes) {
    now_ += std::chrono::seconds(seconds);
    StatusReport status;
    PartitionStatus partition;
    partition.topic = "events";
    partition.next_offset = next_offset;
    partition.readable_end = 1000;
    status.partitions.push_back(partition);
    status.fetched_bytes = fetched_bytes;
    return line_.next(status, now_);
  }

  base::Time now_;
  ProgressLine line_;
};

TEST_F(ProgressLineTest, TellsPaceLagAndTimeLeft) {
  EXPECT_EQ(after(0, 0, 0), "");
  EXPECT_EQ(after(2, 200, 5'000'000), "100 messages/s, 2.5 MB/s, lag 800, 8s left");
  EXPECT_EQ(after(1, 205, 5'000'000), "5 messages/s, 0.0 MB/s, lag 795, 2m 39s left");
  EXPECT_EQ(after(1, 1000, 6'000'000), "795 messages/s, 1.0 MB/s, lag 0");
}

TEST_F(ProgressLineTest, IsSilentWhileNothingMoves) {
  after(0, 1000, 7);
  EXPECT_EQ(after(5, 1000, 7), "");
  EXPECT_EQ(after(5, 1000, 7), "");
}

TEST_F(ProgressLineTest, CountsNoMessagesWhereAPositionBecomesKnownOrGoesBack) {
  after(0, std::nullopt, 0);
  EXPECT_EQ(after(1, 500, 1'000'000), "0 messages/s, 1.0 MB/s, lag 500");
  EXPECT_EQ(after(1, 400, 1'000'000), "0 messages/s, 0.0 MB/s, lag 600");
}

TEST_F(ProgressLineTest, CallsAnUnknownLagUnknown) {
  after(0, 5, 0);
  EXPECT_EQ(after(1, std::nullopt, 1'000'000), "0 messages/s, 1.0 MB/s, lag ?");
}

}  // namespace
}  // namespace ductus::operate
