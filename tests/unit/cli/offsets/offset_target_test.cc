#include "cli/offsets/offset_target.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace ductus::cli {
namespace {

using Kind = operate::ResetTarget::Kind;

constexpr std::int64_t kNowMs = 1'795'698'000'000;
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();

void expect_target(const std::string& text, Kind kind, std::int64_t amount) {
  const auto target = target_from(text, kNowMs);
  ASSERT_TRUE(target.ok()) << text << ": " << target.error().message;
  EXPECT_EQ(target->kind, kind) << text;
  EXPECT_EQ(target->amount, amount) << text;
}

TEST(OffsetTarget, IsAnEndOfTheLogOrAnOffset) {
  expect_target("earliest", Kind::kLogStart, 0);
  expect_target("latest", Kind::kReadableEnd, 0);
  expect_target("0", Kind::kOffset, 0);
  expect_target("9223372036854775807", Kind::kOffset, kGreatest);
}

TEST(OffsetTarget, IsAShift) {
  expect_target("+100", Kind::kShift, 100);
  expect_target("-100", Kind::kShift, -100);
  expect_target("-9223372036854775807", Kind::kShift, -kGreatest);
}

TEST(OffsetTarget, IsATime) {
  expect_target("2026-11-26T13:00Z", Kind::kTime, kNowMs);
  expect_target("2026-11-26T14:00:00.5+01:00", Kind::kTime, kNowMs + 500);
  expect_target("-2h", Kind::kTime, kNowMs - 7'200'000);
  expect_target("-500ms", Kind::kTime, kNowMs - 500);
  expect_target("-0ms", Kind::kTime, kNowMs);
}

TEST(OffsetTarget, IsNothingElse) {
  for (const char* text : {"",
                           "newest",
                           "Latest",
                           "0x10",
                           "1e3",
                           " 5",
                           "5 ",
                           "５",
                           "-",
                           "+",
                           "--5",
                           "+-5",
                           "-5.0",
                           "9223372036854775808",
                           "-9223372036854775808",
                           "+2h",
                           "-2x",
                           "-h",
                           "-999999999h",
                           "2026-11-22",
                           "2026-02-30T00:00Z",
                           "file"}) {
    const auto target = target_from(text, kNowMs);
    ASSERT_FALSE(target.ok()) << text;
    EXPECT_EQ(target.error().code, ErrorCode::kInvalid) << text;
  }
}

}  // namespace
}  // namespace ductus::cli
