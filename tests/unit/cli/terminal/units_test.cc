#include "cli/terminal/units.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace ductus::cli {
namespace {

TEST(Grouped, PartsThousands) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1'000), "1 000");
  EXPECT_EQ(grouped(-1'234'567), "-1 234 567");
  EXPECT_EQ(grouped(-123), "-123");
  EXPECT_EQ(grouped(std::numeric_limits<std::int64_t>::min()), "-9 223 372 036 854 775 808");
  EXPECT_EQ(grouped(std::nullopt), "?");
}

TEST(DurationText, TakesTheUnitThatFits) {
  EXPECT_EQ(duration_text(0), "0ms");
  EXPECT_EQ(duration_text(0.081), "81ms");
  EXPECT_EQ(duration_text(0.4), "0.4s");
  EXPECT_EQ(duration_text(9.96), "10s");
  EXPECT_EQ(duration_text(59.6), "1m00s");
  EXPECT_EQ(duration_text(362), "6m02s");
  EXPECT_EQ(duration_text(3 * 3'600 + 240), "3h04m");
  EXPECT_EQ(duration_text(3 * 86'400 + 4 * 3'600 + 59), "3d 04h");
}

TEST(DurationText, TakesWhateverAnotherProgramSays) {
  EXPECT_EQ(duration_text(-1), "0ms");
  EXPECT_EQ(duration_text(std::nan("")), "0ms");
  EXPECT_EQ(duration_text(std::numeric_limits<double>::infinity()), duration_text(1e300));
}

TEST(SizeText, TakesTheUnitThatFits) {
  EXPECT_EQ(size_text(-5), "0 B");
  EXPECT_EQ(size_text(999), "999 B");
  EXPECT_EQ(size_text(1'000), "1.0 kB");
  EXPECT_EQ(size_text(351'200), "351 kB");
  EXPECT_EQ(size_text(999'600), "1.0 MB");
  EXPECT_EQ(size_text(std::numeric_limits<std::int64_t>::max()), "9.2 EB");
}

TEST(RateText, ShowsSlowOnesToo) {
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(0.42), "0.4");
  EXPECT_EQ(rate_text(310.4), "310");
  EXPECT_EQ(rate_text(12'345), "12 345");
  EXPECT_EQ(rate_text(-1), "0");
}

}  // namespace
}  // namespace ductus::cli
