#include "operate/offsets/plan_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ductus::operate {
namespace {

using ports::Position;

ResetRow row(std::optional<std::int64_t> before, std::optional<std::int64_t> after) {
  ResetRow made{{"orders", 0}, {}, {}, 50, 100, ""};
  if (before) made.before = Position{*before};
  if (after) made.after = Position{*after};
  return made;
}

TEST(PlanReport, SaysWhatHappensToAPartition) {
  EXPECT_EQ(what_happens(row(90, 70)), "20 messages handled again");
  EXPECT_EQ(what_happens(row(71, 70)), "1 message handled again");
  EXPECT_EQ(what_happens(row(70, 82)), "12 messages SKIPPED");
  EXPECT_EQ(what_happens(row(70, 70)), "unchanged");
  EXPECT_EQ(what_happens(row({}, 70)), "set for the first time");
  EXPECT_EQ(what_happens(row(70, {})), "forgotten: the node acts by offsets.when_missing");
  EXPECT_EQ(what_happens(row({}, {})), "unchanged: nothing is stored");
}

TEST(PlanReport, CountsOnlyMessagesThatTheLogHolds) {
  EXPECT_EQ(what_happens(row(20, 60)), "10 messages SKIPPED") << "what retention took is not skipped by it";
  EXPECT_EQ(what_happens(row(120, 90)), "10 messages handled again");
  EXPECT_EQ(what_happens(row(20, 50)), "0 messages skipped");
}

TEST(PlanReport, SaysWhereAnOffsetLiesOutsideTheLog) {
  EXPECT_EQ(what_happens(row(70, 49)), "OUTSIDE the log, which goes from 50 to 100");
  EXPECT_EQ(what_happens(row({}, 101)), "OUTSIDE the log, which goes from 50 to 100");
}

TEST(PlanReport, SaysWhyAnOffsetIsNotTheOneThatWasAskedFor) {
  ResetRow clamped = row(90, 100);
  clamped.note = "190 is past the end of the log";
  EXPECT_EQ(what_happens(clamped), "10 messages SKIPPED (190 is past the end of the log)");
}

TEST(PlanReport, CountsNothingBetweenTwoTopicsOfOneName) {
  ResetRow anew = row(90, 60);
  anew.before->topic_id = {1};
  anew.after->topic_id = {2};
  EXPECT_EQ(what_happens(anew), "the topic was made anew since");
}

class PlanReportWhole : public ::testing::Test {
 protected:
  PlanReportWhole() {
    config_.name = "local";
    config_.handler_name = "tests";
    plan_.rows = {row(118220, 97010), row({}, 70)};
    plan_.rows[0].log_start_offset = 0;
    plan_.rows[0].readable_end = 120000;
    plan_.rows[1].partition = {"orders-of-the-day", 11};
  }
  config::NodeConfig config_;
  ResetPlan plan_;
};

TEST_F(PlanReportWhole, IsToldAsJson) {
  plan_.rows.push_back(row(3, {}));
  const auto told = nlohmann::json::parse(to_json(config_, plan_, PlanState::kDryRun));
  EXPECT_EQ(told["schema"], "ductus.reset/1");
  EXPECT_EQ(told["handler_name"], "tests");
  EXPECT_EQ(told["dry_run"], true);
  EXPECT_EQ(told["partitions"][1], nlohmann::json::parse(R"({"topic":"orders-of-the-day","partition":11,
      "unit":"messages","before":null,
      "next_offset":70,"log_start_offset":50,"readable_end":100,"outside_log":false,
      "what_happens":"set for the first time"})"));
  EXPECT_EQ(told["partitions"][2]["next_offset"], nullptr);
}

}  // namespace
}  // namespace ductus::operate
