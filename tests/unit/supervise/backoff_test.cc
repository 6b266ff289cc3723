#include "supervise/backoff.h"

#include <gtest/gtest.h>

namespace ductus::supervise {
namespace {

using std::chrono::seconds;

constexpr base::Time kStart{std::chrono::hours(1)};

TEST(Backoff, DoublesFromATenthOfASecondToTenSeconds) {
  Backoff backoff(7);
  base::Duration whole = Backoff::kShortest;
  for (int failure = 0; failure < 20; ++failure) {
    const base::Duration delay = backoff.next();
    EXPECT_LE(delay, whole) << "failure " << failure;
    EXPECT_GE(delay, whole / 2) << "failure " << failure;
    whole = std::min(whole * 2, Backoff::kLongest);
  }
}

TEST(Backoff, SpreadsChildrenThatFailTogether) {
  Backoff one(1);
  Backoff other(2);
  EXPECT_NE(one.next(), other.next());
}

TEST(Backoff, ForgetsAfterAMinuteOfProgress) {
  Backoff backoff(7);
  for (int failure = 0; failure < 10; ++failure) (void)backoff.next();
  backoff.progressed(kStart);
  backoff.progressed(kStart + Backoff::kForgetAfter);
  EXPECT_LE(backoff.next(), Backoff::kShortest);
}

TEST(Backoff, KeepsItsDelayOverAShorterTimeOfProgress) {
  Backoff backoff(7);
  for (int failure = 0; failure < 10; ++failure) (void)backoff.next();
  backoff.progressed(kStart);
  backoff.progressed(kStart + Backoff::kForgetAfter - std::chrono::nanoseconds(1));
  EXPECT_GE(backoff.next(), Backoff::kLongest / 2);
}

TEST(Backoff, CountsProgressFromTheLastFailure) {
  Backoff backoff(7);
  for (int failure = 0; failure < 10; ++failure) (void)backoff.next();
  backoff.progressed(kStart);
  (void)backoff.next();
  backoff.progressed(kStart + seconds(59));
  backoff.progressed(kStart + seconds(61));
  EXPECT_GE(backoff.next(), seconds(5));
}

}  // namespace
}  // namespace ductus::supervise
