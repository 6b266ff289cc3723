#include "codecs/compression.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <random>
#include <string>

#include "unit/codecs/streams.h"

namespace ductus::codecs {
namespace {

constexpr std::size_t kMegabyte = std::size_t{1} << 20;

// A codec as one of its writers writes it.
struct Format {
  const char* name;
  Codec codec;
  Bytes (*compress)(base::ByteView);
};

constexpr Format kFormats[] = {
    {"gzip", Codec::kGzip, [](base::ByteView bytes) { return gzip_member(bytes); }},
    {"snappy_block", Codec::kSnappy, snappy_block},
    {"snappy_stream", Codec::kSnappy, snappy_stream_of},
    {"lz4", Codec::kLz4, lz4_frame},
    {"zstd", Codec::kZstd, [](base::ByteView bytes) { return zstd_frame(bytes); }},
};

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

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// What holds for every format.
class InflaterTest : public AnyInflater, public ::testing::WithParamInterface<Format> {
 protected:
  static Bytes frame_of(base::ByteView bytes) { return GetParam().compress(bytes); }
  Result<void> inflate(base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return AnyInflater::inflate(GetParam().codec, bytes, max_bytes);
  }
  ErrorCode refusal(base::ByteView bytes, std::size_t max_bytes = kMegabyte) {
    return AnyInflater::refusal(GetParam().codec, bytes, max_bytes);
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
  EXPECT_LT(bomb.size(), 13 * kMegabyte);
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
  const Bytes nothing = snappy_stream({});
  for (std::size_t size = 0; size < frame.size(); ++size) {
    const base::ByteView cut = base::ByteView(frame).first(size);
    if (std::ranges::equal(cut, nothing)) continue;  // a stream by itself
    ASSERT_EQ(refusal(cut), ErrorCode::kCorrupt) << size;
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

INSTANTIATE_TEST_SUITE_P(Formats, InflaterTest, testing::ValuesIn(kFormats),
                         [](const auto& format) { return std::string(format.param.name); });

// ---- gzip

using GzipTest = AnyInflater;

TEST_F(GzipTest, B89_AGigabyteInAMegabyteTakesNoMoreMemoryThanTheCap) {
  const Bytes bomb = gzip_member(Bytes(kMegabyte, 0), 1024);
  EXPECT_LT(bomb.size(), 2 * kMegabyte);
  EXPECT_EQ(refusal(Codec::kGzip, bomb), ErrorCode::kLimit);
  EXPECT_LE(out_.capacity(), 2 * kMegabyte + 2);
}

TEST_F(GzipTest, ReadsManyMembersOneBehindTheOther) {
  Bytes members;
  std::string original;
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string text = std::to_string(size) + std::string(size * size, 'x');
    const Bytes member = gzip_member(as_bytes(text));
    members.insert(members.end(), member.begin(), member.end());
    original += text;
  }
  ASSERT_TRUE(inflate(Codec::kGzip, members, 16 * kMegabyte).ok());
  EXPECT_EQ(text(), original);
  EXPECT_TRUE(inflate(Codec::kGzip, members, original.size()).ok());
  EXPECT_EQ(refusal(Codec::kGzip, members, original.size() - 1), ErrorCode::kLimit) << "the cap counts all members";
}

TEST_F(GzipTest, B94_RefusesASecondMemberThatIsCutAtAnyByte) {
  const Bytes member = gzip_member(as_bytes("some text, some text, some text"));
  const Bytes two = join({member, member});
  for (std::size_t size = member.size() + 1; size < two.size(); ++size) {
    ASSERT_EQ(refusal(Codec::kGzip, base::ByteView(two).first(size)), ErrorCode::kCorrupt) << size;
  }
  EXPECT_TRUE(inflate(Codec::kGzip, two).ok());
}

TEST_F(GzipTest, RefusesAnyChangeInTheTrailersChecksumAndSize) {
  const Bytes member = gzip_member(as_bytes("some text, some text, some text"));
  constexpr std::size_t kTrailerBytes = 8;
  for (std::size_t at = member.size() - kTrailerBytes; at < member.size(); ++at) {
    Bytes other = member;
    other[at] ^= 1;
    EXPECT_EQ(refusal(Codec::kGzip, other), ErrorCode::kCorrupt) << at;
  }
}

// RFC 1952: every field that a header can have, in front of two stored bytes.
TEST_F(GzipTest, ReadsAHeaderWithEveryField) {
  constexpr std::uint8_t kExtraNameAndComment = 0x1C;
  const Bytes header = {0x1F, 0x8B, 8, kExtraNameAndComment, 0, 0, 0, 0, 0, 0xFF};
  const Bytes fields = {3, 0, 'a', 'b', 'c', 'n', 'a', 'm', 'e', 0, 'w', 'o', 'r', 'd', 's', 0};
  const Bytes deflated = {1, 2, 0, 0xFD, 0xFF, 'h', 'i'};
  const Bytes trailer = {0xAC, 0x2A, 0x93, 0xD8, 2, 0, 0, 0};
  const Bytes member = join({header, fields, deflated, trailer});
  ASSERT_TRUE(inflate(Codec::kGzip, member).ok());
  EXPECT_EQ(text(), "hi");
  for (std::size_t size = 0; size < member.size(); ++size) {
    ASSERT_EQ(refusal(Codec::kGzip, base::ByteView(member).first(size)), ErrorCode::kCorrupt) << size;
  }
}

TEST_F(GzipTest, RefusesADistanceThatReachesBeforeTheMember) {
  const Bytes first = gzip_member(as_bytes("0123456789"));
  // A block of fixed codes that begins with a match: length 3, distance 1.
  const Bytes second = {0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 0x03, 0x02, 0x00, 0, 0, 0, 0, 3, 0, 0, 0};
  EXPECT_EQ(refusal(Codec::kGzip, second), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(Codec::kGzip, join({first, second})), ErrorCode::kCorrupt);
}

// ---- snappy

using SnappyTest = AnyInflater;

// The text "ab" as a block that claims to hold so many bytes.
Bytes snappy_claim(std::uint32_t bytes) {
  constexpr std::int8_t kLiteralOfTwoBytes = 4;
  base::BigEndianWriter block;
  for (; bytes >= 0x80; bytes >>= 7) block.i8(static_cast<std::int8_t>(bytes | 0x80));
  block.i8(static_cast<std::int8_t>(bytes));
  block.i8(kLiteralOfTwoBytes);
  block.raw(as_bytes("ab"));
  return std::move(block).take();
}

TEST_F(SnappyTest, B90_RefusesABlockThatClaimsFourGigabytesAndTakesNoMemoryForIt) {
  for (const std::uint32_t claim : {UINT32_MAX, std::uint32_t{kMegabyte} + 1}) {
    EXPECT_EQ(refusal(Codec::kSnappy, snappy_claim(claim)), ErrorCode::kLimit);
    EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream({snappy_claim(claim)})), ErrorCode::kLimit);
  }
  EXPECT_EQ(out_.capacity(), 0u);
  EXPECT_EQ(refusal(Codec::kSnappy, Bytes(6, 0xFF)), ErrorCode::kCorrupt) << "a size of more than 32 bits";
}

TEST_F(SnappyTest, B90_RefusesAClaimThatIsNotWhatComes) {
  EXPECT_TRUE(inflate(Codec::kSnappy, snappy_claim(2)).ok());
  EXPECT_EQ(text(), "ab");
  for (const std::uint32_t claim : {0u, 1u, 3u, 1'000'000u}) {
    EXPECT_EQ(refusal(Codec::kSnappy, snappy_claim(claim)), ErrorCode::kCorrupt) << claim;
    EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream({snappy_claim(claim)})), ErrorCode::kCorrupt) << claim;
  }
}

