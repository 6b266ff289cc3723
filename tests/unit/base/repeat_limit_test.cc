#include "base/log/repeat_limit.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

using std::chrono::seconds;

class RepeatLimitTest : public ::testing::Test {
 protected:
  bool admit(std::string_view cause, std::string_view line = "line") {
    return limit_.admit(LogLevel::kWarn, cause, line, clock_.now());
  }
  void use_up(std::string_view cause) {
    for (std::uint32_t i = 0; i < RepeatLimit::kLinesPerCause; ++i) ASSERT_TRUE(admit(cause));
  }
  std::vector<RepeatLimit::Repeated> over(bool all = false) { return limit_.over(clock_.now(), all); }

  ManualClock clock_;
  RepeatLimit limit_;
};

TEST_F(RepeatLimitTest, WritesTheFirstLinesOfACauseAndCountsTheOthers) {
  use_up("store");
  EXPECT_FALSE(admit("store", "away"));
  EXPECT_FALSE(admit("store", "still away"));
  EXPECT_TRUE(admit("broker")) << "another cause";
  EXPECT_TRUE(over().empty()) << "the interval runs";
  clock_.advance(RepeatLimit::kInterval);
  const auto told = over();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].times, 2u);
  EXPECT_EQ(told[0].line, "still away");
  EXPECT_EQ(told[0].level, LogLevel::kWarn);
  EXPECT_EQ(told[0].span, RepeatLimit::kInterval);
}

TEST_F(RepeatLimitTest, AfterAnIntervalTheNextBegins) {
  use_up("store");
  EXPECT_FALSE(admit("store"));
  EXPECT_EQ(limit_.next(), clock_.now() + RepeatLimit::kInterval);
  clock_.advance(RepeatLimit::kInterval);
  EXPECT_EQ(over().size(), 1u);
  EXPECT_TRUE(over().empty()) << "told once";
  EXPECT_EQ(limit_.next(), Time::max());
  use_up("store");
  EXPECT_FALSE(admit("store"));
}

TEST_F(RepeatLimitTest, WhatKeepsTheLimitIsNotTold) {
  use_up("store");
  clock_.advance(RepeatLimit::kInterval);
  EXPECT_TRUE(over().empty());
}

TEST_F(RepeatLimitTest, AtTheEndIntervalsThatRunAreToldToo) {
  use_up("store");
  EXPECT_FALSE(admit("store"));
  clock_.advance(seconds(7));
  const auto told = over(true);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].span, seconds(7));
}

TEST_F(RepeatLimitTest, AStormOfDistinctCausesIsBoundedToo) {
  std::size_t written = 0;
  for (std::size_t i = 0; i < 20 * RepeatLimit::kMaxCauses; ++i) {
    if (admit("cause " + std::to_string(i))) ++written;
  }
  EXPECT_EQ(written, RepeatLimit::kMaxCauses + RepeatLimit::kLinesPerCause);
  clock_.advance(RepeatLimit::kInterval);
  const auto told = over();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].times, 20 * RepeatLimit::kMaxCauses - written);
  EXPECT_TRUE(admit("a new one"));
}

TEST_F(RepeatLimitTest, ALongCauseIsCut) {
  const std::string begin(RepeatLimit::kMaxCauseBytes, 'c');
  use_up(begin + "one");
  EXPECT_FALSE(admit(begin + "two"));
}

TEST(CauseOf, IsTheLineWithoutItsNumbers) {
  EXPECT_EQ(cause_of("orders/3: bad message at 1234567"), cause_of("orders/12: bad message at 8"));
  EXPECT_NE(cause_of("orders/3: bad message"), cause_of("orders/3: no message"));
  EXPECT_EQ(cause_of("17"), "0");
  EXPECT_EQ(cause_of(""), "");
  EXPECT_LE(cause_of(std::string(1'000'000, 'x')).size(), RepeatLimit::kMaxCauseBytes);
}

}  // namespace
}  // namespace ductus::base
