#include "kafka/set_decoder.h"

#include <gtest/gtest.h>

#include "record_batch_builder.h"

namespace ductus::kafka {
namespace {

constexpr std::int16_t kGzip = 1;
constexpr std::int16_t kSnappy = 2;
constexpr std::int16_t kLz4 = 3;
constexpr std::int16_t kZstd = 4;
constexpr std::int16_t kCodecs[] = {kGzip, kSnappy, kLz4, kZstd};
constexpr std::int16_t kLogAppendTime = 0x08;
constexpr std::int16_t kTransactional = 0x10;
constexpr std::size_t kNoLimit = SIZE_MAX;

class SetDecoderTest : public ::testing::Test {
 protected:
  void given(Bytes records, std::int64_t asked_offset = 0) {
    records_ = std::move(records);
    set_.records = records_;
    set_.asked_offset = asked_offset;
    cursor_ = {0, asked_offset};
  }
  Result<ports::DecodedBatch> decode(std::size_t max_bytes = kNoLimit) {
    auto batch = RecordSetDecoder().decode(set_, cursor_, max_bytes, arena_);
    if (batch) cursor_ = batch->cursor;
    return batch;
  }
  std::vector<std::int64_t> offsets() const {
    std::vector<std::int64_t> all;
    for (const auto& message : arena_.messages) all.push_back(message.offset());
    return all;
  }
  // The damaged records of one batch, decoded behind a good one: the good one first, then a typed refusal.
  void expect_refused(const Bytes& bad, ErrorCode code = ErrorCode::kCorrupt) {
    const Bytes good = simple_batch(0, 2);
    given(join({good, bad}));
    const auto first = decode();
    ASSERT_TRUE(first.ok()) << first.error().message;
    EXPECT_EQ(first->cursor.bytes, good.size());
    EXPECT_EQ(first->cursor.next_offset, 2);
    EXPECT_FALSE(first->last);
    EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0, 1}));
    const auto second = decode();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, code) << second.error().message;
    EXPECT_TRUE(arena_.messages.empty());
  }
  Bytes records_;
  ports::FetchedSet set_;
  ports::SetCursor cursor_;
  ports::DecodeArena arena_;
};

RecordBatchBuilder batch_at(std::int64_t base_offset) {
  RecordBatchBuilder builder;
  builder.base_offset = base_offset;
  return builder;
}