TEST_F(SnappyTest, B91_RefusesChunksThatTogetherClaimTooMuch) {
  EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream(std::vector<Bytes>(2, snappy_claim(kMegabyte / 2 + 1)))),
            ErrorCode::kLimit);
  EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream(std::vector<Bytes>(10'000, snappy_claim(UINT32_MAX)))),
            ErrorCode::kLimit);
  EXPECT_EQ(out_.capacity(), 0u);
}

// As snappy-java writes nothing.
TEST_F(SnappyTest, AStreamWithoutAChunkIsEmpty) {
  ASSERT_TRUE(inflate(Codec::kSnappy, snappy_stream({})).ok());
  EXPECT_EQ(text(), "");
}

TEST_F(SnappyTest, B91_RefusesAnEmptyChunk) {
  const Bytes good = snappy_block(as_bytes("text"));
  EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream({Bytes{}})), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream({Bytes{}, good})), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(Codec::kSnappy, snappy_stream({good, Bytes{}})), ErrorCode::kCorrupt);
}

TEST_F(SnappyTest, B91_RefusesAChunkLengthBeyondTheEnd) {
  constexpr std::size_t kLengthAt = 16;
  const Bytes stream = snappy_stream({snappy_block(as_bytes("text"))});
  for (const int first_byte : {0x01, 0x7F, 0x80, 0x82, 0xFF}) {
    Bytes lie = stream;
    lie[kLengthAt] = static_cast<std::uint8_t>(first_byte);
    EXPECT_EQ(refusal(Codec::kSnappy, lie), ErrorCode::kCorrupt) << first_byte;
  }
}

TEST_F(SnappyTest, ReadsStreamsOneBehindTheOther) {
  const Bytes first = snappy_stream({snappy_block(as_bytes("some ")), snappy_block(as_bytes("text, "))});
  const Bytes second = snappy_stream({snappy_block(as_bytes("and more"))});
  const Bytes both = join({first, second});
  ASSERT_TRUE(inflate(Codec::kSnappy, both).ok());
  EXPECT_EQ(text(), "some text, and more");
  for (std::size_t size = first.size() + 1; size < both.size(); ++size) {
    if (size == first.size() + snappy_stream({}).size()) continue;  // nothing behind the first
    ASSERT_EQ(refusal(Codec::kSnappy, base::ByteView(both).first(size)), ErrorCode::kCorrupt) << size;
  }
  EXPECT_EQ(refusal(Codec::kSnappy, join({snappy_block(as_bytes("text")), second})), ErrorCode::kCorrupt)
      << "behind a raw block nothing may stand";
}

