#include "operate/peek/peek.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>

#include "support/scripted_source.h"

namespace ductus::operate {
namespace {

using Kind = ports::Trouble::Kind;
using Values = std::vector<std::string>;

/// A set whose bytes say nothing: its messages are these values, one after the other.
class ScriptedSet final : public ports::SetDecoder {
 public:
  ScriptedSet(std::int64_t first_offset, Values values) : first_(first_offset), values_(std::move(values)) {}

  Result<ports::DecodedBatch> decode(const ports::FetchedSet& set, const ports::SetCursor& cursor, std::size_t,
                                     ports::DecodeArena& arena) const override {
    arena.messages.clear();
    if (broken) return Error{ErrorCode::kCorrupt, "record batch at offset 7: its checksum does not match"};
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto offset = first_ + static_cast<std::int64_t>(i);
      if (offset < cursor.next_offset) continue;
      const std::string& value = values_[i];
      arena.messages.push_back(
          {offset, 1'000 + offset, nullptr, -1, value.data(), static_cast<std::int32_t>(value.size()), false});
    }
    return ports::DecodedBatch{.cursor = {set.records.size(), set.next_offset}, .last = true};
  }

  bool broken = false;

 private:
  const std::int64_t first_;
  const Values values_;
};

class PeekTest : public ::testing::Test {
 protected:
  PeekTest() {
    request_.topic.name = "orders";
    request_.places = {{{"orders", 0}, 5}};
  }

  void find_topic(std::int32_t partitions = 1) { source_.say(ports::TopicFound{"orders", {7}, partitions}); }
  void bound(std::int64_t start, std::int64_t readable_end, std::int64_t high_watermark = -1) {
    source_.say(ports::LogBounds{{0, 0}, start, high_watermark, readable_end});
  }
  ScriptedSet& deliver(std::int64_t first_offset, Values values, std::size_t bytes = 100,
                       std::optional<std::int64_t> next_offset = std::nullopt) {
    const auto count = static_cast<std::int64_t>(values.size());
    ScriptedSet& decoder = sets_.emplace_back(first_offset, std::move(values));
    if (bytes > body_.size()) body_ = base::Buffer(bytes);
    ports::FetchedSet set;
    set.records = body_.view().first(bytes);
    set.decoder = &decoder;
    set.next_offset = next_offset.value_or(first_offset + count);
    set.charge.bytes = bytes;
    source_.say(ports::Deliver{{0, 0}, std::move(set)});
    return decoder;
  }
  void trouble(Kind kind, Error error) {
    source_.say(ports::Trouble{.child = {0, 0}, .error = std::move(error), .kind = kind});
  }

  Result<Peeked> peek(std::chrono::milliseconds timeout = kPeekWithin) {
    return operate::peek(source_, request_, base::SystemClock(), timeout);
  }
  Peeked peeked() {
    auto found = peek();
    if (found) return *std::move(found);
    ADD_FAILURE() << found.error().message;
    return {};
  }
  Error refused(std::chrono::milliseconds timeout = kPeekWithin) {
    const auto found = peek(timeout);
    if (!found) return found.error();
    ADD_FAILURE() << found->messages.size() << " messages";
    return {ErrorCode::kNotNeeded, ""};
  }
  static std::vector<std::int64_t> offsets_of(const Peeked& found) {
    std::vector<std::int64_t> offsets;
    for (const PeekedMessage& message : found.messages) offsets.push_back(message.offset);
    return offsets;
  }

