#include "cli/status/watch_picture.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace ductus::cli {
namespace {

operate::StatusReport report_with(std::vector<std::int64_t> lags) {
  operate::StatusReport report;
  report.state = "running";
  for (const std::int64_t lag : lags) {
    operate::PartitionStatus partition;
    partition.topic = "orders";
    partition.partition = static_cast<std::int32_t>(report.partitions.size());
    partition.state = lag == 0 ? "ok" : "behind";
    partition.next_offset = 0;
    partition.readable_end = lag;
    report.partitions.push_back(partition);
  }
  return report;
}

const Screen::Size kWide{120, 40};

TEST(Curve, GoesFromLowToHigh) {
  EXPECT_EQ(curve({0, 10, 20, 40, 80}, true), "▁▂▃▅█");
  EXPECT_EQ(curve({0, 0}, true), "▁▁");
  EXPECT_EQ(curve({80, std::nullopt, 0}, false), "@ .");
  EXPECT_EQ(curve({}, true), "");
}

TEST(WatchPicture, DrawsCurvesOfWhatItSaw) {
  WatchPicture picture;
  picture.add(report_with({8, 0}));
  picture.add(report_with({0, 80}));
  EXPECT_EQ(picture.draw("local", kWide, {}),
            "local  ● running   q quit  space freeze  s sort\n"
            "Total lag: 80 messages  ▁█\n"
            "\n"
            "TOPIC/PART  STATE   LAG  SO FAR\n"
            "orders/1    behind   80  ▁█\n"
            "orders/0    ok        0  █▁");
}

TEST(WatchPicture, RemembersAsMuchAsACurveShows) {
  WatchPicture picture;
  for (std::size_t i = 0; i < WatchPicture::kCurvePoints + 5; ++i) picture.add(report_with({1}));
  const auto drawn = picture.draw("local", kWide, {.unicode = false});
  EXPECT_NE(drawn.find(" " + std::string(WatchPicture::kCurvePoints, '@') + "\n"), std::string::npos) << drawn;
}

TEST(WatchPicture, ForgetsPartitionsThatAreGone) {
  WatchPicture picture;
  picture.add(report_with({5, 5}));
  picture.add(report_with({5}));
  picture.add(report_with({5, 5}));
  const auto drawn = picture.draw("local", kWide, {.unicode = false});
  EXPECT_NE(drawn.find("orders/0    behind    5  @@@\n"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("orders/1    behind    5  @"), std::string::npos) << drawn;
}

TEST(WatchPicture, PutsFirstWhatCallsForSomebodyOrGoesByName) {
  auto report = report_with({9, 0, 1});
  report.partitions[2].state = "stopped";
  WatchPicture picture;
  picture.add(report);
  auto drawn = picture.draw("", kWide, {});
  EXPECT_LT(drawn.find("!  orders/2"), drawn.find("orders/0"));
  EXPECT_LT(drawn.find("orders/0"), drawn.find("orders/1"));
  picture.toggle_sorting();
  drawn = picture.draw("", kWide, {});
  EXPECT_LT(drawn.find("orders/1"), drawn.find("orders/2"));
}

TEST(WatchPicture, StandsStillWhileFrozen) {
  WatchPicture picture;
  picture.add(report_with({5}));
  picture.toggle_frozen();
  picture.add(report_with({6}));
  picture.add_trouble("it hangs");
  EXPECT_NE(picture.draw("", kWide, {}).find("Total lag: 5 "), std::string::npos);
  EXPECT_EQ(picture.draw("", kWide, {}).find("it hangs"), std::string::npos);
  picture.toggle_frozen();
  picture.add(report_with({7}));
  EXPECT_NE(picture.draw("", kWide, {}).find("Total lag: 7 "), std::string::npos);
}

TEST(WatchPicture, KeepsWhatItSawWhileTheNodeDoesNotAnswer) {
  WatchPicture picture;
  picture.add_trouble("no\x1b[2J answer");
  EXPECT_EQ(picture.draw("local", kWide, {}), "local   q quit  space freeze  s sort\nnot answering: no\\x1b[2J answer");
  picture.add(report_with({5}));
  EXPECT_EQ(picture.draw("local", kWide, {}).find("not answering"), std::string::npos);
  picture.add_trouble("gone");
  const auto drawn = picture.draw("local", kWide, {});
  EXPECT_NE(drawn.find("not answering: gone"), std::string::npos);
  EXPECT_NE(drawn.find("Total lag: 5 "), std::string::npos);
}

TEST(WatchPicture, FitsEveryScreen) {
  WatchPicture picture;
  auto report = report_with(std::vector<std::int64_t>(1'000, 3));
  report.supervision.level = "A";
  picture.add(report);
  for (std::size_t rows = 1; rows <= 30; ++rows) {
    const auto drawn = picture.draw("local", {40, rows}, {});
    EXPECT_LT(static_cast<std::size_t>(std::count(drawn.begin(), drawn.end(), '\n')), rows);
  }
  const auto drawn = picture.draw("local", {40, 20}, {});
  EXPECT_NE(drawn.find("and 987 more\n"), std::string::npos) << drawn;
  EXPECT_NE(drawn.find("\ntree    level A"), std::string::npos) << drawn;
}

}  // namespace
}  // namespace ductus::cli