// ---- lz4

using Lz4Test = AnyInflater;

Bytes lz4_frame_with(base::ByteView bytes, const LZ4F_preferences_t& preferences) {
  Bytes frame(LZ4F_compressFrameBound(bytes.size(), &preferences));
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), &preferences));
  return frame;
}

// What stands before the first block of a frame that claims to hold `bytes`.
Bytes lz4_descriptor_of_size(std::uint64_t bytes) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = bytes;
  LZ4F_cctx* context = nullptr;
  EXPECT_EQ(LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)), 0u);
  Bytes descriptor(LZ4F_HEADER_SIZE_MAX);
  descriptor.resize(LZ4F_compressBegin(context, descriptor.data(), descriptor.size(), &preferences));
  LZ4F_freeCompressionContext(context);
  return descriptor;
}

TEST_F(Lz4Test, B92_RefusesAContentSizeThatLies) {
  const Bytes no_size = lz4_frame(as_bytes("12345"));
  constexpr std::size_t kDescriptorWithoutSizeBytes = 7;
  const Bytes blocks(no_size.begin() + kDescriptorWithoutSizeBytes, no_size.end());
  EXPECT_TRUE(inflate(Codec::kLz4, join({lz4_descriptor_of_size(5), blocks})).ok());
  for (const std::uint64_t lie : {std::uint64_t{1}, std::uint64_t{4}, std::uint64_t{6}, UINT64_MAX}) {
    EXPECT_EQ(refusal(Codec::kLz4, join({lz4_descriptor_of_size(lie), blocks})), ErrorCode::kCorrupt) << lie;
    EXPECT_LE(out_.capacity(), kMegabyte + 1);
  }
}

TEST_F(Lz4Test, B92_ReadsEveryKindOfFrame) {
  std::mt19937 random(1);
  for (const auto& [block_size, bytes] :
       {std::pair{LZ4F_max64KB, 300 * std::size_t{1024}}, {LZ4F_max4MB, 5 * kMegabyte}}) {
    std::string original(bytes, 'x');
    for (auto& letter : original) letter = static_cast<char>(random() % 4 + 'a');
    for (unsigned kind = 0; kind < 16; ++kind) {
      LZ4F_preferences_t preferences{};
      preferences.frameInfo.blockSizeID = block_size;
      preferences.frameInfo.blockMode = (kind & 1) != 0 ? LZ4F_blockLinked : LZ4F_blockIndependent;
      preferences.frameInfo.blockChecksumFlag = (kind & 2) != 0 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
      preferences.frameInfo.contentChecksumFlag =
          (kind & 4) != 0 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
      preferences.frameInfo.contentSize = (kind & 8) != 0 ? original.size() : 0;
      const Bytes frame = lz4_frame_with(as_bytes(original), preferences);
      ASSERT_TRUE(inflate(Codec::kLz4, frame, bytes).ok()) << block_size << " " << kind;
      ASSERT_TRUE(text() == original) << block_size << " " << kind;
    }
  }
}

TEST_F(Lz4Test, B92_ReadsBlocksThatReachBackIntoTheOneBefore) {
  std::mt19937 random(2);
  std::string noise(32 * 1024, 'x');
  for (auto& letter : noise) letter = static_cast<char>(random());
  std::string original;
  for (int i = 0; i < 8; ++i) original += noise;
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  const Bytes independent = lz4_frame_with(as_bytes(original), preferences);
  preferences.frameInfo.blockMode = LZ4F_blockLinked;
  const Bytes linked = lz4_frame_with(as_bytes(original), preferences);
  ASSERT_LT(linked.size() * 2, independent.size()) << "no block needs the one before it";
  ASSERT_TRUE(inflate(Codec::kLz4, linked).ok());
  EXPECT_TRUE(text() == original);
}

TEST_F(Lz4Test, B92_RefusesAWrongChecksumOfABlockAndOfTheContent) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockChecksumFlag = LZ4F_blockChecksumEnabled;
  preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
  const Bytes frame = lz4_frame_with(as_bytes("some text"), preferences);
  constexpr std::size_t kChecksumBytes = 4;
  constexpr std::size_t kEndMarkBytes = 4;
  const std::size_t content_checksum_at = frame.size() - kChecksumBytes;
  for (const std::size_t at : {content_checksum_at, content_checksum_at - kEndMarkBytes - kChecksumBytes}) {
    Bytes other = frame;
    other[at] ^= 1;
    EXPECT_EQ(refusal(Codec::kLz4, other), ErrorCode::kCorrupt) << at;
  }
}

TEST_F(Lz4Test, B94_RefusesASecondFrameWhichKafkasOwnReaderPassesOver) {
  const Bytes frame = lz4_frame(as_bytes("text"));
  EXPECT_EQ(refusal(Codec::kLz4, join({frame, frame})), ErrorCode::kCorrupt);
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

}  // namespace
}  // namespace ductus::codecs
