#include "supervise/restart_window.h"

#include <gtest/gtest.h>

namespace ductus::supervise {
namespace {

using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr base::Time kStart{std::chrono::hours(1)};
constexpr base::Duration kPeriod = seconds(10);

TEST(RestartWindow, WithIntensityZeroTripsAtTheFirstFailure) {
  RestartWindow window(0, kPeriod);
  EXPECT_TRUE(window.record(kStart));
}

TEST(RestartWindow, WithIntensityOneTripsAtTheSecondInside) {
  RestartWindow window(1, kPeriod);
  EXPECT_FALSE(window.record(kStart));
  EXPECT_TRUE(window.record(kStart + kPeriod - nanoseconds(1)));
}

TEST(RestartWindow, AFailureAsOldAsThePeriodIsOutside) {
  RestartWindow window(1, kPeriod);
  EXPECT_FALSE(window.record(kStart));
  EXPECT_FALSE(window.record(kStart + kPeriod));
}

TEST(RestartWindow, WithIntensityHundredTripsAtTheHundredAndFirst) {
  RestartWindow window(100, kPeriod);
  for (int failure = 0; failure < 100; ++failure) EXPECT_FALSE(window.record(kStart));
  EXPECT_TRUE(window.record(kStart));
}

TEST(RestartWindow, GoesOnTrippingWhileTooManyAreInside) {
  RestartWindow window(1, kPeriod);
  EXPECT_FALSE(window.record(kStart));
  EXPECT_TRUE(window.record(kStart + seconds(1)));
  EXPECT_TRUE(window.record(kStart + seconds(2)));
  EXPECT_FALSE(window.record(kStart + seconds(12)));
}

TEST(RestartWindow, SlidesAsTimeGoesOn) {
  RestartWindow window(2, kPeriod);
  for (int failure = 0; failure < 50; ++failure) EXPECT_FALSE(window.record(kStart + failure * seconds(5)));
}

TEST(RestartWindow, ClearedItCountsFromNothing) {
  RestartWindow window(1, kPeriod);
  EXPECT_FALSE(window.record(kStart));
  window.clear();
  EXPECT_FALSE(window.record(kStart));
}

}  // namespace
}  // namespace ductus::supervise
