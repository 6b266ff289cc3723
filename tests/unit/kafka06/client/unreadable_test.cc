// Places where nothing can be read: each is told once, with what shows there, and never asked for again and again.
#include "unit/kafka06/client/old_broker.h"

namespace ductus::kafka06 {
namespace {

using ports::Deliver;
using ports::Trouble;
using Texts = std::vector<std::string>;

class UnreadableTest : public OldBroker {
 protected:
  /// Reads from `offset` until the source says that it cannot; the messages before that in `read`.
  Trouble refusal(std::int64_t offset = 0) {
    source.reset();
    connections.clear();
    read_on({0});
    attach(0);
    want(0, offset);
    pass_s(10);
    read = delivered();
    auto troubles = take<Trouble>();
    EXPECT_EQ(troubles.size(), 1u);
    (void)take_asked();
    pass_s(60);
    EXPECT_EQ(count_asked("FETCH t/0@"), 0u) << "it is not asked for again";
    EXPECT_TRUE(take<Trouble>().empty());
    EXPECT_EQ(budget->used(), 0u);
    if (troubles.empty()) return {};
    EXPECT_EQ(troubles[0].kind, Trouble::Kind::kFinal);
    return troubles[0];
  }
  void holds(const Bytes& bytes) { log().bytes = bytes; }
  static void expect_says(const Trouble& trouble, const std::vector<std::string>& what) {
    for (const std::string& one : what) {
      EXPECT_NE(trouble.error.message.find(one), std::string::npos) << one << "\n" << trouble.error.message;
    }
  }