TEST_F(SetDecoderTest, ReadsEveryFieldOfAMessage) {
  for (const std::int16_t codec : {std::int16_t{0}, kGzip, kSnappy, kLz4, kZstd}) {
    auto builder = batch_at(100);
    builder.attributes = codec;
    builder.leader_epoch = 9;
    builder.add("key", "value", {{"h", "1"}, {"null", std::nullopt}, {"", ""}}, 5);
    builder.add(std::nullopt, std::nullopt, {}, -1'000'000'000'000);
    builder.skip_offsets(3).add("", std::string(100'000, 'x'));
    given(builder.build());
    const auto batch = decode();
    ASSERT_TRUE(batch.ok()) << batch.error().message;
    EXPECT_TRUE(batch->last);
    EXPECT_EQ(batch->leader_epoch, 9);
    EXPECT_EQ(batch->cursor.next_offset, 106);
    EXPECT_EQ(batch->decoded_bytes, builder.records.size());
    ASSERT_EQ(offsets(), (std::vector<std::int64_t>{100, 101, 105}));
    const auto& messages = arena_.messages;
    EXPECT_EQ(messages[0].timestamp_ms(), 1'700'000'000'005);
    EXPECT_EQ(messages[0].key(), "key");
    EXPECT_EQ(messages[0].value(), "value");
    std::vector<Header> headers;
    for (const auto& header : messages[0].headers()) headers.push_back(header);
    ASSERT_EQ(headers.size(), 3u);
    EXPECT_EQ(headers[0].key, "h");
    EXPECT_EQ(headers[0].value, "1");
    EXPECT_EQ(headers[1].key, "null");
    EXPECT_EQ(headers[1].value, std::nullopt);
    EXPECT_EQ(headers[2].value, "");
    EXPECT_EQ(messages[1].timestamp_ms(), 700'000'000'000);
    EXPECT_FALSE(messages[1].has_key());
    EXPECT_FALSE(messages[1].has_value());
    EXPECT_TRUE(messages[1].headers().empty());
    EXPECT_TRUE(messages[2].has_key());
    EXPECT_EQ(messages[2].key(), "");
    EXPECT_EQ(messages[2].value(), std::string(100'000, 'x'));
  }
}

TEST_F(SetDecoderTest, ReadsRecordsOfEverySizeAroundTheEndOfTheBatch) {
  for (std::size_t last = 0; last < 40; ++last) {
    for (std::size_t key = 0; key < 3; ++key) {
      auto builder = batch_at(0);
      builder.add(std::string(key, 'k'), std::string(150, 'a')).add(std::string(key, 'k'), std::string(last, 'b'));
      given(builder.build());
      ASSERT_TRUE(decode().ok());
      ASSERT_EQ(arena_.messages.size(), 2u);
      ASSERT_EQ(arena_.messages[0].value(), std::string(150, 'a'));
      ASSERT_EQ(arena_.messages[1].value(), std::string(last, 'b'));
      ASSERT_EQ(arena_.messages[1].key().size(), key);
    }
  }
}

TEST_F(SetDecoderTest, GivesEveryMessageTheBrokersTimeWithLogAppendTime) {
  auto builder = batch_at(0);
  builder.attributes = kLogAppendTime;
  builder.max_timestamp = 42;
  builder.add("a", "b", {}, 5);
  given(builder.build());
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(arena_.messages[0].timestamp_ms(), 42);
}

TEST_F(SetDecoderTest, B75_TakesTimestampsAtTheirExtremes) {
  auto builder = batch_at(0);
  builder.base_timestamp = INT64_MAX;
  builder.add("a", "b", {}, INT64_MAX).add("a", "b", {}, INT64_MIN);
  given(builder.build());
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(arena_.messages[1].timestamp_ms(), -1);
}

TEST_F(SetDecoderTest, CutsBatchesAtRecordBatchEdges) {
  given(join({simple_batch(0, 2), simple_batch(2, 2, kLz4), simple_batch(4, 2)}));
  const auto first = decode(1);
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->last);
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0, 1}));
  const auto second = decode(first->decoded_bytes + 1);
  ASSERT_TRUE(second.ok());
  EXPECT_TRUE(second->last);
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{2, 3, 4, 5}));
  EXPECT_EQ(second->cursor.next_offset, 6);
}

TEST_F(SetDecoderTest, B65_SkipsMessagesBelowTheAskedOffset) {
  for (std::int64_t asked = 10; asked <= 14; ++asked) {
    given(join({simple_batch(10, 4), simple_batch(14, 1)}), asked);
    ASSERT_TRUE(decode().ok());
    ASSERT_EQ(arena_.messages.size(), static_cast<std::size_t>(15 - asked));
    EXPECT_EQ(arena_.messages[0].offset(), asked);
  }
}

TEST_F(SetDecoderTest, B76_MovesThePlaceOverRecordBatchesThatCompactionEmptied) {
  auto empty = batch_at(5);
  empty.last_offset_delta = 9;
  empty.attributes = kLz4;
  given(empty.build(), 5);
  const auto batch = decode();
  ASSERT_TRUE(batch.ok()) << batch.error().message;
  EXPECT_TRUE(arena_.messages.empty());
  EXPECT_EQ(batch->cursor.next_offset, 15);
  EXPECT_TRUE(batch->last);
}

TEST_F(SetDecoderTest, KeepsNoMoreMemoryThanItsBoundFromOneBatchToTheNext) {
  const auto large = [](std::int64_t offset) {
    auto builder = batch_at(offset);
    builder.attributes = kZstd;
    return builder.add("k", std::string(kMaxKeptBytes / 2 + 1, 'x')).build();
  };
  given(join({simple_batch(0, 1, kZstd), large(1), large(2)}));
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0, 1, 2}));
  given(simple_batch(0, 1));
  ASSERT_TRUE(decode().ok());
  std::size_t kept = 0;
  for (const base::Buffer& buffer : arena_.inflated) kept += buffer.capacity();
  EXPECT_LE(kept, kMaxKeptBytes);
  EXPECT_EQ(arena_.inflated.size(), 2u) << "one of the large ones went";
}

