#include "kafka/records/compression.h"

#include <gtest/gtest.h>

#include <random>

#include "record_batch_builder.h"

namespace ductus::kafka {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

class InflaterTest : public ::testing::Test {
 protected:
  Result<void> inflate(base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return inflater_.inflate(Codec::kLz4, bytes, max_bytes, out_);
  }
  std::string text() const { return {reinterpret_cast<const char*>(out_.data()), out_.size()}; }
  Inflater inflater_;
  base::Buffer out_;
};

TEST_F(InflaterTest, GivesBackWhatWasCompressed) {
  std::mt19937 random(1);
  for (const std::size_t size : {0u, 1u, 100u, 65535u, 65537u, 300'000u, 1'048'576u}) {
    std::string original(size, 'x');
    for (auto& letter : original) letter = static_cast<char>(random() % 4 + 'a');
    ASSERT_TRUE(inflate(lz4_frame(as_bytes(original))).ok()) << size;
    EXPECT_EQ(text(), original);
  }
}

TEST_F(InflaterTest, RefusesOneByteBeyondTheCap) {
  const std::string original(1000, 'x');
  EXPECT_TRUE(inflate(lz4_frame(as_bytes(original)), 1000).ok());
  const auto refused = inflate(lz4_frame(as_bytes(original)), 999);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
}

TEST_F(InflaterTest, TakesNoMoreMemoryForABombThanTheCap) {
  const Bytes bomb = lz4_frame(Bytes(16 * kMegabyte, 0));
  EXPECT_EQ(inflate(bomb, kMegabyte).error().code, ErrorCode::kLimit);
  EXPECT_LE(out_.capacity(), 2 * kMegabyte + 2);
}

TEST_F(InflaterTest, RefusesAStreamCutAtAnyByteAndGoesOnAfterIt) {
  const Bytes frame = lz4_frame(as_bytes("some text, some text, some text, some text"));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const auto cut = inflate(base::ByteView(frame).first(size));
    ASSERT_FALSE(cut.ok()) << size;
    ASSERT_EQ(cut.error().code, ErrorCode::kCorrupt);
  }
  EXPECT_TRUE(inflate(frame).ok());
}

TEST_F(InflaterTest, RefusesBytesBehindTheStream) {
  Bytes frame = lz4_frame(as_bytes("text"));
  frame.push_back(0);
  EXPECT_EQ(inflate(frame).error().code, ErrorCode::kCorrupt);
}

TEST_F(InflaterTest, RefusesAContentSizeThatLies) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = 5;
  Bytes frame(200);
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), "12345", 5, &preferences));
  EXPECT_TRUE(inflate(frame).ok());
  // Two frames of other sizes under one header: the descriptor's own checksum stays right.
  Bytes longer(200);
  preferences.frameInfo.contentSize = 9;
  longer.resize(LZ4F_compressFrame(longer.data(), longer.size(), "123456789", 9, &preferences));
  constexpr std::size_t kHeaderBytes = 15;
  Bytes lie(frame.begin(), frame.begin() + kHeaderBytes);
  lie.insert(lie.end(), longer.begin() + kHeaderBytes, longer.end());
  EXPECT_EQ(inflate(lie).error().code, ErrorCode::kCorrupt);
}

TEST_F(InflaterTest, ReadsFramesOfFourMegabyteBlocks) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  const std::string original(9 * kMegabyte, 'y');
  Bytes frame(LZ4F_compressFrameBound(original.size(), &preferences));
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), original.data(), original.size(), &preferences));
  ASSERT_TRUE(inflate(frame, 16 * kMegabyte).ok());
  EXPECT_EQ(text(), original);
}

TEST(Crc32c, IsTheOneOfTheStandard) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

}  // namespace
}  // namespace ductus::kafka
