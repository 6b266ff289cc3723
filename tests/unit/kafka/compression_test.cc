#include "kafka/records/compression.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "record_batch_builder.h"

namespace ductus::kafka {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

Bytes compressed(Codec codec, base::ByteView bytes) {
  return codec == Codec::kLz4 ? lz4_frame(bytes) : zstd_frame(bytes);
}

class AnyInflater : public ::testing::Test {
 protected:
  Result<void> inflate(Codec codec, base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return inflater_.inflate(codec, bytes, max_bytes, out_);
  }
  ErrorCode refusal(Codec codec, base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    const auto refused = inflate(codec, bytes, max_bytes);
    EXPECT_FALSE(refused.ok());
    return refused ? ErrorCode::kNotNeeded : refused.error().code;
  }
  std::string text() const { return {reinterpret_cast<const char*>(out_.data()), out_.size()}; }
  Inflater inflater_;
  base::Buffer out_;
};

// What holds for every codec.
class InflaterTest : public AnyInflater, public ::testing::WithParamInterface<Codec> {
 protected:
  static Bytes frame_of(base::ByteView bytes) { return compressed(GetParam(), bytes); }
  Result<void> inflate(base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return AnyInflater::inflate(GetParam(), bytes, max_bytes);
  }
  ErrorCode refusal(base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return AnyInflater::refusal(GetParam(), bytes, max_bytes);
  }
};

TEST_P(InflaterTest, GivesBackWhatWasCompressed) {
  std::mt19937 random(1);
  for (const std::size_t size : {0u, 1u, 100u, 65535u, 65537u, 300'000u, 1'048'576u}) {
    std::string original(size, 'x');
    for (auto& letter : original) letter = static_cast<char>(random() % 4 + 'a');
    ASSERT_TRUE(inflate(frame_of(as_bytes(original))).ok()) << size;
    EXPECT_EQ(text(), original);
  }
}

TEST_P(InflaterTest, RefusesOneByteBeyondTheCap) {
  const Bytes frame = frame_of(as_bytes(std::string(1000, 'x')));
  EXPECT_TRUE(inflate(frame, 1000).ok());
  EXPECT_EQ(refusal(frame, 999), ErrorCode::kLimit);
}

TEST_P(InflaterTest, B89_ABombTakesNoMoreMemoryThanTheCap) {
  const Bytes bomb = frame_of(Bytes(256 * kMegabyte, 0));
  EXPECT_LT(bomb.size(), 2 * kMegabyte);
  EXPECT_EQ(refusal(bomb), ErrorCode::kLimit);
  EXPECT_LE(out_.capacity(), 2 * kMegabyte + 2);
  EXPECT_TRUE(inflate(frame_of(as_bytes("the next one is read"))).ok());
}

TEST_P(InflaterTest, B94_RefusesGarbageBehindGoodData) {
  for (const std::string_view garbage : {std::string_view("\0", 1), std::string_view("garbage, a lot of garbage")}) {
    Bytes frame = frame_of(as_bytes("text"));
    frame.insert(frame.end(), garbage.begin(), garbage.end());
    EXPECT_EQ(refusal(frame), ErrorCode::kCorrupt) << garbage.size();
  }
}

TEST_P(InflaterTest, B95_RefusesAStreamCutAtAnyByteAndGoesOnAfterIt) {
  const Bytes frame = frame_of(as_bytes("some text, some text, some text, some text"));
  for (std::size_t size = 0; size < frame.size(); ++size) {
    ASSERT_EQ(refusal(base::ByteView(frame).first(size)), ErrorCode::kCorrupt) << size;
  }
  EXPECT_TRUE(inflate(frame).ok());
}

TEST_P(InflaterTest, SurvivesEveryByteSetToEveryExtreme) {
  const Bytes whole = frame_of(as_bytes("some text, some text, more text, more text, the end"));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFE, 0xFF}) {
      Bytes bytes = whole;
      bytes[at] = static_cast<std::uint8_t>(value);
      const auto outcome = inflate(bytes);
      ASSERT_TRUE(outcome.ok() || outcome.error().code == ErrorCode::kCorrupt ||
                  outcome.error().code == ErrorCode::kLimit);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Codecs, InflaterTest, testing::Values(Codec::kLz4, Codec::kZstd),
                         [](const auto& codec) { return std::string(name_of(codec.param)); });

// ---- lz4

using Lz4Test = AnyInflater;

Bytes lz4_frame_with(base::ByteView bytes, const LZ4F_preferences_t& preferences) {
  Bytes frame(LZ4F_compressFrameBound(bytes.size(), &preferences));
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), &preferences));
  return frame;
}

TEST_F(Lz4Test, B92_RefusesAContentSizeThatLies) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = 5;
  const Bytes frame = lz4_frame_with(as_bytes("12345"), preferences);
  EXPECT_TRUE(inflate(Codec::kLz4, frame).ok());
  // Two frames of other sizes under one header: the descriptor's own checksum stays right.
  preferences.frameInfo.contentSize = 9;
  const Bytes longer = lz4_frame_with(as_bytes("123456789"), preferences);
  constexpr std::size_t kHeaderBytes = 15;
  Bytes lie(frame.begin(), frame.begin() + kHeaderBytes);
  lie.insert(lie.end(), longer.begin() + kHeaderBytes, longer.end());
  EXPECT_EQ(refusal(Codec::kLz4, lie), ErrorCode::kCorrupt);
}