TEST_F(SetDecoderTest, DoesNotBelieveALeaderEpochBeyondTheLeaders) {
  set_.max_leader_epoch = 3;
  given(join({simple_batch(0, 1, 0, 3), simple_batch(1, 1, 0, 4)}));
  EXPECT_EQ(decode(1)->leader_epoch, 3);
  EXPECT_EQ(decode(1)->leader_epoch, -1) << "the field lies outside the checksum";
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{1}));
  set_.max_leader_epoch = -1;
  given(simple_batch(0, 1, 0, -2));
  EXPECT_EQ(decode()->leader_epoch, -1);
}

TEST_F(SetDecoderTest, UsesItsBuffersAgain) {
  const Bytes records = join({simple_batch(0, 50, kLz4), simple_batch(50, 50, kLz4)});
  given(records);
  ASSERT_TRUE(decode().ok());
  const auto* const kept = arena_.inflated[1].data();
  EXPECT_EQ(arena_.inflated_used, 2u);
  given(records);
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(arena_.inflated.size(), 2u);
  EXPECT_EQ(arena_.inflated[1].data(), kept);
  EXPECT_EQ(arena_.messages.size(), 100u);
}

// ---- transactions

RecordBatchBuilder transactional(std::int64_t base_offset, std::int64_t producer) {
  auto builder = batch_at(base_offset);
  builder.producer_id = producer;
  builder.attributes = kTransactional;
  return builder;
}
Bytes data(std::int64_t base_offset, std::int64_t producer) {
  return transactional(base_offset, producer).add("k", "v").build();
}
Bytes marker(std::int64_t base_offset, std::int64_t producer, std::int16_t type) {
  return transactional(base_offset, producer).add_marker(type).build();
}
constexpr std::int16_t kAbort = 0;
constexpr std::int16_t kCommit = 1;

TEST_F(SetDecoderTest, B78_SkipsControlRecordsOfEveryKindButMovesOverThem) {
  auto odd = transactional(2, 2);
  odd.attributes |= 0x20;
  odd.add(std::string({0, 9, 0, 5}), "");  // of a version and a type that nobody knows
  given(join({data(0, 1), marker(1, 1, kCommit), odd.build()}));
  const auto batch = decode();
  ASSERT_TRUE(batch.ok());
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(batch->cursor.next_offset, 3);
}

TEST_F(SetDecoderTest, B79_SkipsAbortedTransactionsOfInterleavedProducersAtEveryCutHoweverTheyAreListed) {
  const Bytes records = join({data(0, 1), data(1, 2), simple_batch(2, 1), marker(3, 1, kAbort), data(4, 1), data(5, 2),
                              marker(6, 2, kCommit), marker(7, 1, kAbort), data(8, 1), marker(9, 1, kCommit)});
  // Unordered, twice, of producers that wrote nothing here, begun before the set, and beginning behind it.
  set_.aborted = {{1, 4}, {1, -7}, {99, 0}, {1, 4}, {1, 50}, {2, 60}};
  for (const std::size_t max_bytes : {std::size_t{1}, kNoLimit}) {
    given(records);
    std::vector<std::int64_t> seen;
    for (bool last = false; !last;) {
      const auto batch = decode(max_bytes);
      ASSERT_TRUE(batch.ok()) << batch.error().message;
      for (const auto offset : offsets()) seen.push_back(offset);
      last = batch->last;
    }
    EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 5, 8}));
    EXPECT_EQ(cursor_.next_offset, 10);
  }
}

TEST_F(SetDecoderTest, ShowsWhatIsNotListedAsAborted) {
  given(join({data(0, 1), marker(1, 1, kAbort)}));
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0}));
}

TEST_F(SetDecoderTest, B80_MovesOverASetOfAbortedRecordsOnly) {
  set_.aborted = {{1, 0}};
  given(join({data(0, 1), data(1, 1), data(2, 1), marker(3, 1, kAbort)}));
  const auto batch = decode();
  ASSERT_TRUE(batch.ok());
  EXPECT_TRUE(offsets().empty());
  EXPECT_TRUE(batch->last);
  EXPECT_EQ(batch->cursor.next_offset, 4);
}

TEST_F(SetDecoderTest, B78_RefusesAControlBatchThatCouldHideTheEndOfATransaction) {
  auto bad = transactional(1, 1);
  bad.attributes |= 0x20;
  bad.add("x", "");
  set_.aborted = {{1, 0}};
  given(join({data(0, 1), bad.build()}));
  ASSERT_TRUE(decode().ok());
  const auto second = decode();
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kCorrupt);
}

// ---- damage

