#include "sandbox/legacy/byte_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <vector>

namespace ductus::sandbox::legacy {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Offsets = std::vector<std::int64_t>;

Bytes numbered(std::size_t size, std::uint8_t first = 0) {
  Bytes bytes(size);
  std::iota(bytes.begin(), bytes.end(), first);
  return bytes;
}

Bytes joined(const ByteLog::Slice& slice) {
  Bytes all;
  for (const SharedBytes& piece : slice.pieces) all.insert(all.end(), piece.bytes.begin(), piece.bytes.end());
  EXPECT_EQ(static_cast<std::int64_t>(all.size()), slice.bytes);
  return all;
}

TEST(ByteLog, RollsBeforeAnAppendOrBehindOne) {
  for (const bool rolls_before : {true, false}) {
    ByteLog log({10, rolls_before, 0}, 0);
    log.append(numbered(11), 1);
    EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 1), (Offsets{11, 0}));
    EXPECT_EQ(log.offsets_before(1, 9, 1), (Offsets{11, 0}));
    log.append(numbered(10), 2);
    EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 2), (Offsets{21, 11, 0}));
    log.append(numbered(5), 3);
    EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 3), (Offsets{26, 11, 0})) << "10 bytes are not more than 10";
    EXPECT_EQ(log.read(0, 100, 3)->bytes, 11);
    EXPECT_EQ(log.read(11, 100, 3)->bytes, 15);
  }
}

TEST(ByteLog, TheSegmentBehindAFullOneIsAsOldAsTheAppendThatMadeIt) {
  ByteLog before({10, true, 0}, 0);
  ByteLog behind({10, false, 0}, 0);
  for (ByteLog* log : {&before, &behind}) {
    log->append(numbered(11), 100);
    log->append(numbered(1), 200);
  }
  EXPECT_EQ(before.offsets_before(150, 9, 300), (Offsets{0}));
  EXPECT_EQ(behind.offsets_before(150, 9, 300), (Offsets{0}));
  EXPECT_EQ(before.offsets_before(200, 9, 300), (Offsets{11, 0}));
  EXPECT_EQ(behind.offsets_before(200, 9, 300), (Offsets{11, 0}));
}

