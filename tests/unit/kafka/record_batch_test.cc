#include "kafka/record_batch.h"

#include <gtest/gtest.h>

#include <functional>

#include "record_batch_builder.h"

namespace ductus::kafka {
namespace {

constexpr std::int64_t kUnknownWatermark = -1;

Bytes with(Bytes bytes, std::size_t at, std::initializer_list<int> values) {
  for (const int value : values) bytes.at(at++) = static_cast<std::uint8_t>(value);
  return bytes;
}

TEST(Hop, CountsWholeRecordBatches) {
  const Bytes records = join({simple_batch(10, 3, 0, 4), simple_batch(13, 1, 0, 5), simple_batch(20, 2, 0, 6)});
  const Hop hopped = hop(records, 22);
  EXPECT_EQ(hopped.end, Hop::End::kWhole);
  EXPECT_EQ(hopped.bytes, records.size());
  EXPECT_EQ(hopped.first_last_offset, 12);
  EXPECT_EQ(hopped.next_offset, 22);
  EXPECT_EQ(hopped.leader_epoch, 6);
}

TEST(Hop, FindsNothingInNothing) {
  const Hop hopped = hop({}, 0);
  EXPECT_EQ(hopped.end, Hop::End::kWhole);
  EXPECT_EQ(hopped.bytes, 0u);
  EXPECT_EQ(hopped.next_offset, -1);
  EXPECT_EQ(hopped.first_last_offset, -1);
}

TEST(Hop, B77_LeavesOutALastRecordBatchCutAtAnyByte) {
  const Bytes first = simple_batch(0, 2);
  const Bytes second = simple_batch(2, 4);
  const Bytes records = join({first, second});
  for (std::size_t size = first.size() + 1; size < records.size(); ++size) {
    const Hop hopped = hop(base::ByteView(records).first(size), kUnknownWatermark);
    ASSERT_EQ(hopped.end, Hop::End::kCutTail) << size;
    ASSERT_EQ(hopped.bytes, first.size());
    ASSERT_EQ(hopped.next_offset, 2);
    ASSERT_EQ(hopped.cut_batch_bytes, size - first.size() > 16 ? second.size() : 0);
  }
}

TEST(Hop, StopsAtTheHighWatermark) {
  const Bytes first = simple_batch(0, 2);
  const Bytes records = join({first, simple_batch(2, 4)});
  EXPECT_EQ(hop(records, 6).end, Hop::End::kWhole);
  for (const std::int64_t watermark : {2, 3, 5}) {
    const Hop hopped = hop(records, watermark);
    EXPECT_EQ(hopped.end, Hop::End::kBeyondHighWatermark) << watermark;
    EXPECT_EQ(hopped.bytes, first.size());
    EXPECT_EQ(hopped.next_offset, 2);
  }
  EXPECT_EQ(hop(records, 0).bytes, 0u);
}

struct Damage {
  const char* name;
  std::function<Bytes(Bytes)> apply;
  ErrorCode code;
};

TEST(Hop, B65_B66_B70_B82_RefusesImpossibleHeadersAndKeepsWhatIsBeforeThem) {
  const std::vector<Damage> damages = {
      {"length -1", [](Bytes b) { return with(b, 8, {255, 255, 255, 255}); }, ErrorCode::kCorrupt},
      {"length 0", [](Bytes b) { return with(b, 8, {0, 0, 0, 0}); }, ErrorCode::kCorrupt},
      {"length 48", [](Bytes b) { return with(b, 8, {0, 0, 0, 48}); }, ErrorCode::kCorrupt},
      {"magic 0", [](Bytes b) { return with(b, 16, {0}); }, ErrorCode::kUnsupported},
      {"magic 1", [](Bytes b) { return with(b, 16, {1}); }, ErrorCode::kUnsupported},
      {"magic 3", [](Bytes b) { return with(b, 16, {3}); }, ErrorCode::kUnsupported},
      {"magic -1", [](Bytes b) { return with(b, 16, {255}); }, ErrorCode::kUnsupported},
      {"base offset -1", [](Bytes b) { return with(b, 0, {255, 255, 255, 255, 255, 255, 255, 255}); },
       ErrorCode::kCorrupt},
      {"base offset 2^63-1", [](Bytes b) { return with(b, 0, {127, 255, 255, 255, 255, 255, 255, 255}); },
       ErrorCode::kCorrupt},
      {"goes backwards", [](Bytes b) { return with(b, 0, {0, 0, 0, 0, 0, 0, 0, 1}); }, ErrorCode::kCorrupt},
      {"last offset delta -1", [](Bytes b) { return with(b, 23, {255, 255, 255, 255}); }, ErrorCode::kCorrupt},
  };
  const Bytes first = simple_batch(0, 2);
  for (const auto& damage : damages) {
    SCOPED_TRACE(damage.name);
    const Hop hopped = hop(join({first, damage.apply(simple_batch(2, 4))}), kUnknownWatermark);
    EXPECT_EQ(hopped.end, Hop::End::kRefused);
    EXPECT_EQ(hopped.refusal.code, damage.code);
    EXPECT_FALSE(hopped.refusal.message.empty());
    EXPECT_EQ(hopped.bytes, first.size());
    EXPECT_EQ(hopped.next_offset, 2);
  }
}

TEST(Hop, TakesALengthBeyondTheAnswerForACutTail) {
  const Hop hopped = hop(with(simple_batch(0, 2), 8, {127, 255, 255, 255}), kUnknownWatermark);
  EXPECT_EQ(hopped.end, Hop::End::kCutTail);
  EXPECT_EQ(hopped.cut_batch_bytes, (std::size_t{1} << 31) - 1 + 12);
}

TEST(Hop, B70_NamesTheMagicThatIsNotSupported) {
  EXPECT_NE(hop(with(simple_batch(0, 1), 16, {1}), 1).refusal.message.find("(magic) 1"), std::string::npos);
}

TEST(Crc32c, IsTheOneOfTheStandard) {
  EXPECT_EQ(crc32c(as_bytes("123456789")), 0xE3069283u);
  EXPECT_EQ(crc32c({}), 0u);
}

}  // namespace
}  // namespace ductus::kafka
