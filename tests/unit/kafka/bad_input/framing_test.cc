// Answers whose lengths, counts and tags lie. Each row is one of a table of bad inputs that every decoder must survive.
#include <gtest/gtest.h>

#include <string>

#include "kafka/answer_cutter.h"
#include "unit/kafka/golden_file.h"
#include "unit/kafka/record_batch_builder.h"

namespace ductus::kafka {
namespace {

constexpr std::uint32_t kCorrelationId = 7;
constexpr std::size_t kIdBytes = 4;

Result<std::unique_ptr<ports::Answer>> cut(ApiKey api, std::int16_t version, base::ByteView bytes) {
  return KafkaAnswerCutter().cut({kCorrelationId, static_cast<std::int16_t>(api), version},
                                 base::Buffer::copy_of(bytes));
}
ErrorCode refusal(ApiKey api, std::int16_t version, base::ByteView bytes) {
  const auto answer = cut(api, version, bytes);
  return answer ? ErrorCode::kNotNeeded : answer.error().code;
}
// What stands in front of every body.
Writer header(bool flexible = false) {
  Writer writer;
  writer.i32(kCorrelationId);
  writer.no_tags(flexible);
  return writer;
}
constexpr std::int16_t kFlexibleMetadata = 12;

TEST(BadFraming, B38_AnAnswerShorterThanItsHeaderIsCorrupt) {
  for (std::size_t size = 0; size < kIdBytes; ++size) {
    EXPECT_EQ(refusal(ApiKey::kFetch, 12, Bytes(size, 0)), ErrorCode::kCorrupt);
  }
}

TEST(BadFraming, B44_AnAnswerInTheLayoutOfAnotherVersionIsReadSafelyOrRefused) {
  const auto api_of = [](const std::string& name) {
    if (name == "Fetch") return ApiKey::kFetch;
    if (name == "ListOffsets") return ApiKey::kListOffsets;
    return name == "Metadata" ? ApiKey::kMetadata : ApiKey::kApiVersions;
  };
  int refused = 0;
  for (const GoldenMessage& message : golden_messages("client_responses.hex")) {
    const ApiKey api = api_of(message.api);
    for (std::int16_t version = 0; version <= 12; ++version) {
      Bytes bytes = message.bytes;
      for (std::size_t i = 0; i < kIdBytes; ++i) bytes.at(i) = i + 1 == kIdBytes ? kCorrelationId : 0;
      const ErrorCode code = refusal(api, version, bytes);
      EXPECT_TRUE(code == ErrorCode::kNotNeeded || code == ErrorCode::kCorrupt);
      if (code == ErrorCode::kCorrupt) ++refused;
    }
  }
  EXPECT_GT(refused, 100);
  EXPECT_EQ(refusal(ApiKey::kFetch, 12, golden_bytes("fetch_v4.bin")), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(ApiKey::kFetch, 4, golden_bytes("fetch_v12.bin")), ErrorCode::kCorrupt);
}

TEST(BadFraming, B46_ANullListWhereOneIsDueIsAnEmptyOne) {
  Writer null_apis = header();
  null_apis.i16(0);
  null_apis.uvarint(0);
  null_apis.i32(0);
  null_apis.no_tags(true);
  const auto answer = cut(ApiKey::kApiVersions, 3, null_apis.bytes());
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(common_version<FetchRequest>(static_cast<const ApiVersionsAnswer&>(**answer).response), std::nullopt);
}

TEST(BadFraming, B46_MoreElementsThanBytesAreRefusedBeforeMemoryIsTaken) {
  for (const std::uint32_t count : {11u, 0x7FFFFFFFu, 0xFFFFFFFFu}) {
    Writer old = header();
    old.i16(0);
    old.i32(static_cast<std::int32_t>(count));
    old.raw(Bytes(10, 0));
    EXPECT_EQ(refusal(ApiKey::kApiVersions, 0, old.bytes()), ErrorCode::kCorrupt) << count;
    Writer compact = header();
    compact.i16(0);
    compact.uvarint(count);
    compact.raw(Bytes(10, 0));
    EXPECT_EQ(refusal(ApiKey::kApiVersions, 3, compact.bytes()), ErrorCode::kCorrupt) << count;
    Writer fetch = header(true);
    fetch.i32(0);
    fetch.i16(0);
    fetch.i32(0);
    fetch.uvarint(count);
    fetch.raw(Bytes(10, 0));
    EXPECT_EQ(refusal(ApiKey::kFetch, 12, fetch.bytes()), ErrorCode::kCorrupt) << count;
  }
}

TEST(BadFraming, B47_AStringOrBytesOfLengthMinusTwoAreCorrupt) {
  Writer text;
  text.i16(-2);
  text.raw(Bytes(10, 'x'));
  Reader nullable(text.bytes());
  EXPECT_EQ(nullable.nullable_string(false).data(), nullptr);
  EXPECT_FALSE(nullable.ok());
  Writer bytes;
  bytes.i32(-2);
  bytes.raw(Bytes(10, 'x'));
  Reader reader(bytes.bytes());
  EXPECT_TRUE(reader.nullable_bytes(false).empty());
  EXPECT_FALSE(reader.ok());

  Writer host = header();
  host.i32(1);  // brokers
  host.i32(1);
  host.i16(-2);
  host.raw(Bytes(30, 0));
  EXPECT_EQ(refusal(ApiKey::kMetadata, 1, host.bytes()), ErrorCode::kCorrupt);
}

// A whole Metadata answer without brokers and topics, `tags` at its end.
Bytes empty_metadata_with(base::ByteView tags) {
  Writer writer = header(true);
  writer.i32(0);
  writer.uvarint(1);  // brokers
  writer.uvarint(0);  // cluster id
  writer.i32(-1);
  writer.uvarint(1);  // topics
  writer.raw(tags);
  return std::move(writer).take();
}

TEST(BadFraming, B48_TagsBeyondTheBytesAreCorrupt) {
  Writer many;
  many.uvarint(0xFFFFFFFF);
  many.raw(Bytes(100, 0));
  Writer large;
  large.uvarint(1);
  large.uvarint(3);
  large.uvarint(0xFFFFFFFF);
  large.raw(Bytes(100, 0));
  for (const Writer* tags : {&many, &large}) {
    EXPECT_EQ(refusal(ApiKey::kMetadata, kFlexibleMetadata, empty_metadata_with(tags->bytes())), ErrorCode::kCorrupt);
  }
}

TEST(BadFraming, B48_UnknownTagsAreSkippedInWhateverOrderAndNumber) {
  Writer tags;
  tags.uvarint(4);
  for (const std::uint32_t tag : {9u, 2u, 2u, 4'000'000'000u}) {
    tags.uvarint(tag);
    tags.uvarint(3);
    tags.raw(as_bytes("any"));
  }
  EXPECT_TRUE(cut(ApiKey::kMetadata, kFlexibleMetadata, empty_metadata_with(tags.bytes())).ok());
}

struct Varint {
  Bytes bytes;
  std::optional<std::uint64_t> value;  // nullopt: refused
};

TEST(BadFraming, B49_VarintsOfThirtyTwoBitsAreReadUpToFiveBytes) {
  const std::vector<Varint> varints = {{{0x7F}, 127},
                                       {{0xFF, 0xFF, 0xFF, 0xFF, 0x0F}, 0xFFFFFFFF},
                                       {{0x80, 0x00}, 0},                    // not the shortest form
                                       {{0x81, 0x80, 0x80, 0x80, 0x00}, 1},  // the same
                                       {{0xFF, 0xFF, 0xFF, 0xFF, 0x10}, std::nullopt},
                                       {{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00}, std::nullopt},
                                       {{0x80, 0x80}, std::nullopt},
                                       {{}, std::nullopt}};
  for (const Varint& varint : varints) {
    Reader reader(varint.bytes);
    const std::uint32_t value = reader.uvarint();
    EXPECT_EQ(reader.ok(), varint.value.has_value());
    EXPECT_EQ(value, varint.value.value_or(0));
  }
}

TEST(BadFraming, B49_VarintsOfSixtyFourBitsAreReadUpToTenBytes) {
  const Bytes most_negative = {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  Reader whole(most_negative);
  EXPECT_EQ(whole.varlong(), INT64_MIN);
  EXPECT_TRUE(whole.complete());
  Bytes overflowing = most_negative;
  overflowing.back() = 0x02;
  Reader over(overflowing);
  EXPECT_EQ(over.varlong(), 0);
  EXPECT_FALSE(over.ok());
  Bytes endless(11, 0x80);
  Reader longer(endless);
  EXPECT_EQ(longer.varlong(), 0);
  EXPECT_FALSE(longer.ok());
}

}  // namespace
}  // namespace ductus::kafka
