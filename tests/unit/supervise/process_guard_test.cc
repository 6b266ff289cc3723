#include "supervise/process_guard.h"

#include <gtest/gtest.h>

#include <vector>

#include "supervise/restart_window.h"

namespace ductus::supervise {
namespace {

using namespace std::chrono_literals;

constexpr ProcessEnd kCrash{};
constexpr ProcessEnd kFailure{.exit_code = 1};

class ProcessGuardTest : public testing::Test {
 protected:
  /// The process comes up and lives so long: when the next one is started.
  std::optional<base::Duration> delay_after(base::Duration life, const ProcessEnd& end = kCrash) {
    guard_.on_up(clock_.now());
    clock_.advance(life);
    return ends(end);
  }
  std::optional<base::Duration> ends(const ProcessEnd& end) {
    const auto at = guard_.on_end(end, clock_.now());
    if (!at) return std::nullopt;
    const base::Duration delay = *at - clock_.now();
    clock_.advance(delay);
    return delay;
  }

  base::ManualClock clock_;
  ProcessGuard guard_{7};
};

TEST_F(ProcessGuardTest, StartsWhatCrashedOrFailedAgain) {
  for (const ProcessEnd& end : {kCrash, kFailure, ProcessEnd{.exit_code = 4}, ProcessEnd{.exit_code = 127}}) {
    EXPECT_TRUE(delay_after(1s, end).has_value());
  }
}

TEST_F(ProcessGuardTest, BacksOffFromATenthOfASecondToTenSeconds) {
  base::Duration whole = Backoff::kShortest;
  for (int crash = 0; crash < 20; ++crash) {
    const auto delay = delay_after(1ms);
    ASSERT_TRUE(delay.has_value());
    EXPECT_LE(*delay, whole) << "crash " << crash;
    EXPECT_GE(*delay, whole / 2) << "crash " << crash;
    whole = std::min(whole * 2, Backoff::kLongest);
  }
}

TEST_F(ProcessGuardTest, SoItDoesForOneThatIsNotEvenUp) {
  ASSERT_TRUE(delay_after(1ms).has_value());
  for (int crash = 0; crash < 20; ++crash) ASSERT_TRUE(ends(kFailure).has_value());
  EXPECT_GE(*ends(kFailure), Backoff::kLongest / 2);
}

TEST_F(ProcessGuardTest, ForgetsAfterAMinuteOfLife) {
  for (int crash = 0; crash < 20; ++crash) (void)delay_after(1ms);
  EXPECT_GE(*delay_after(Backoff::kForgetAfter - 1ns), Backoff::kLongest / 2);
  EXPECT_LE(*delay_after(Backoff::kForgetAfter), Backoff::kShortest);
}

TEST_F(ProcessGuardTest, NeverRestartsSoOftenThatAWindowWouldHaveToStopIt) {
  RestartWindow window(8, 10s);
  for (int crash = 0; crash < 200; ++crash) {
    ASSERT_FALSE(window.record(clock_.now())) << "crash " << crash;
    ASSERT_TRUE(delay_after(0s).has_value());
  }
}

TEST_F(ProcessGuardTest, EndsWithANodeThatEndedWell) { EXPECT_EQ(delay_after(1s, {.exit_code = 0}), std::nullopt); }

TEST_F(ProcessGuardTest, EndsWithANodeThatWasEndedByForce) {
  EXPECT_EQ(delay_after(1s, {.exit_code = 1, .forced = true}), std::nullopt);
}

TEST_F(ProcessGuardTest, EndsWhereStartingAgainIsOfNoUse) {
  for (const int code : {ProcessGuard::kWrongUsage, ProcessGuard::kRefused, ProcessGuard::kWrongConfig}) {
    EXPECT_EQ(delay_after(1s, {.exit_code = code}), std::nullopt) << code;
  }
}

TEST_F(ProcessGuardTest, EndsWithANodeThatCrashesWhileItStops) {
  guard_.on_up(clock_.now());
  guard_.on_stop();
  EXPECT_EQ(ends(kCrash), std::nullopt);
}

TEST_F(ProcessGuardTest, AStartThatFailsIsNotTriedAgain) { EXPECT_EQ(ends(kFailure), std::nullopt); }

}  // namespace
}  // namespace ductus::supervise
