#include "cli/status/thresholds.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

operate::StatusReport report() {
  operate::StatusReport report;
  for (const auto& [topic, next, end] :
       {std::tuple("orders", 10, 15), std::tuple("orders", 20, 20), std::tuple("test", 0, 100)}) {
    operate::PartitionStatus partition;
    partition.topic = topic;
    partition.partition = static_cast<std::int32_t>(report.partitions.size());
    partition.next_offset = next;
    partition.readable_end = end;
    report.partitions.push_back(partition);
  }
  return report;
}

Thresholds lags(std::string_view text) {
  auto parsed = lag_thresholds(text);
  EXPECT_TRUE(parsed.ok()) << text;
  return {parsed ? *parsed : std::vector<Thresholds::Lag>{}, std::nullopt};
}

TEST(LagThresholds, PassWhatIsAboveThem) {
  EXPECT_EQ(passed(lags("105"), report()), Lines());
  EXPECT_EQ(passed(lags("104"), report()), Lines({"the total lag is 105, the limit 104"}));
  EXPECT_EQ(passed(lags("1000,orders=4,test=100"), report()), Lines({"the lag of orders is 5, the limit 4"}));
}

TEST(LagThresholds, TakeSilenceForAnAlarm) {
  auto unknown = report();
  unknown.partitions[1].readable_end.reset();
  EXPECT_EQ(passed(lags("1000"), unknown), Lines({"the total lag is not known, the limit 1000"}));
  EXPECT_EQ(passed(lags("orders=1000,test=1000"), unknown), Lines({"the lag of orders is not known, the limit 1000"}));
  EXPECT_EQ(passed(lags("nowhere=1"), report()), Lines({"the lag of nowhere is not known, the limit 1"}));
  EXPECT_EQ(passed(lags("0"), {}), Lines({"the total lag is not known, the limit 0"}));
}

TEST(LagThresholds, RefuseWhatIsNone) {
  for (const char* const text :
       {"", ",", "-1", "1e3", "0x10", " 5", "5 ", "=5", "a=", "a=b", "1,,2", "1,", "9223372036854775808"}) {
    EXPECT_FALSE(lag_thresholds(text).ok()) << text;
  }
  EXPECT_EQ(lags("9223372036854775807").lags.front().most, INT64_MAX);
}

TEST(TimeThreshold, PassesWhatIsFurtherBehindOrNotKnown) {
  auto behind = report();
  behind.partitions[0].activity.behind_s = 90;
  const Thresholds thresholds{{}, 60s};
  EXPECT_EQ(passed(thresholds, behind), Lines({"orders/0 is 1m30s behind, the limit 1m00s",
                                               "how far behind test/2 is, is not known, the limit 1m00s"}));
  behind.partitions[0].activity.behind_s = 60;
  behind.partitions[2].activity.behind_s = 0.1;
  EXPECT_EQ(passed(thresholds, behind), Lines());
  EXPECT_EQ(passed(thresholds, {}).size(), 1u);
}

}  // namespace
}  // namespace ductus::cli
