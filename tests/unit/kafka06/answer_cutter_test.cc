#include "kafka06/answer_cutter.h"

#include <gtest/gtest.h>

#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {
namespace {

const Range kSmall[] = {{"t", 0, 0, 100}, {"t", 1, 0, 100}};

class LegacyAnswerCutterTest : public ::testing::Test {
 protected:
  template <class Answer>
  std::unique_ptr<Answer> cut(const Request& request, const Bytes& frame) {
    auto answer = LegacyAnswerCutter().cut(request.tag, base::Buffer::copy_of(frame));
    if (!answer) {
      ADD_FAILURE() << answer.error().message;
      return nullptr;
    }
    return std::unique_ptr<Answer>(static_cast<Answer*>(std::move(*answer).release()));
  }
  ErrorCode refusal(const Request& request, const Bytes& frame) {
    const auto answer = LegacyAnswerCutter().cut(request.tag, base::Buffer::copy_of(frame));
    return answer ? ErrorCode::kNotNeeded : answer.error().code;
  }
  static Bytes part(int error, const Bytes& set) {
    Bytes bytes;
    put(set.size() + 2, 4, bytes);
    put(static_cast<std::uint64_t>(error), 2, bytes);
    return join({bytes, set});
  }
};

TEST_F(LegacyAnswerCutterTest, AFetchedSetEndsAnywhere) {
  const Bytes whole = join({entry0("a"), entry1("b")});
  const auto answer = cut<FetchAnswer>(fetch(kSmall[0]), join({{0, 0}, whole, {0, 0, 0}}));
  ASSERT_EQ(answer->parts.size(), 1u);
  const FetchedPart& fetched = answer->parts[0];
  EXPECT_EQ(fetched.error, BrokerError::kNone);
  EXPECT_EQ(fetched.walked.bytes, whole.size());
  EXPECT_EQ(fetched.walked.end, Flaw::kCut);
  EXPECT_EQ(fetched.tail().size(), 3u);
  EXPECT_GE(fetched.set.data(), answer->body->data());
}

TEST_F(LegacyAnswerCutterTest, B102_AnAnswerOfTwoBytesIsAnEmptySet) {
  const auto answer = cut<FetchAnswer>(fetch(kSmall[0]), {0, 0});
  EXPECT_EQ(answer->parts.at(0).error, BrokerError::kNone);
  EXPECT_TRUE(answer->parts.at(0).set.empty());
  EXPECT_EQ(answer->parts.at(0).walked.end, Flaw::kNone);
  EXPECT_TRUE(cut<FetchAnswer>(multi_fetch({}), {0, 0})->parts.empty());
}

TEST_F(LegacyAnswerCutterTest, B100_AnErrorOfAPartTouchesNoOther) {
  for (const int code : {-1, 1, 2, 3, 4, 99}) {
    const auto answer = cut<FetchAnswer>(multi_fetch(kSmall), join({{0, 0}, part(code, {}), part(0, entry0("good"))}));
    ASSERT_EQ(answer->parts.size(), 2u);
    EXPECT_EQ(answer->parts[0].error, BrokerError{static_cast<std::int16_t>(code)});
    EXPECT_EQ(answer->parts[1].walked.bytes, 13u);
    const auto single = cut<FetchAnswer>(
        fetch(kSmall[0]), {static_cast<std::uint8_t>(code < 0 ? 0xFF : 0), static_cast<std::uint8_t>(code)});
    EXPECT_EQ(single->parts.at(0).error, BrokerError{static_cast<std::int16_t>(code)});
  }
}

TEST_F(LegacyAnswerCutterTest, BytesBehindAnErrorAreNotLookedAt) {
  const auto answer = cut<FetchAnswer>(fetch(kSmall[0]), join({{0, 1}, entry0("x")}));
  EXPECT_TRUE(answer->parts.at(0).set.empty());
}

TEST_F(LegacyAnswerCutterTest, AnAnswerLongerThanWhatWasAskedForIsRefused) {
  EXPECT_EQ(refusal(fetch(kSmall[0]), Bytes(102, 0)), ErrorCode::kNotNeeded);
  EXPECT_EQ(refusal(fetch(kSmall[0]), Bytes(103, 0)), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(multi_fetch({}), {0, 0, 0}), ErrorCode::kCorrupt);
  EXPECT_EQ(refusal(offsets({"t", 0}), Bytes(15, 0)), ErrorCode::kCorrupt);
}

TEST_F(LegacyAnswerCutterTest, AnAnswerWithoutAnErrorCodeIsRefused) {
  for (const Request& request : {fetch(kSmall[0]), multi_fetch(kSmall), multi_fetch({}), offsets({"t", 0})}) {
    EXPECT_EQ(refusal(request, {}), ErrorCode::kCorrupt);
    EXPECT_EQ(refusal(request, {0}), ErrorCode::kCorrupt);
  }
}

TEST_F(LegacyAnswerCutterTest, PartsMustBeThereAndBeAll) {
  const Request request = multi_fetch(kSmall);
  const Bytes good = join({{0, 0}, part(0, entry0("a")), part(0, {})});
  EXPECT_EQ(cut<FetchAnswer>(request, good)->parts.size(), 2u);
  for (std::size_t size = 2; size < good.size(); ++size) {
    EXPECT_EQ(refusal(request, cut_at(good, size)), ErrorCode::kCorrupt) << size;
  }
  EXPECT_EQ(refusal(request, join({good, {0}})), ErrorCode::kCorrupt);
  for (const std::vector<int>& size : {std::vector<int>{0, 0, 0, 0},
                                       {0, 0, 0, 1},
                                       {0x7F, 0xFF, 0xFF, 0xFF},
                                       {0x80, 0, 0, 0},
                                       {0xFF, 0xFF, 0xFF, 0xFF},
                                       {0, 0, 0, 13}}) {
    EXPECT_EQ(refusal(request, with(good, 2, size)), ErrorCode::kCorrupt);
  }
  EXPECT_EQ(refusal(request, with(good, 0, {0, 1})), ErrorCode::kCorrupt) << "no broker says so of all parts";
}

TEST_F(LegacyAnswerCutterTest, OffsetsComeDescending) {
  Bytes frame = {0, 0, 0, 0, 0, 2};
  put(46530, 8, frame);
  put(41360, 8, frame);
  const Request request = offsets({"t", 0, OffsetsQuestion::kLatest, 2});
  EXPECT_EQ(cut<OffsetsAnswer>(request, frame)->offsets, (std::vector<std::int64_t>{46530, 41360}));
}

TEST_F(LegacyAnswerCutterTest, B101_OffsetsMayBeNone) {
  EXPECT_TRUE(cut<OffsetsAnswer>(offsets({"t", 0}), {0, 0, 0, 0, 0, 0})->offsets.empty());
}

TEST_F(LegacyAnswerCutterTest, B101_OffsetsThatDoNotAgreeWithTheirCountAreRefused) {
  const Request request = offsets({"t", 0, OffsetsQuestion::kLatest, 3});
  for (const std::vector<int>& count :
       {std::vector<int>{0x7F, 0xFF, 0xFF, 0xFF}, {0xFF, 0xFF, 0xFF, 0xFF}, {0, 0, 0, 0}, {0, 0, 0, 2}}) {
    Bytes frame = {0, 0, 0, 0, 0, 1};
    put(5, 8, frame);
    EXPECT_EQ(refusal(request, frame), ErrorCode::kNotNeeded);
    EXPECT_EQ(refusal(request, with(frame, 2, count)), ErrorCode::kCorrupt);
  }
}

TEST_F(LegacyAnswerCutterTest, B101_UnsortedOrNegativeOffsetsAreRefused) {
  const Request request = offsets({"t", 0, OffsetsQuestion::kLatest, 3});
  Bytes ascending = {0, 0, 0, 0, 0, 2};
  put(5, 8, ascending);
  put(6, 8, ascending);
  EXPECT_EQ(refusal(request, ascending), ErrorCode::kCorrupt);
  Bytes negative = {0, 0, 0, 0, 0, 1};
  put(UINT64_MAX, 8, negative);
  EXPECT_EQ(refusal(request, negative), ErrorCode::kCorrupt);
}

TEST_F(LegacyAnswerCutterTest, AnErrorInAnAnswerToOffsetsIsTold) {
  EXPECT_EQ(cut<OffsetsAnswer>(offsets({"t", 0}), {0, 3})->error, BrokerError::kWrongPartition);
}

TEST_F(LegacyAnswerCutterTest, TheFirstEntryIsDecodedOnATrialWhereItIsAsked) {
  const Bytes bad = with(entry1("bad"), 12, {'!'});
  const Bytes frame = join({{0, 0}, bad, entry1("good")});
  EXPECT_FALSE(cut<FetchAnswer>(fetch(kSmall[0]), frame)->parts.at(0).first_is_bad);
  const auto checked = cut<FetchAnswer>(fetch(kSmall[0], true), frame);
  ASSERT_TRUE(checked->parts.at(0).first_is_bad);
  EXPECT_NE(checked->parts[0].first_is_bad->message.find("CRC-32"), std::string::npos);
  EXPECT_FALSE(cut<FetchAnswer>(fetch(kSmall[0], true), join({{0, 0}, entry1("good"), bad}))->parts.at(0).first_is_bad);
  EXPECT_FALSE(cut<FetchAnswer>(fetch(kSmall[0], true), join({{0, 0}, cut_at(bad, 8)}))->parts.at(0).first_is_bad);
}

TEST_F(LegacyAnswerCutterTest, ATagOfNobodysIsRefused) {
  EXPECT_EQ(LegacyAnswerCutter().cut({100, 18, 0}, base::Buffer::copy_of(Bytes(10, 0))).error().code,
            ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ductus::kafka06