TEST(ByteLog, ReadsAnyBytesOfOneSegmentAcrossItsBlocks) {
  ByteLog log({200'000, true, 0}, 0);
  Bytes all;
  for (int i = 0; i < 9; ++i) {
    const Bytes set = numbered(50'000, static_cast<std::uint8_t>(i));
    all.insert(all.end(), set.begin(), set.end());
    log.append(set, 0);
  }
  const auto segment_end = static_cast<std::int64_t>(log.offsets_before(ByteLog::kLatest, 9, 0)[1]);
  EXPECT_EQ(segment_end, 250'000);
  for (const std::int64_t offset : {0, 1, 49'999, 65'535, 65'536, 131'000, 249'999}) {
    for (const std::int32_t max_bytes : {1, 2, 70'000, INT32_MAX}) {
      const auto slice = log.read(offset, max_bytes, 0);
      ASSERT_TRUE(slice);
      const std::int64_t end = std::min(offset + max_bytes, segment_end);
      EXPECT_EQ(joined(*slice), Bytes(all.begin() + offset, all.begin() + end)) << offset << " " << max_bytes;
    }
  }
}

TEST(ByteLog, WhatIsSharedIsNotCopiedAndNeighboursAreOnePiece) {
  const auto owner = std::make_shared<Bytes>(numbered(100));
  ByteLog log({1000, true, 0}, 0);
  const base::ByteView bytes(*owner);
  for (const std::size_t at : {0, 30, 60}) log.append_shared({bytes.subspan(at, 30), owner}, 0);
  log.append_shared({bytes.first(30), owner}, 0);
  const auto slice = log.read(0, 1000, 0);
  ASSERT_EQ(slice->pieces.size(), 2U);
  EXPECT_EQ(slice->pieces[0].bytes.data(), bytes.data());
  EXPECT_EQ(slice->pieces[0].bytes.size(), 90U);
}

TEST(ByteLog, TheEndIsEmptyAndBeyondItIsOutOfRange) {
  ByteLog log({10, true, 0}, 0);
  EXPECT_EQ(log.read(0, 10, 0)->bytes, 0);
  log.append(numbered(4), 0);
  EXPECT_EQ(log.read(4, 10, 0)->bytes, 0);
  EXPECT_EQ(log.read(4, -10, 0)->bytes, 0);
  EXPECT_EQ(log.read(1, -10, 0)->bytes, -10);
  EXPECT_FALSE(log.read(5, 10, 0));
  EXPECT_FALSE(log.read(-1, 10, 0));
}

TEST(ByteLog, MayStartFarAway) {
  constexpr std::int64_t kFar = std::int64_t{1} << 62;
  ByteLog log({10, true, 0}, 5, kFar);
  EXPECT_EQ(log.start(), kFar);
  EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 6), (Offsets{kFar}));
  EXPECT_EQ(log.read(kFar, 10, 6)->bytes, 0);
  log.append(numbered(11), 7);
  log.append(numbered(4), 7);
  EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 7), (Offsets{kFar + 15, kFar + 11, kFar}));
  EXPECT_EQ(log.offsets_before(ByteLog::kEarliest, 9, 7), (Offsets{kFar}));
  EXPECT_FALSE(log.read(kFar - 1, 10, 7));
  EXPECT_FALSE(log.read(0, 10, 7));
  EXPECT_EQ(joined(*log.read(kFar + 10, INT32_MAX, 7)), numbered(1, 10));
  log.expire(1, 8);
  EXPECT_EQ(log.start(), kFar + 11);
}

TEST(ByteLog, WhatExpiresIsGoneAndTheEndStays) {
  ByteLog log({10, true, 0}, 0);
  for (int i = 0; i < 4; ++i) log.append(numbered(11), i);
  log.expire(2, 9);
  EXPECT_EQ(log.start(), 22);
  EXPECT_FALSE(log.read(21, 1, 9));
  EXPECT_EQ(log.read(22, 100, 9)->bytes, 11);
  log.expire(2, 50);
  EXPECT_EQ(log.start(), 44);
  EXPECT_EQ(log.offsets_before(ByteLog::kEarliest, 9, 60), (Offsets{44}));
  EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 60), (Offsets{44}));
  EXPECT_EQ(log.offsets_before(49, 9, 60), Offsets{});
  EXPECT_EQ(log.offsets_before(50, 9, 60), (Offsets{44}));
  log.expire(1, 70);
  EXPECT_EQ(log.start(), 44) << "the empty segment stays";
  log.append(numbered(3), 80);
  EXPECT_EQ(log.read(44, 9, 80)->bytes, 3);
}

TEST(ByteLog, IsFlushedSomeTimeAfterTheFirstAppendOrByANewSegment) {
  ByteLog log({10, true, 100}, 0);
  log.append(numbered(5), 1000);
  log.append(numbered(6), 1099);
  EXPECT_EQ(log.visible_end(1099), 0);
  EXPECT_FALSE(log.read(11, 1, 1099));
  EXPECT_EQ(log.offsets_before(ByteLog::kLatest, 9, 1099), (Offsets{0}));
  EXPECT_EQ(log.visible_end(1100), 11);
  log.append(numbered(20), 1200);
  EXPECT_EQ(log.visible_end(1299), 11);
  EXPECT_EQ(log.read(11, 9, 1299)->bytes, 0);
  log.append(numbered(1), 1299);
  EXPECT_EQ(log.visible_end(1299), 31) << "the last set lies in a segment of its own";
  EXPECT_EQ(log.visible_end(1398), 31);
  EXPECT_EQ(log.visible_end(1399), 32);
}

}  // namespace
}  // namespace ductus::sandbox::legacy