  support::ScriptedSource source_;
  PeekRequest request_;
  std::deque<ScriptedSet> sets_;
  base::Buffer body_{100};
};

using Offsets = std::vector<std::int64_t>;

TEST_F(PeekTest, ShowsTheNextMessagesFromWhereThePartitionIs) {
  request_.count = 2;
  find_topic();
  bound(0, 1000);
  deliver(4, {"before", "a", "b", "c"});
  const Peeked found = peeked();
  EXPECT_EQ(found.partition, (ports::TopicPartition{"orders", 0}));
  EXPECT_EQ(found.from, 5);
  EXPECT_EQ(found.readable_end, 1000);
  EXPECT_EQ(offsets_of(found), Offsets({5, 6}));
  EXPECT_EQ(found.messages[0].value, "a");
  EXPECT_EQ(found.messages[0].key, std::nullopt);
  EXPECT_EQ(found.messages[0].timestamp_ms, 1'005);
  EXPECT_FALSE(found.trouble.has_value());
  EXPECT_EQ(source_.topics, Values{"orders"});
  ASSERT_EQ(source_.wants.size(), 1u);
  EXPECT_EQ(source_.wants[0].from, (ports::Position{.next_offset = 5}));
}

TEST_F(PeekTest, GoesOnUntilThereAreEnough) {
  request_.count = 3;
  find_topic();
  deliver(5, {"a", "b"}, 10);
  deliver(7, {}, 20, 9);  // nothing that is shown
  deliver(9, {"c", "d"}, 30);
  EXPECT_EQ(offsets_of(peeked()), Offsets({5, 6, 9}));
  ASSERT_EQ(source_.wants.size(), 3u);
  EXPECT_EQ(source_.wants[2].from.next_offset, 9);
  EXPECT_EQ(source_.released_bytes, 60u) << "each set is given back";
}

TEST_F(PeekTest, EndsAtTheEndOfTheLog) {
  request_.count = 3;
  find_topic();
  bound(0, 7);
  deliver(5, {"a"}, 10, 7);
  const Peeked found = peeked();
  EXPECT_EQ(offsets_of(found), Offsets({5}));
  EXPECT_FALSE(found.trouble.has_value());
}

TEST_F(PeekTest, ShowsNothingWhereAllIsRead) {
  find_topic();
  bound(0, 5);
  EXPECT_TRUE(peeked().messages.empty());
}

TEST_F(PeekTest, ShowsNothingOfWhatAnOpenTransactionHoldsBack) {
  request_.offset = 8;
  find_topic();
  bound(0, 5);  // another broker's word of the end may be older
  bound(0, 5, 20);
  const Peeked found = peeked();
  EXPECT_TRUE(found.messages.empty());
  EXPECT_FALSE(found.trouble.has_value());
  EXPECT_EQ(found.from, 8);
}

TEST_F(PeekTest, TakesTheOffsetThatItIsGiven) {
  request_.offset = 6;
  request_.places.clear();
  find_topic();
  deliver(6, {"b"});
  EXPECT_EQ(offsets_of(peeked()), Offsets({6}));
}

TEST_F(PeekTest, TakesTheOnlyPartitionThatIsRead) {
  request_.topic.partitions = {{2, 2}};
  request_.places = {{{"orders", 2}, 5}};
  find_topic(4);
  deliver(5, {"a"});
  EXPECT_EQ(peeked().partition.partition, 2);
}

TEST_F(PeekTest, APlaceThatCountsInAnotherUnitIsNotMeant) {
  request_.places = {{{"orders", 0, ports::OffsetUnit::kBytes}, 5}};
  find_topic();
  EXPECT_EQ(refused().code, ErrorCode::kNotFound);
}

TEST_F(PeekTest, AsksWhichPartitionIsMeant) {
  request_.topic.partitions = {{1, 2}};
  find_topic(4);
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_EQ(error.message, "there are 4 partitions of topic orders: name one, such as orders/1");
}

TEST_F(PeekTest, RefusesAPartitionThatIsNotThere) {
  request_.partition = 4;
  find_topic(4);
  EXPECT_EQ(refused().code, ErrorCode::kNotFound);
  request_.partition.reset();
  request_.topic.partitions = {{7, 8}};
  find_topic(4);
  EXPECT_EQ(refused().code, ErrorCode::kInvalid);
}

TEST_F(PeekTest, NamesTheOptionWhereNoPlaceIsKnown) {
  request_.places.clear();
  find_topic();
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_EQ(error.message, "orders/0: no offset is stored; say with --offset where to look");
}

TEST_F(PeekTest, SaysThatThePlaceLiesOutsideTheLog) {
  find_topic();
  bound(10, 20, 20);
  EXPECT_EQ(refused().message,
            "orders/0: offset 5 lies before the start of the log, 10; say with --offset where to look instead");
  find_topic();
  bound(0, 3, 4);
  EXPECT_EQ(refused().message,
            "orders/0: offset 5 lies behind the end of the log, 4; say with --offset where to look instead");
  find_topic();
  source_.say(ports::Trouble{.child = {0, 0},
                             .error = {ErrorCode::kRefused, "choose a policy"},
                             .kind = Kind::kOffsetOutOfRange,
                             .log_start_offset = 0,
                             .log_end_offset = 3});
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::kNotFound);
  EXPECT_NE(error.message.find("behind the end of the log, 3"), std::string::npos) << error.message;
}

TEST_F(PeekTest, SaysWhatTheClusterDenies) {
  source_.say(ports::TopicMissing{"orders", {ErrorCode::kNotFound, "topic orders does not exist"}});
  EXPECT_EQ(refused().message, "topic orders does not exist");
  find_topic();
  trouble(Kind::kFinal, {ErrorCode::kUnsupported, "the broker is too old"});
  EXPECT_EQ(refused().code, ErrorCode::kUnsupported);
}

TEST_F(PeekTest, WaitsNoLongerThanItIsTold) {
  const Error silent = refused(std::chrono::milliseconds(20));
  EXPECT_EQ(silent.code, ErrorCode::kTimedOut);
  source_.say(ports::SourceState{false, "a:1: refused"});
  EXPECT_EQ(refused(std::chrono::milliseconds(20)).message, "the brokers did not answer in time: a:1: refused");
  find_topic();
  trouble(Kind::kRetrying, {ErrorCode::kUnreachable, "orders/0 has no leader"});
  const Error error = refused(std::chrono::milliseconds(20));
  EXPECT_EQ(error.code, ErrorCode::kTimedOut);
  EXPECT_EQ(error.message, "the brokers did not answer in time: orders/0 has no leader");
}

TEST_F(PeekTest, ForgetsATroubleThatIsOver) {
  find_topic();
  trouble(Kind::kRetrying, {ErrorCode::kUnreachable, "orders/0 has no leader"});
  source_.say(ports::Healed{{0, 0}});
  EXPECT_EQ(refused(std::chrono::milliseconds(20)).message, "the brokers did not answer in time");
}

TEST_F(PeekTest, ShowsWhatItHasWhereItCannotGoOn) {
  request_.count = 3;
  find_topic();
  deliver(5, {"a"});
  deliver(6, {"b"}).broken = true;
  const Peeked found = peeked();
  EXPECT_EQ(offsets_of(found), Offsets({5}));
  ASSERT_TRUE(found.trouble.has_value());
  EXPECT_EQ(found.trouble->code, ErrorCode::kCorrupt);
  EXPECT_EQ(found.trouble->message, "orders/0: record batch at offset 7: its checksum does not match");
}

TEST_F(PeekTest, KeepsNoMoreBytesThanItsLimit) {
  const std::string half(kMaxPeekedBytes / 2, 'x');
  request_.count = kMaxPeeked;
  find_topic();
  deliver(5, {half, half});
  const Peeked found = peeked();
  EXPECT_EQ(offsets_of(found), Offsets({5}));
  ASSERT_TRUE(found.trouble.has_value());
  EXPECT_EQ(found.trouble->code, ErrorCode::kLimit);
  EXPECT_NE(found.trouble->message.find("offset 6"), std::string::npos) << found.trouble->message;
  find_topic();
  deliver(5, {half + half});
  EXPECT_EQ(refused().code, ErrorCode::kLimit);
}

TEST_F(PeekTest, FetchesNoMoreBytesThanItsLimit) {
  find_topic();
  bound(0, 1000);
  deliver(5, {}, kMaxFetchedBytes, 500);
  deliver(500, {}, 1, 501);
  const Error error = refused();
  EXPECT_EQ(error.code, ErrorCode::kLimit);
  EXPECT_NE(error.message.find("--offset 501"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace ductus::operate
