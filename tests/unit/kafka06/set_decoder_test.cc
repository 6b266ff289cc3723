#include "kafka06/set_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {
namespace {

using Texts = std::vector<std::string>;

class MessageSetDecoderTest : public ::testing::Test {
 protected:
  /// All of `set`, which begins at `offset`.
  Texts decode_all(const Bytes& set, std::int64_t offset = 0, std::size_t max_bytes = SIZE_MAX) {
    return decode_all({}, set, offset, max_bytes);
  }
  Texts decode_all(const Bytes& joined, const Bytes& set, std::int64_t offset, std::size_t max_bytes) {
    const ports::FetchedSet fetched = fetch(joined, set, offset);
    Texts all;
    ports::SetCursor cursor{0, offset};
    for (bool last = false; !last; ++batches) {
      const auto batch = decoder_.decode(fetched, cursor, max_bytes, arena_);
      if (!batch) {
        refusal = batch.error();
        return all;
      }
      for (auto& text : texts(arena_)) all.push_back(std::move(text));
      EXPECT_GT(batch->cursor.bytes, cursor.bytes);
      EXPECT_EQ(batch->cursor.next_offset, offset + static_cast<std::int64_t>(batch->cursor.bytes));
      cursor = batch->cursor;
      last = batch->last;
    }
    EXPECT_EQ(cursor.bytes, joined.size() + set.size());
    return all;
  }
  ports::FetchedSet fetch(const Bytes& joined, const Bytes& set, std::int64_t offset) {
    ports::FetchedSet fetched;
    fetched.joined = base::Buffer::copy_of(joined);
    fetched.body = std::make_shared<const base::Buffer>(base::Buffer::copy_of(set));
    fetched.records = fetched.body->view();
    fetched.asked_offset = offset;
    return fetched;
  }