  Texts read;
};

TEST_F(UnreadableTest, B97_ASizeThatNoMessageHasIsToldWithItsPlace) {
  for (const auto& [size, told] :
       std::vector<std::pair<std::vector<int>, std::string>>{{{0, 0, 0, 0}, "its size field is 0"},
                                                             {{0, 0, 0, 4}, "its size field is 4"},
                                                             {{0xFF, 0xFF, 0xFF, 0xFF}, "its size field is -1"},
                                                             {{0x80, 0, 0, 0}, "its size field is -2147483648"}}) {
    const Bytes good = entry0("good");
    holds(join({good, with(entry0("bad"), 0, size), entry0("behind")}));
    for (const std::int64_t from : {std::int64_t{0}, std::int64_t{13}}) {
      const Trouble trouble = refusal(from);
      EXPECT_EQ(trouble.error.code, ErrorCode::kCorrupt);
      expect_says(trouble, {"t/0 at broker:9092", "offset 13", told, "set the offset", "[0, "});
      EXPECT_EQ(read, from == 0 ? Texts{"0 good"} : Texts{});
    }
  }
}

TEST_F(UnreadableTest, B97_ASizeBeyondTheLimitIsTold) {
  const auto limit = static_cast<std::uint32_t>(settings.max_message_bytes);
  Bytes too_large;
  put(limit, 4, too_large);  // and its own four bytes
  too_large.push_back(0);
  holds(join({too_large, Bytes(100, 'x')}));
  Trouble trouble = refusal();
  EXPECT_EQ(trouble.error.code, ErrorCode::kCorrupt);
  expect_says(trouble, {"offset 0", "its size field is 67108864", "more than the log holds behind it"});
  EXPECT_EQ(trouble.log_start_offset, 0);
  EXPECT_EQ(trouble.log_end_offset, 105);

  settings.max_message_bytes = 1000;
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  holds(join({entry0("before"), entry0(std::string(2000, 'x')), entry0("behind")}));
  trouble = refusal();
  EXPECT_EQ(trouble.error.code, ErrorCode::kLimit);
  expect_says(trouble, {"offset 15", "its size field is 2005", "more than the 1000 bytes", "either it is so large"});
  EXPECT_EQ(read, Texts{"0 before"});
  EXPECT_LT(count_asked("FETCH"), 5u);
}

TEST_F(UnreadableTest, ALargeMessageWithinTheLimitIsNone) {
  settings.max_message_bytes = 2009;
  settings.partition_max_bytes = settings.idle_max_bytes = 100;
  holds(entry0(std::string(2000, 'x')));
  read_on({0});
  attach(0);
  want(0, 0);
  EXPECT_EQ(delivered().size(), 1u);
}

TEST_F(UnreadableTest, B98_AnOffsetInsideAMessageIsToldFromWhereverItIsRead) {
  Bytes all;
  std::set<std::int64_t> boundaries;
  for (int i = 0; i < 8; ++i) {
    boundaries.insert(static_cast<std::int64_t>(all.size()));
    all = join({all, i % 2 == 0 ? entry0("message " + std::to_string(i)) : entry1("payload " + std::to_string(i))});
  }
  holds(join({all, gzip_entry(entry1("packed"))}));
  boundaries.insert(static_cast<std::int64_t>(all.size()));
  for (std::int64_t offset = 1; offset < log().end(); ++offset) {
    if (boundaries.contains(offset)) continue;
    SCOPED_TRACE(offset);
    const Trouble trouble = refusal(offset);
    EXPECT_TRUE(read.empty());
    expect_says(trouble, {"no message that can be read stands at offset " + std::to_string(offset), "[0, "});
  }
}

TEST_F(UnreadableTest, B98_AnOffsetInsideAMessageIsToldInPiecesToo) {
  settings.partition_max_bytes = settings.idle_max_bytes = 7;
  const Bytes first = entry0("a first message");
  holds(join({first, entry1("a second one"), entry0("a third")}));
  for (std::int64_t offset = 1; offset < static_cast<std::int64_t>(first.size()); ++offset) {
    SCOPED_TRACE(offset);
    (void)refusal(offset);
    EXPECT_TRUE(read.empty());
  }
}

TEST_F(UnreadableTest, B99_AForeignMagicOrCodecIsTold) {
  holds(join({entry0("good"), with(entry0("bad"), 4, {7})}));
  expect_says(refusal(), {"offset 13", "format (magic) 7"});
  holds(join({entry0("good"), entry1(as_bytes("bad"), 3)}));
  expect_says(refusal(), {"offset 13", "codec 3"});
}

TEST_F(UnreadableTest, AWrongChecksumIsToldOnceItsPlaceIsAskedForAnew) {
  holds(join({with(entry1("damaged"), 12, {'!'}), entry0("behind")}));
  expect_says(refusal(), {"offset 0", "CRC-32"});
  settings.partition_max_bytes = settings.idle_max_bytes = 10;
  expect_says(refusal(), {"offset 0", "CRC-32"});
}

TEST_F(UnreadableTest, AWrongChecksumBehindGoodMessagesIsTheDecodersToFind) {
  holds(join({entry0("good"), with(entry1("damaged"), 12, {'!'})}));
  attach(0);
  want(0, 0);
  const auto deliver = only<Deliver>();
  ports::DecodeArena arena;
  const auto good = decoder.decode(deliver.set, {0, 0}, SIZE_MAX, arena);
  ASSERT_TRUE(good.ok());
  EXPECT_FALSE(good->last);
  const auto bad = decoder.decode(deliver.set, good->cursor, SIZE_MAX, arena);
  ASSERT_FALSE(bad.ok());
  release(deliver.set.charge);
  expect_says(refusal(good->cursor.next_offset), {"offset 13", "CRC-32"});
}

TEST_F(UnreadableTest, WhatDoesNotUnpackIsTold) {
  holds(join({gzip_entry(with(entry1("damaged"), 12, {'!'})), entry0("behind")}));
  expect_says(refusal(), {"offset 0", "in its unpacked payload"});
  settings.partition_max_bytes = settings.idle_max_bytes = 10;
  expect_says(refusal(), {"offset 0", "in its unpacked payload"});
}

// A broker of 0.6 stores such a fragment, and what is written later lies behind it.
TEST_F(UnreadableTest, ALogThatEndsWithinAMessageIsTold) {
  holds(join({entry0("whole"), cut_at(entry0("cut off by its producer"), 12)}));
  const Trouble trouble = refusal();
  EXPECT_EQ(read, Texts{"0 whole"});
  expect_says(trouble, {"offset 14", "its size field is 28", "cut off after 8 bytes by the end of the log at 26"});
}

TEST_F(UnreadableTest, WhatIsWrittenBehindAFragmentIsNoMessageOfIts) {
  holds(join({entry0("whole"), cut_at(entry0("cut off by its producer"), 12)}));
  attach(0);
  want(0, 0);
  EXPECT_EQ(delivered(), Texts{"0 whole"});
  append(join({entry0("written later"), entry0("and later"), entry0("and later still")}));
  want(0, 14);
  const auto put_together = only<Deliver>();
  const std::string refused = messages(put_together.set).at(0);
  EXPECT_NE(refused.find("offset 14: its checksum"), std::string::npos) << refused;
  attach(0);  // as the adapter does after that
  want(0, 14);
  expect_says(only<Trouble>(), {"offset 14", "CRC-32"});
}

TEST_F(UnreadableTest, AMessageThatIsStillBeingShownIsWaitedFor) {
  const Bytes whole = entry0("shown in two steps");
  holds(cut_at(whole, 10));
  ends_answer = Bytes{0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
  attach(0);
  want(0, 0);
  (void)take<Trouble>();
  holds(whole);
  pass_s(1);
  EXPECT_EQ(delivered(), Texts{"0 shown in two steps"});
}

}  // namespace
}  // namespace ductus::kafka06