TEST_F(SetDecoderTest, B68_RefusesEveryFlippedBitThatTheChecksumCovers) {
  const Bytes whole = simple_batch(0, 3);
  for (std::size_t bit = 17 * 8; bit < whole.size() * 8; ++bit) {
    Bytes bytes = whole;
    bytes[bit / 8] = static_cast<std::uint8_t>(bytes[bit / 8] ^ (1 << (bit % 8)));
    given(bytes);
    const auto batch = decode();
    ASSERT_FALSE(batch.ok()) << bit;
    ASSERT_EQ(batch.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(SetDecoderTest, B77_RefusesARecordBatchCutAtAnyByte) {
  const Bytes whole = simple_batch(2, 3);
  for (std::size_t size = 1; size < whole.size(); ++size) {
    expect_refused(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
}

TEST_F(SetDecoderTest, B82_RefusesOffsetsThatGoBackwards) { expect_refused(simple_batch(1, 3)); }

TEST_F(SetDecoderTest, B67_RefusesCountsThatDoNotMatch) {
  for (const std::int32_t count : {-1, 0, 1, 3, 1000, INT32_MAX}) {
    auto builder = batch_at(2).add("a", "b").add("a", "b");
    builder.record_count = count;
    expect_refused(builder.build());
  }
}

TEST_F(SetDecoderTest, B66_B82_RefusesOffsetDeltasThatDoNotRiseWithinTheRecordBatch) {
  auto repeated = batch_at(2).add("a", "b");
  repeated.next_delta = 0;
  expect_refused(repeated.add("a", "b").build());
  auto beyond = batch_at(2).add("a", "b").add("a", "b");
  beyond.last_offset_delta = 0;
  expect_refused(beyond.build());
  auto negative = batch_at(2);
  negative.next_delta = -1;
  expect_refused(negative.add("a", "b").build());
}

// attributes, deltas, key "k", value "v", no headers; `from` on replaced by `tail`.
Bytes record_with(std::size_t from, std::initializer_list<int> tail) {
  Bytes record = {0, 0, 0, 2, 'k', 2, 'v', 0};
  record.resize(from);
  for (const int byte : tail) record.push_back(static_cast<std::uint8_t>(byte));
  return record;
}

TEST_F(SetDecoderTest, B69_B72_B73_B74_RefusesImpossibleRecords) {
  const std::vector<std::pair<const char*, Bytes>> impossible = {
      {"key length -2", record_with(3, {3, 2, 'v', 0})},
      {"key past the end", record_with(3, {100, 'k', 2, 'v', 0})},
      {"key length 2^31-1", record_with(3, {0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 'k'})},
      {"value length -2", record_with(5, {3, 0})},
      {"value past the end", record_with(5, {60, 'v', 0})},
      {"value length varint of 6 bytes", record_with(5, {0x82, 0x80, 0x80, 0x80, 0x80, 0, 'v', 0})},
      {"value length varint beyond 32 bits", record_with(5, {0x82, 0x80, 0x80, 0x80, 0x10, 'v', 0})},
      {"header count -1", record_with(7, {1})},
      {"header count 2^31-1", record_with(7, {0xFE, 0xFF, 0xFF, 0xFF, 0x0F})},
      {"header key null", record_with(7, {2, 1, 1})},
      {"header key past the end", record_with(7, {2, 100, 'a'})},
      {"header value length -2", record_with(7, {2, 0, 3})},
      {"header missing", record_with(7, {4, 0, 0})},
      {"a byte left over", record_with(7, {0, 0})},
      {"timestamp varint of 11 bytes",
       {0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 0, 2, 'k', 2, 'v', 0}},
      {"nothing but attributes", {0}},
      {"empty", {}},
  };
  const Bytes padding(64, 0);
  for (const auto& [name, record] : impossible) {
    SCOPED_TRACE(name);
    for (const bool near_the_end : {true, false}) {
      auto builder = batch_at(2).add_raw(record);
      builder.next_delta = 1;
      if (!near_the_end) builder.add("later", std::string(100, 'x'));
      expect_refused(builder.build());
    }
  }
  for (const std::int32_t length : {-1, 0, 7, 9, INT32_MAX, INT32_MIN}) {
    SCOPED_TRACE("record length " + std::to_string(length));
    for (const bool near_the_end : {true, false}) {
      auto builder = batch_at(2).add_raw(record_with(8, {}), length);
      builder.next_delta = 1;
      if (!near_the_end) builder.add("later", std::string(100, 'x'));
      expect_refused(builder.build());
    }
  }
}

TEST_F(SetDecoderTest, RefusesBytesLeftOverBehindTheLastRecord) {
  auto builder = batch_at(2).add("a", "b");
  builder.records.push_back(0);
  expect_refused(builder.build());
}

TEST_F(SetDecoderTest, B67_RefusesRecordsThatTheCountDoesNotKnowOf) {
  for (const std::int16_t codec : {std::int16_t{0}, kGzip, kSnappy, kLz4, kZstd}) {
    auto builder = batch_at(2).add("a", "b");
    builder.attributes = codec;
    builder.record_count = 0;
    expect_refused(builder.build());
  }
}

TEST_F(SetDecoderTest, B66_ALastOffsetDeltaBeyondTheRecordsIsWhatCompactionLeaves) {
  auto builder = batch_at(5).add("a", "b");
  builder.last_offset_delta = INT32_MAX;
  given(builder.build(), 5);
  const auto batch = decode();
  ASSERT_TRUE(batch.ok()) << batch.error().message;
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{5}));
  EXPECT_EQ(batch->cursor.next_offset, std::int64_t{5} + INT32_MAX + 1);
}

TEST_F(SetDecoderTest, B71_ReservedAttributeBitsMeanNothing) {
  auto builder = batch_at(0).add("a", "b");
  builder.attributes = static_cast<std::int16_t>(0xFF80);
  given(builder.build());
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(arena_.messages[0].value(), "b");
}

TEST_F(SetDecoderTest, B81_ARecordBatchWithinARecordIsItsValueAndNothingElse) {
  const Bytes inner = simple_batch(7, 3);
  const std::string value(inner.begin(), inner.end());
  given(batch_at(0).add("k", value).build());
  ASSERT_TRUE(decode().ok());
  EXPECT_EQ(offsets(), (std::vector<std::int64_t>{0}));
  EXPECT_EQ(arena_.messages[0].value(), value);
}

TEST_F(SetDecoderTest, B83_RecordsLargerThanAFetchAreReadWhole) {
  for (const std::size_t bytes : {(std::size_t{1} << 20) + 1, std::size_t{100'000'000}}) {
    given(batch_at(0).add(std::nullopt, std::string(bytes, 'x')).build());
    const auto batch = decode(1);
    ASSERT_TRUE(batch.ok()) << batch.error().message;
    ASSERT_EQ(arena_.messages.size(), 1u);
    EXPECT_EQ(arena_.messages[0].value().size(), bytes);
    EXPECT_TRUE(batch->last);
  }
}

TEST_F(SetDecoderTest, B71_NamesCodecsThatItDoesNotRead) {
  for (const auto& [codec, name] : {std::pair{5, "unknown"}, {6, "unknown"}, {7, "unknown"}}) {
    auto builder = batch_at(2).add("a", "b");
    builder.attributes = static_cast<std::int16_t>(codec);
    expect_refused(builder.build(), ErrorCode::kUnsupported);
    EXPECT_NE(decode().error().message.find(name), std::string::npos);
  }
}

TEST_F(SetDecoderTest, B89_RefusesABombThatDecodesBeyondTheCap) {
  for (const std::int16_t codec : kCodecs) {
    auto builder = batch_at(2);
    builder.attributes = codec;
    builder.records.assign(kMaxDecodedBytes + 1, 0);
    builder.record_count = 1;
    expect_refused(builder.build(), ErrorCode::kLimit);
  }
}

TEST_F(SetDecoderTest, B96_ABombInEachOf500PartitionsTakesTheMemoryOfOne) {
  for (const std::int16_t codec : kCodecs) {
    auto builder = batch_at(0);
    builder.attributes = codec;
    builder.records.assign(kMaxDecodedBytes + 1, 0);
    builder.record_count = 1;
    const Bytes bomb = builder.build();
    for (int partition = 0; partition < 125; ++partition) {
      given(bomb);
      ASSERT_EQ(decode().error().code, ErrorCode::kLimit);
      ASSERT_EQ(arena_.inflated.size(), 1u);
      ASSERT_LE(arena_.inflated[0].capacity(), kMaxDecodedBytes * 2);
    }
  }
}

}  // namespace
}  // namespace ductus::kafka