  MessageSetDecoder decoder_;
  ports::DecodeArena arena_;
  int batches = 0;
  Error refusal{ErrorCode::kNotNeeded, ""};
};

TEST_F(MessageSetDecoderTest, GivesEachMessageTheBytePositionOfItsEntry) {
  EXPECT_EQ(decode_all(join({entry0("one"), entry0(""), entry0("three")}), 1000),
            (Texts{"1000 one", "1012 ", "1021 three"}));
}

TEST_F(MessageSetDecoderTest, B99_ReadsBothMagicsSideBySide) {
  EXPECT_EQ(decode_all(join({entry0("a"), entry1("b"), entry0("c"), entry1("")})),
            (Texts{"0 a", "10 b", "21 c", "31 "}));
}

TEST_F(MessageSetDecoderTest, AMessageHasAValueAndNoKeyTimestampOrHeaders) {
  (void)decode_all(entry1("v"));
  ASSERT_EQ(arena_.messages.size(), 1u);
  const Message& message = arena_.messages[0];
  EXPECT_FALSE(message.has_key());
  EXPECT_TRUE(message.has_value());
  EXPECT_EQ(message.timestamp_ms(), -1);
  EXPECT_TRUE(message.headers().empty());
  (void)decode_all(entry1(""));
  EXPECT_TRUE(arena_.messages[0].has_value()) << "empty is not null";
}

TEST_F(MessageSetDecoderTest, MessagesOfACompressedEntryShareItsOffset) {
  const Bytes inner = join({entry1("x"), entry0("y")});
  const Bytes gzip = gzip_entry(inner);
  EXPECT_EQ(decode_all(join({gzip, snappy_entry(inner), entry1("z")}), 50),
            (Texts{"50 x", "50 y", std::to_string(50 + gzip.size()) + " x", std::to_string(50 + gzip.size()) + " y",
                   std::to_string(50 + gzip.size() + snappy_entry(inner).size()) + " z"}));
}

TEST_F(MessageSetDecoderTest, ReadsARawBlockOfSnappyToo) {
  EXPECT_EQ(decode_all(entry1(codecs::snappy_block(entry1("raw")), 2)), Texts{"0 raw"});
}

TEST_F(MessageSetDecoderTest, ReadsSeveralMembersOfGzip) {
  EXPECT_EQ(decode_all(entry1(join({codecs::gzip_member(entry1("a")), codecs::gzip_member(entry1("b"))}), 1)),
            (Texts{"0 a", "0 b"}));
}

TEST_F(MessageSetDecoderTest, ReadsCompressedSetsWithinCompressedSets) {
  const Bytes nested = gzip_entry(join({entry1("a"), snappy_entry(join({entry0("b"), gzip_entry(entry1("c"))}))}));
  EXPECT_EQ(decode_all(join({nested, entry1("d")})),
            (Texts{"0 a", "0 b", "0 c", std::to_string(nested.size()) + " d"}));
}

TEST_F(MessageSetDecoderTest, OtherBitsOfTheAttributesSayNothing) {
  EXPECT_EQ(decode_all(join({entry1(as_bytes("plain"), 0xFC), entry1(codecs::gzip_member(entry1("in")), 0x81)})),
            (Texts{"0 plain", "15 in"}));
}

TEST_F(MessageSetDecoderTest, AnEmptyCompressedSetTakesItsBytesAllTheSame) {
  const Bytes empty = gzip_entry({});
  EXPECT_EQ(decode_all(join({empty, entry1("after")})), Texts{std::to_string(empty.size()) + " after"});
  EXPECT_EQ(decode_all(empty), Texts{});
}

TEST_F(MessageSetDecoderTest, B103_PassesOverACutEntryAtTheEndOfACompressedSet) {
  const Bytes whole = entry1("whole");
  const Bytes cut = entry1("this one is cut off");
  for (std::size_t size = 1; size < cut.size(); ++size) {
    EXPECT_EQ(decode_all(gzip_entry(join({whole, cut_at(cut, size)}))), Texts{"0 whole"}) << size;
  }
}

TEST_F(MessageSetDecoderTest, CutsASetIntoBatchesAtTheEdgesOfEntries) {
  const Bytes two = gzip_entry(join({entry1("b"), entry1("c")}));
  const Bytes set = join({entry1("a"), two, entry1("d")});
  const Texts all = decode_all(set);
  EXPECT_EQ(batches, 1);
  batches = 0;
  EXPECT_EQ(decode_all(set, 0, 1), all);
  EXPECT_EQ(batches, 3) << "the compressed entry is never parted";
  batches = 0;
  EXPECT_EQ(decode_all(set, 0, 12), all);
  EXPECT_EQ(batches, 2) << "11 bytes are fewer than 12";
  batches = 0;
  EXPECT_EQ(decode_all(set, 0, 0), all);
  EXPECT_EQ(batches, 3) << "at least one entry";
}

TEST_F(MessageSetDecoderTest, ReadsMoreMessagesThanItMakesRoomForAtOnce) {
  Bytes set;
  Texts expected;
  for (int i = 0; i < 2000; ++i) {
    expected.push_back(std::to_string(set.size()) + " " + std::to_string(i));
    const Bytes entry = i % 3 == 0 ? gzip_entry(entry0(std::to_string(i))) : entry0(std::to_string(i));
    set.insert(set.end(), entry.begin(), entry.end());
  }
  EXPECT_EQ(decode_all(set), expected);
  batches = 0;
  EXPECT_EQ(decode_all(set, 0, 1), expected);
  EXPECT_EQ(batches, 2000);
}

TEST_F(MessageSetDecoderTest, ReadsWhatCameInPiecesBeforeTheRest) {
  const Bytes joined = join({entry1("big"), gzip_entry(entry1("packed"))});
  const Bytes rest = join({entry0("x"), entry0("y")});
  const std::string at_rest = std::to_string(100 + joined.size());
  const Texts expected = {"100 big", "113 packed", at_rest + " x",
                          std::to_string(100 + joined.size() + entry0("x").size()) + " y"};
  EXPECT_EQ(decode_all(joined, rest, 100, SIZE_MAX), expected);
  EXPECT_EQ(decode_all(joined, rest, 100, 1), expected);
  EXPECT_EQ(decode_all(joined, {}, 100, SIZE_MAX), (Texts{"100 big", "113 packed"}));
}

TEST_F(MessageSetDecoderTest, TellsWhatItReadBeforeTheEntryThatItRefuses) {
  const Bytes damaged = with(entry1("bad"), 12, {'!'});
  EXPECT_EQ(decode_all(join({entry1("good"), damaged, entry1("unreached")}), 7), Texts{"7 good"});
  EXPECT_EQ(refusal.code, ErrorCode::kCorrupt);
  EXPECT_NE(refusal.message.find("offset 21"), std::string::npos) << refusal.message;
  EXPECT_NE(refusal.message.find("CRC-32"), std::string::npos) << refusal.message;
  EXPECT_TRUE(arena_.messages.empty());
}

TEST_F(MessageSetDecoderTest, ChecksTheChecksumOfEveryMessageAtEveryLevel) {
  for (std::size_t at = 0; at < 3; ++at) {
    const Bytes damaged = with(entry1("abc"), 10 + at, {'!'});
    for (const Bytes& set : {damaged, gzip_entry(damaged), snappy_entry(gzip_entry(join({entry1("ok"), damaged}))),
                             with(gzip_entry(entry1("abc")), 30, {0xFF})}) {
      refusal = {ErrorCode::kNotNeeded, ""};
      EXPECT_EQ(decode_all(set), Texts{});
      EXPECT_EQ(refusal.code, ErrorCode::kCorrupt);
    }
  }
}

TEST_F(MessageSetDecoderTest, B99_RefusesCodecThreeAndOtherMagics) {
  EXPECT_EQ(decode_all(entry1(as_bytes("x"), 3)), Texts{});
  EXPECT_NE(refusal.message.find("codec 3"), std::string::npos) << refusal.message;
  EXPECT_EQ(decode_all(entry1(as_bytes("x"), 0xFF)), Texts{});
  EXPECT_NE(refusal.message.find("codec 3"), std::string::npos) << refusal.message;
  for (const int magic : {2, 7, 127, 255}) {
    EXPECT_EQ(decode_all(with(entry0("x"), 4, {magic})), Texts{});
    EXPECT_NE(refusal.message.find("(magic) " + std::to_string(magic)), std::string::npos) << refusal.message;
  }
}

TEST_F(MessageSetDecoderTest, B97_RefusesSizesThatNoMessageHas) {
  for (const Bytes& set :
       {with(entry0("x"), 0, {0, 0, 0, 0}), with(entry0("x"), 0, {0, 0, 0, 4}), with(entry1("x"), 0, {0, 0, 0, 5}),
        with(entry0("x"), 0, {0xFF, 0xFF, 0xFF, 0xFF}), with(entry0("x"), 0, {0x80, 0, 0, 0})}) {
    EXPECT_EQ(decode_all(set), Texts{});
    EXPECT_EQ(refusal.code, ErrorCode::kCorrupt);
    EXPECT_NE(refusal.message.find("less than any message has"), std::string::npos) << refusal.message;
  }
  EXPECT_EQ(decode_all(with(entry0("x"), 0, {0x7F, 0xFF, 0xFF, 0xFF})), Texts{});
  EXPECT_NE(refusal.message.find("cut off"), std::string::npos) << refusal.message;
}

TEST_F(MessageSetDecoderTest, RefusesWhatDoesNotUnpack) {
  for (const Bytes& set : {entry1(as_bytes("no gzip"), 1), entry1(as_bytes("no snappy"), 2), entry1({}, 1),
                           entry1(cut_at(codecs::gzip_member(entry1("cut")), 15), 1)}) {
    EXPECT_EQ(decode_all(set), Texts{});
    EXPECT_EQ(refusal.code, ErrorCode::kCorrupt);
    EXPECT_NE(refusal.message.find("does not unpack"), std::string::npos) << refusal.message;
  }
}

Bytes nested_so_deep(int levels) {
  Bytes set = entry1("deep");
  for (int i = 0; i < levels; ++i) set = gzip_entry(set);
  return set;
}

TEST_F(MessageSetDecoderTest, UnpacksNoDeeperThanItsLimit) {
  EXPECT_EQ(decode_all(nested_so_deep(kMaxNesting)), Texts{"0 deep"});
  EXPECT_EQ(decode_all(nested_so_deep(kMaxNesting + 1)), Texts{});
  EXPECT_EQ(refusal.code, ErrorCode::kLimit);
  EXPECT_EQ(decode_all(nested_so_deep(100)), Texts{});
}

TEST_F(MessageSetDecoderTest, AllLevelsOfAnEntryTogetherUnpackToNoMoreThanTheLimit) {
  constexpr std::size_t kHalf = kMaxDecodedBytes / 2;
  const Bytes zeros(1 << 10, 0);
  const auto bomb = [&](std::size_t bytes) {
    return entry1(codecs::gzip_member(zeros, static_cast<int>(bytes >> 10)), 1);
  };
  EXPECT_EQ(decode_all(bomb(kMaxDecodedBytes + 1024)), Texts{});
  EXPECT_EQ(refusal.code, ErrorCode::kLimit);
  // Zeros are no message, so what fits is refused for that.
  EXPECT_EQ(decode_all(bomb(kMaxDecodedBytes)), Texts{});
  EXPECT_EQ(refusal.code, ErrorCode::kCorrupt);
  const Bytes half_full = entry0(Bytes(kHalf, 'x'));
  EXPECT_EQ(decode_all(gzip_entry(gzip_entry(half_full))).size(), 1u);
  EXPECT_EQ(decode_all(gzip_entry(join({gzip_entry(half_full), gzip_entry(half_full)}))), Texts{});
  EXPECT_EQ(refusal.code, ErrorCode::kLimit);
}

TEST_F(MessageSetDecoderTest, KeepsNoMoreMemoryThanItsLimit) {
  const Bytes large = gzip_entry(entry0(Bytes(kMaxKeptBytes / 2, 'x')));
  EXPECT_EQ(decode_all(join({large, large})).size(), 2u);
  EXPECT_EQ(decode_all(entry0("small")).size(), 1u);
  std::size_t kept = 0;
  for (const auto& buffer : arena_.inflated) kept += buffer.capacity();
  EXPECT_LE(kept, kMaxKeptBytes);
}

TEST_F(MessageSetDecoderTest, LaysSmallUnpackedSetsBehindOneAnother) {
  Bytes set;
  const Bytes one = gzip_entry(entry0("small"));
  for (int i = 0; i < 1000; ++i) set.insert(set.end(), one.begin(), one.end());
  EXPECT_EQ(decode_all(set).size(), 1000u);
  EXPECT_LE(arena_.inflated.size(), 3u);
}

TEST_F(MessageSetDecoderTest, IsCutOffAtEveryByteWithoutAMessageTooMany) {
  const Bytes set = join({entry0("first"), entry1("second"), gzip_entry(entry1("third"))});
  const Texts all = decode_all(set);
  for (std::size_t size = 1; size < set.size(); ++size) {
    const Texts some = decode_all(cut_at(set, size));
    ASSERT_LT(some.size(), all.size());
    EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin()));
  }
}

