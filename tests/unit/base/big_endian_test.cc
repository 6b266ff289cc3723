#include "base/big_endian.h"

#include <gtest/gtest.h>

namespace ductus::base {
namespace {

using Bytes = std::vector<std::uint8_t>;

TEST(BigEndian, WritesTheHighByteFirst) {
  BigEndianWriter writer;
  writer.i8(-1);
  writer.i16(0x0102);
  writer.i32(0x03040506);
  writer.i64(0x0708090A0B0C0D0E);
  writer.raw(Bytes{0x0F});
  EXPECT_EQ(writer.bytes(), (Bytes{0xFF, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}));
}

TEST(BigEndian, ReadsWhatItWrote) {
  BigEndianWriter writer;
  writer.i8(-2);
  writer.i16(INT16_MIN);
  writer.i32(INT32_MIN);
  writer.i64(INT64_MIN);
  writer.i32(-1);
  BigEndianReader reader(writer.bytes());
  EXPECT_EQ(reader.i8(), -2);
  EXPECT_EQ(reader.i16(), INT16_MIN);
  EXPECT_EQ(reader.i32(), INT32_MIN);
  EXPECT_EQ(reader.i64(), INT64_MIN);
  EXPECT_EQ(reader.u32(), UINT32_MAX);
  EXPECT_TRUE(reader.complete());
}

TEST(BigEndian, GivesZeroAfterTheFirstReadThatDoesNotFit) {
  const Bytes bytes{1, 2, 3};
  BigEndianReader reader(bytes);
  EXPECT_EQ(reader.i32(), 0);
  EXPECT_EQ(reader.i8(), 0) << "though a byte was there";
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.left(), 0u);
}

TEST(BigEndian, TakesNoMoreRawBytesThanThereAre) {
  const Bytes bytes{1, 2, 3};
  BigEndianReader whole(bytes);
  EXPECT_EQ(whole.raw(3).size(), 3u);
  EXPECT_TRUE(whole.complete());
  BigEndianReader cut(bytes);
  EXPECT_TRUE(cut.raw(4).empty());
  EXPECT_FALSE(cut.ok());
}

TEST(BigEndian, OverwritesALengthOnceItIsKnown) {
  BigEndianWriter writer;
  writer.i32(0);
  writer.i8(7);
  writer.patch_i32(0, 1);
  EXPECT_EQ(std::move(writer).take(), (Bytes{0, 0, 0, 1, 7}));
}

}  // namespace
}  // namespace ductus::base
