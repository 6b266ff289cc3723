#include "operate/stopped_status.h"

#include <gtest/gtest.h>

namespace ductus::operate {
namespace {

class StoppedReport : public ::testing::Test {
 protected:
  StoppedReport() {
    config_.name = "local";
    config_.handler_name = "tests";
    config_.brokers = {{"kafka-1", 9092}, {"kafka-2", 9092}};
    config_.topics = {{"orders", {}}};
  }
  void log_of(std::int32_t partition, std::int64_t start, std::int64_t end) {
    look_.partitions[{"orders", partition}] = {start, end, end, std::nullopt, ""};
  }
  void store(std::int32_t partition, std::int64_t next_offset) {
    stored_.positions[{"orders", partition}].next_offset = next_offset;
  }
  StatusReport report() const { return stopped_report(config_, look_, stored_); }

  config::NodeConfig config_;
  LogLook look_;
  StoredPlaces stored_;
};

TEST_F(StoppedReport, TellsTheLagFromStoreAndBroker) {
  log_of(0, 0, 100);
  store(0, 40);
  const auto told = report();
  EXPECT_EQ(told.state, "not_running");
  EXPECT_EQ(told.source, "kafka-1:9092");
  ASSERT_EQ(told.partitions.size(), 1u);
  EXPECT_EQ(told.partitions[0].state, "stopped");
  EXPECT_EQ(told.partitions[0].reason, "");
  EXPECT_EQ(told.partitions[0].lag(), 60);
  EXPECT_EQ(told.total_lag(), 60);
}

TEST_F(StoppedReport, SaysWhyANodeWouldNotGoOn) {
  log_of(0, 50, 100);
  log_of(1, 0, 100);
  log_of(2, 0, 100);
  store(0, 40);
  store(2, 101);
  const auto told = report();
  EXPECT_NE(told.partitions[0].reason.find("before the start of the log, 50"), std::string::npos);
  EXPECT_EQ(told.partitions[1].reason, "no offset is stored");
  EXPECT_NE(told.partitions[2].reason.find("after the end of the log, 100"), std::string::npos);
  EXPECT_EQ(told.total_lag(), std::nullopt);
}

TEST_F(StoppedReport, LeavesOutPartitionsThatAreNotRead) {
  config_.topics = {{"orders", {}, {{0, 1}}}};
  look_.missing_topics.insert({"orders", {ErrorCode::kTimedOut, "the cluster has not answered"}});
  store(1, 40);
  store(3, 7);
  const auto told = report();
  ASSERT_EQ(told.partitions.size(), 1u);
  EXPECT_EQ(told.partitions[0].partition, 1);
}

TEST_F(StoppedReport, ShowsStoredPlacesWhileTheBrokerIsAway) {
  look_.missing_topics.insert({"orders", {ErrorCode::kTimedOut, "the cluster has not answered"}});
  look_.trouble = "connection refused";
  store(0, 40);
  store(3, 7);
  const auto told = report();
  ASSERT_EQ(told.partitions.size(), 2u);
  EXPECT_EQ(told.partitions[1].partition, 3);
  EXPECT_EQ(told.partitions[1].next_offset, 7);
  EXPECT_EQ(told.partitions[1].reason, "connection refused");
  EXPECT_EQ(told.total_lag(), std::nullopt);
}

TEST_F(StoppedReport, NeverCountsATopicOfWhichNothingIsKnownAsZero) {
  look_.missing_topics.insert({"orders", {ErrorCode::kNotFound, "no such topic"}});
  const auto told = report();
  ASSERT_EQ(told.partitions.size(), 1u);
  EXPECT_EQ(told.partitions[0].partition, -1);
  EXPECT_EQ(told.partitions[0].reason, "no such topic");
  EXPECT_EQ(told.total_lag(), std::nullopt);
}

TEST_F(StoppedReport, SaysWhyTheStoreSaidNothing) {
  log_of(0, 0, 100);
  stored_.trouble = "a node holds it";
  EXPECT_EQ(report().partitions[0].reason, "a node holds it");
  EXPECT_EQ(report().partitions[0].readable_end, 100);
}

TEST_F(StoppedReport, WritesAnIpv6BrokerWithBrackets) {
  config_.brokers = {{"::1", 9092}};
  EXPECT_EQ(report().source, "[::1]:9092");
}

}  // namespace
}  // namespace ductus::operate
