#include "handlers/null.h"

#include <gtest/gtest.h>

#include <cstring>

#include "ductus/testing.h"

namespace ductus::handlers {
namespace {

std::uint64_t number(const char (&bytes)[9]) {
  std::uint64_t value = 0;
  std::memcpy(&value, bytes, 8);
  return value;
}

TEST(Null, PrintsWhatAllItsHandlersSaw) {
  testing::internal::CaptureStdout();
  {
    const auto module = make_null_module();
    auto one = module->init({}, {});
    auto other = module->init({}, {});
    ASSERT_TRUE((*one)->handle_messages(TestBatch({"12345678", "12345678 and more"}, 5)).is_ok());
    ASSERT_TRUE((*other)->handle_messages(TestBatch({"ab", ""}, 1000)).is_ok());
    EXPECT_EQ((*one)->aggregate_element(), Value(Value::Map{{"messages", Value(2)}, {"value_bytes", Value(25)}}));
  }
  const std::uint64_t checksum =
      (number("12345678") ^ 5) + (number("12345678") ^ 6) + (number("ab\0\0\0\0\0\0") ^ 1000) + (0 ^ 1001);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "null: messages=4 value_bytes=27 checksum=" + std::to_string(checksum) + "\n");
}

}  // namespace
}  // namespace ductus::handlers
