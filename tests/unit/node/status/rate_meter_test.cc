#include "node/status/rate_meter.h"

#include <gtest/gtest.h>

namespace ductus::node {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class RateMeterTest : public ::testing::Test {
 protected:
  void note(std::int64_t value) { meter_.note(value, clock_.now()); }
  void wait(base::Duration time) { clock_.advance(time); }
  std::optional<double> rate() const { return meter_.per_s(clock_.now()); }

  base::ManualClock clock_;
  RateMeter meter_;
};

TEST_F(RateMeterTest, KnowsNothingBeforeASecondHasPassed) {
  EXPECT_EQ(rate(), std::nullopt);
  note(100);
  EXPECT_EQ(rate(), std::nullopt);
  wait(milliseconds(999));
  note(200);
  EXPECT_EQ(rate(), std::nullopt);
  wait(milliseconds(1));
  EXPECT_DOUBLE_EQ(rate().value(), 100);
}

TEST_F(RateMeterTest, TellsASteadyRateHoweverOftenItIsTold) {
  std::int64_t value = 1'000'000;
  for (const auto step : {milliseconds(10), milliseconds(700), milliseconds(2'500)}) {
    for (base::Duration passed{}; passed < 3 * RateMeter::kWindow; passed += step) {
      note(value);
      value += step.count() * 3;
      wait(step);
    }
    note(value);
    EXPECT_NEAR(rate().value(), 3'000, 1) << step.count();
  }
}

TEST_F(RateMeterTest, ForgetsWhatIsOlderThanItsWindow) {
  note(0);
  wait(seconds(1));
  note(1'000'000);
  EXPECT_DOUBLE_EQ(rate().value(), 1'000'000);
  wait(RateMeter::kWindow);
  EXPECT_DOUBLE_EQ(rate().value(), 0);
  wait(std::chrono::hours(1));
  note(1'000'050);
  EXPECT_NEAR(rate().value(), 5, 0.001);
}

TEST_F(RateMeterTest, SlowsDownWhileNothingMoves) {
  note(0);
  wait(seconds(4));
  note(400);
  EXPECT_DOUBLE_EQ(rate().value(), 100);
  wait(seconds(4));
  EXPECT_DOUBLE_EQ(rate().value(), 50);
}

TEST_F(RateMeterTest, BeginsAnewWhenTheNumberGoesBack) {
  note(5'000);
  wait(seconds(5));
  note(10);
  EXPECT_EQ(rate(), std::nullopt);
  wait(seconds(2));
  note(30);
  EXPECT_DOUBLE_EQ(rate().value(), 10);
}

TEST_F(RateMeterTest, SaysWhenItWasTold) {
  EXPECT_EQ(meter_.noted_at(), std::nullopt);
  note(1);
  wait(seconds(1));
  note(1);
  EXPECT_EQ(meter_.noted_at(), clock_.now());
}

}  // namespace
}  // namespace ductus::node
