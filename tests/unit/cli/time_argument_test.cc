#include "cli/time_argument.h"

#include <gtest/gtest.h>

namespace ductus::cli {
namespace {

TEST(TimeArgument, IsATimeInAnyZoneOrMilliseconds) {
  for (const char* text :
       {"2026-11-26T13:00:00Z", "2026-11-26t13:00:00z", "2026-11-26 13:00:00Z", "2026-11-26T13:00:00.000Z",
        "2026-11-26T14:00:00+01:00", "2026-11-26T07:30:00-05:30", "2026-11-26T13:00Z", "2026-11-26T14:00+01:00",
        "2026-11-27T00:00:00+11:00", "1795698000000"}) {
    EXPECT_EQ(time_from(text), 1'795'698'000'000) << text;
  }
  EXPECT_EQ(time_from("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(time_from("0"), 0);
  EXPECT_EQ(time_from("2028-02-29T00:00:00Z"), 1'835'395'200'000);
}

TEST(TimeArgument, IsRoundedUpToWholeMilliseconds) {
  EXPECT_EQ(time_from("1970-01-01T00:00:01.5Z"), 1500);
  EXPECT_EQ(time_from("1970-01-01T00:00:01.007Z"), 1007);
  EXPECT_EQ(time_from("1970-01-01T00:00:01.0070Z"), 1007);
  EXPECT_EQ(time_from("1970-01-01T00:00:01.0070001Z"), 1008);
  EXPECT_EQ(time_from("1970-01-01T00:00:01.9999Z"), 2000);
}

TEST(TimeArgument, IsNothingElse) {
  for (const char* text : {"",
                           "yesterday",
                           "-1",
                           "2026-11-26",
                           "2026-11-26T13:00:00",
                           "2026-11-26T13:00.5Z",
                           "2026-11-26T13:00:Z",
                           "2026-11-26T13:00:00.Z",
                           "2026-13-26T13:00:00Z",
                           "2026-02-29T13:00:00Z",
                           "2026-11-26T24:00:00Z",
                           "2026-11-26T13:60:00Z",
                           "2026-11-26T13:00:00+1:00",
                           "2026-11-26T13:00:00+01",
                           "2026-11-26T13:00:00Zx",
                           "2026-11-26X13:00:00Z",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:00:00+01:00",
                           "20 6-11-26T13:00:00Z",
                           "9223372036854775808",
                           "5s"}) {
    EXPECT_EQ(time_from(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace ductus::cli