TEST_F(Lz4Test, B92_ReadsFramesOfFourMegabyteBlocks) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max4MB;
  const std::string original(9 * kMegabyte, 'y');
  ASSERT_TRUE(inflate(Codec::kLz4, lz4_frame_with(as_bytes(original), preferences), 16 * kMegabyte).ok());
  EXPECT_EQ(text(), original);
}

TEST_F(Lz4Test, B92_RefusesAFrameWithoutItsEndMark) {
  constexpr std::size_t kEndMarkBytes = 4;
  const Bytes frame = lz4_frame(as_bytes("all the content is there"));
  EXPECT_EQ(refusal(Codec::kLz4, base::ByteView(frame).first(frame.size() - kEndMarkBytes)), ErrorCode::kCorrupt);
}

// ---- zstd: frames written by hand, as RFC 8878 has them

using ZstdTest = AnyInflater;

constexpr std::uint32_t kZstdMagic = 0xFD2FB528;
constexpr std::uint32_t kSkippableMagic = 0x184D2A50;

void little_endian(std::uint64_t value, std::size_t bytes, Bytes& to) {
  for (std::size_t i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

// One raw block of `content` behind `header`, which stands between the magic number and the first block.
Bytes zstd_by_hand(std::initializer_list<int> header, std::string_view content) {
  Bytes frame;
  little_endian(kZstdMagic, 4, frame);
  for (const int byte : header) frame.push_back(static_cast<std::uint8_t>(byte));
  little_endian(content.size() << 3 | 1, 3, frame);
  frame.insert(frame.end(), content.begin(), content.end());
  return frame;
}

TEST_F(ZstdTest, B93_TakesAWindowAsLargeAsKafkasClientsDoAndRefusesLargerOnes) {
  constexpr int kNoSizeNoDictionary = 0x00;
  const auto window = [](int log) { return (log - 10) << 3; };
  EXPECT_TRUE(inflate(Codec::kZstd, zstd_by_hand({kNoSizeNoDictionary, window(kMaxZstdWindowLog)}, "text")).ok());
  EXPECT_EQ(text(), "text");
  for (const int log : {28, 31, 41}) {
    EXPECT_EQ(refusal(Codec::kZstd, zstd_by_hand({kNoSizeNoDictionary, window(log)}, "text")), ErrorCode::kLimit);
  }
}

TEST_F(ZstdTest, B93_RefusesAContentSizeThatLies) {
  constexpr int kSizeOfOneByte = 0x20;
  constexpr int kSizeOfEightBytes = 0xE0;
  EXPECT_TRUE(inflate(Codec::kZstd, zstd_by_hand({kSizeOfOneByte, 4}, "text")).ok());
  EXPECT_EQ(refusal(Codec::kZstd, zstd_by_hand({kSizeOfOneByte, 3}, "text")), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(Codec::kZstd, zstd_by_hand({kSizeOfOneByte, 5}, "text")), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(Codec::kZstd, zstd_by_hand({kSizeOfEightBytes, 0, 0, 0, 0, 0, 0, 0, 0x7F}, "text")),
            ErrorCode::kLimit);
  EXPECT_LE(out_.capacity(), kMegabyte + 1);
}

TEST_F(ZstdTest, B93_RefusesAFrameThatNeedsADictionary) {
  constexpr int kSizeAndDictionaryOfOneByte = 0x21;
  EXPECT_EQ(refusal(Codec::kZstd, zstd_by_hand({kSizeAndDictionaryOfOneByte, 7, 4}, "text")), ErrorCode::kCorrupt);
}

TEST_F(ZstdTest, B93_ReadsManyFramesOneBehindTheOtherAndSkipsSkippableOnes) {
  Bytes frames;
  for (int i = 0; i < 1000; ++i) {
    little_endian(kSkippableMagic, 4, frames);
    little_endian(3, 4, frames);
    frames.insert(frames.end(), {'a', 'b', 'c'});
    const Bytes frame = zstd_frame(as_bytes("ab"));
    frames.insert(frames.end(), frame.begin(), frame.end());
  }
  ASSERT_TRUE(inflate(Codec::kZstd, frames).ok());
  EXPECT_EQ(out_.size(), 2000u);
  EXPECT_EQ(refusal(Codec::kZstd, frames, 1999), ErrorCode::kLimit) << "the cap counts all frames";
}

TEST_F(ZstdTest, B93_RefusesASkippableFrameThatClaimsFourGigabytes) {
  Bytes frame;
  little_endian(kSkippableMagic, 4, frame);
  little_endian(0xFFFFFFFF, 4, frame);
  EXPECT_EQ(refusal(Codec::kZstd, frame), ErrorCode::kCorrupt);
}

TEST_F(ZstdTest, ReadsWhatTheHighestLevelWrites) {
  const std::string original(kMegabyte, 'z');
  ASSERT_TRUE(inflate(Codec::kZstd, zstd_frame(as_bytes(original), 22)).ok());
  EXPECT_EQ(text(), original);
}

TEST(Crc32c, IsTheOneOfTheStandard) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

}  // namespace
}  // namespace ductus::kafka
