#include "base/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace ductus::base {
namespace {

TEST(HexTest, WritesTwoLowerCaseDigitsForEachByte) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(std::array<std::uint8_t, 4>{0x00, 0x0f, 0xa9, 0xff}), "000fa9ff");
}

TEST(HexTest, ReadsWhatItWrote) {
  std::array<std::uint8_t, 256> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  std::array<std::uint8_t, 256> again{};
  ASSERT_TRUE(from_hex(to_hex(bytes), again));
  EXPECT_EQ(again, bytes);
}

TEST(HexTest, TakesExactlyTheDigitsOfItsBytes) {
  std::array<std::uint8_t, 2> bytes{};
  for (const char* text : {"", "0", "000", "00000", "000g", "00A0", "0x00", "00 0", "-001"}) {
    EXPECT_FALSE(from_hex(text, bytes)) << text;
  }
}

}  // namespace
}  // namespace ductus::base
