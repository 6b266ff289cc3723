#include "kafka06/message_set.h"

#include <gtest/gtest.h>

#include "kafka06/crc32.h"
#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {
namespace {

TEST(MessageSet, ChecksumIsTheOneOfZip) {
  EXPECT_EQ(crc32(as_bytes("123456789")), 0xCBF43926u);
  EXPECT_EQ(crc32({}), 0u);
  for (const std::size_t size : {1u, 7u, 15u, 16u, 17u, 100u, 4096u, 70'001u}) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 131 + i / 256);
    EXPECT_EQ(crc32(bytes), slow_crc32(bytes)) << size;
  }
}

TEST(MessageSet, AnEntryIsReadByItsMagic) {
  Entry entry;
  ASSERT_EQ(read_entry(entry0("hello"), entry), Flaw::kNone);
  EXPECT_EQ(entry.bytes, 14u);
  EXPECT_EQ(entry.payload.size(), 5u);
  EXPECT_EQ(entry.crc, slow_crc32(as_bytes("hello")));
  const Bytes second = join({entry1(as_bytes("hello"), 2), entry0("behind")});
  ASSERT_EQ(read_entry(second, entry), Flaw::kNone);
  EXPECT_EQ(entry.bytes, 15u);
  EXPECT_EQ(entry.codec, codecs::Codec::kSnappy);
  EXPECT_EQ(std::string(entry.payload.begin(), entry.payload.end()), "hello");
}

TEST(MessageSet, AWalkEndsWhereAnEntryIsCut) {
  const Bytes first = entry0("first");
  const Bytes set = join({first, entry1("second")});
  EXPECT_EQ(walk({}).bytes, 0u);
  EXPECT_EQ(walk(set).end, Flaw::kNone);
  EXPECT_EQ(walk(set).bytes, set.size());
  for (std::size_t size = 1; size < set.size(); ++size) {
    if (size == first.size()) continue;
    const Walk walked = walk(base::ByteView(set).first(size));
    EXPECT_EQ(walked.end, Flaw::kCut) << size;
    EXPECT_EQ(walked.bytes, size < first.size() ? 0 : first.size()) << size;
  }
}

TEST(MessageSet, AFlawIsSeenBeforeTheEntryIsWhole) {
  Entry entry;
  const Bytes negative = {0xFF, 0, 0, 0};
  EXPECT_EQ(read_entry(negative, entry), Flaw::kSize);
  const Bytes no_magic = {0, 0x10, 0, 0, 9};
  EXPECT_EQ(read_entry(no_magic, entry), Flaw::kMagic);
  const Bytes too_small_for_its_magic = {0, 0, 0, 5, 1};
  EXPECT_EQ(read_entry(too_small_for_its_magic, entry), Flaw::kSize);
  const Bytes no_codec = {0, 0, 0, 100, 1, 3};
  EXPECT_EQ(read_entry(no_codec, entry), Flaw::kCodec);
  const Bytes large = {0x7F, 0xFF, 0xFF, 0xFF, 1, 0};
  EXPECT_EQ(read_entry(large, entry), Flaw::kCut);
}

TEST(MessageSet, WhatIsWrongIsToldInNumbers) {
  EXPECT_EQ(describe(Flaw::kCut, Bytes{0, 0, 1}), "it is cut off within its size field");
  EXPECT_EQ(describe(Flaw::kCut, Bytes{0, 0, 1, 0, 0}), "its size field is 256, but it is cut off after 1 bytes");
  EXPECT_EQ(describe(Flaw::kSize, Bytes{0xFF, 0xFF, 0xFF, 0xFE}), "its size field is -2, less than any message has");
  EXPECT_EQ(describe(Flaw::kMagic, Bytes{0, 0, 0, 9, 7}),
            "its size field is 9 and its format (magic) 7, neither 0 nor 1");
  EXPECT_EQ(describe(Flaw::kCodec, Bytes{0, 0, 0, 9, 1, 3}),
            "its size field is 9 and its codec 3, which Kafka 0.7 has not");
  EXPECT_EQ(no_entry_at(12, {ErrorCode::kCorrupt, "why"}).message,
            "no message that can be read stands at offset 12: why");
}

}  // namespace
}  // namespace ductus::kafka06