TEST_F(MessageSetDecoderTest, ChecksTheFirstEntryAlone) {
  const Bytes bad = with(entry1("bad"), 12, {'!'});
  EXPECT_TRUE(check_first_entry(join({entry1("good"), bad})).ok());
  const auto refused = check_first_entry(join({gzip_entry(bad), entry1("good")}));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(refused.error().message.find("offset"), std::string::npos) << "the place is the caller's to tell";
}

// Any sets, cut into any batches: the same messages at the same places.
TEST_F(MessageSetDecoderTest, FindsTheSameMessagesHoweverASetIsCutIntoBatches) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 50; ++round) {
    Bytes set;
    Texts expected;
    for (auto left = random() % 30 + 1; left > 0; --left) {
      const std::string payload(random() % 100, static_cast<char>('a' + random() % 26));
      const Bytes plain = random() % 2 == 0 ? entry0(payload) : entry1(payload);
      expected.push_back(std::to_string(set.size()) + " " + payload);
      const auto packing = random() % 4;
      const Bytes entry = packing == 0 ? gzip_entry(plain) : packing == 1 ? snappy_entry(plain) : plain;
      set.insert(set.end(), entry.begin(), entry.end());
    }
    ASSERT_EQ(decode_all(set, 0, random() % 500), expected);
  }
}

}  // namespace
}  // namespace ductus::kafka06
