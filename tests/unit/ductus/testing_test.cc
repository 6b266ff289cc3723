#include "ductus/testing.h"

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>
#include <utility>

namespace ductus {
namespace {

using std::chrono::milliseconds;
using Seen = std::vector<std::string>;

/// A module whose handlers note what they see and answer as they are told.
struct Notes {
  Seen seen;                      ///< "ab@2": the values of a batch and the offset after it; what else was called
  std::optional<Verdict> answer;  ///< to the next batch; ok to all others
  bool throws = false;
  Result<void> synced;
  std::optional<milliseconds> idle;
};

class NotingHandler : public Handler {
 public:
  NotingHandler(Notes& notes, Context context) : notes_(notes), context_(std::move(context)) {}
  Verdict handle_messages(const Batch& batch) override {
    std::string values;
    for (const Message& message : batch) values += message.value();
    notes_.seen.push_back(values + "@" + std::to_string(batch.next_offset()));
    context_.log(LogLevel::kInfo, "got " + values);
    if (notes_.throws) throw std::runtime_error("no");
    return std::exchange(notes_.answer, std::nullopt).value_or(Verdict::ok());
  }
  Result<void> sync() override { return notes_.synced; }
  Value aggregate_element() override { return context_.partition; }
  void stop() override { notes_.seen.emplace_back(context_.stop.stop_requested() ? "stop" : "stop unasked"); }

 private:
  Notes& notes_;
  Context context_;
};

class NotingModule : public Module {
 public:
  explicit NotingModule(Notes& notes) : notes_(notes) {}
  Result<std::unique_ptr<Handler>> init(const Context& context, const Value& init_data) override {
    if (init_data == Value("refuse")) return Error{ErrorCode::kInvalid, "refused"};
    if (init_data == Value("throw")) throw std::runtime_error("thrown");
    return std::make_unique<NotingHandler>(notes_, context);
  }
  std::optional<milliseconds> idle_interval() const override { return notes_.idle; }
  void handle_periodic_aggregate(const Aggregate& aggregate) override {
    for (const auto& [topic, partitions] : aggregate) {
      notes_.seen.push_back(topic + ":" + std::to_string(partitions.size()));
    }
  }

 private:
  Notes& notes_;
};

class TestingTest : public ::testing::Test {
 protected:
  Notes notes_;
  TestNode node_{std::make_unique<NotingModule>(notes_)};
};

TEST(TestBatchTest, ShowsMessagesAsABrokerSendsThem) {
  const TestBatch owner({{.value = "v", .key = "k", .headers = {{"h", "1"}, {"null", std::nullopt}}, .timestamp_ms = 5},
                         {.key = ""},
                         {.value = std::string(300, 'x'), .headers = {{std::string(200, 'h'), ""}}}},
                        40, "clicks", 3);
  const Batch batch = owner;
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.topic(), "clicks");
  EXPECT_EQ(batch.partition(), 3);
  EXPECT_EQ(batch.next_offset(), 43);
  EXPECT_EQ(batch[0].offset(), 40);
  EXPECT_EQ(batch[0].key(), "k");
  EXPECT_EQ(batch[0].value(), "v");
  EXPECT_EQ(batch[0].timestamp_ms(), 5);
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
  for (const Header& header : batch[0].headers()) headers.emplace_back(header.key, header.value);
  EXPECT_EQ(headers, (decltype(headers){{"h", "1"}, {"null", std::nullopt}}));
  EXPECT_TRUE(batch[1].has_key());
  EXPECT_FALSE(batch[1].has_value());
  EXPECT_TRUE(batch[1].headers().empty());
  EXPECT_FALSE(batch[2].has_key());
  EXPECT_EQ(batch[2].value().size(), 300u);
  EXPECT_EQ((*batch[2].headers().begin()).key.size(), 200u);
}

TEST_F(TestingTest, StoresOnlyWhatWasSynced) {
  TestPartition& one = node_.open();
  EXPECT_TRUE(one.feed({"a", "b"}).is_ok());
  EXPECT_EQ(one.stored_offset(), 0);
  EXPECT_TRUE(one.sync());
  EXPECT_EQ(one.stored_offset(), 2);
  EXPECT_TRUE(one.feed(std::vector<std::string>{"c"}).is_ok());
  EXPECT_TRUE(one.restart().is_ok());
  EXPECT_EQ(notes_.seen, (Seen{"ab@2", "c@3", "stop", "c@3"}));
  EXPECT_TRUE(node_.logged("got c"));
  EXPECT_FALSE(node_.logged("got d"));
}

TEST_F(TestingTest, AHandlerWithoutSyncHasNothingToWaitFor) {
  notes_.synced = Error{ErrorCode::kNotNeeded, ""};
  TestPartition& one = node_.open();
  EXPECT_TRUE(one.feed({"a"}).is_ok());
  EXPECT_TRUE(one.sync());
  EXPECT_EQ(one.stored_offset(), 1);
}

TEST_F(TestingTest, ADeferredBatchComesAgainWhenItIsDue) {
  notes_.answer = Verdict::defer(milliseconds(100));
  TestPartition& one = node_.open();
  EXPECT_NE(one.feed({"a"}).as_defer(), nullptr);
  EXPECT_THROW((void)one.feed({"b"}), std::logic_error);
  node_.advance(milliseconds(99));
  EXPECT_NE(one.verdict().as_defer(), nullptr);
  node_.advance(milliseconds(1));
  EXPECT_TRUE(one.verdict().is_ok());
  EXPECT_EQ(notes_.seen, (Seen{"a@1", "a@1"}));
}

TEST_F(TestingTest, AFailureStopsTheHandlerUntilItIsRestarted) {
  TestPartition& one = node_.open();
  for (const bool by_exception : {false, true}) {
    notes_.seen.clear();
    notes_.throws = by_exception;
    if (!by_exception) notes_.answer = Verdict::fail("no");
    const Verdict verdict = one.feed({"a"});
    ASSERT_NE(verdict.as_fail(), nullptr);
    EXPECT_EQ(verdict.as_fail()->reason, "no");
    EXPECT_THROW((void)one.feed({"b"}), std::logic_error);
    notes_.throws = false;
    EXPECT_TRUE(one.restart().is_ok());
    EXPECT_TRUE(one.sync());
    const std::string batch = by_exception ? "a@2" : "a@1";
    EXPECT_EQ(notes_.seen, (Seen{batch, "stop", batch}));
  }
}

TEST_F(TestingTest, AFailedSyncStoresNothing) {
  TestPartition& one = node_.open();
  EXPECT_TRUE(one.feed({"a"}).is_ok());
  notes_.synced = Error{ErrorCode::kIo, "disk"};
  EXPECT_EQ(one.sync().error().message, "disk");
  EXPECT_EQ(one.stored_offset(), 0);
  EXPECT_EQ(one.verdict().as_fail()->reason, "disk");
  EXPECT_THROW((void)one.sync(), std::logic_error);
  notes_.synced = {};
  EXPECT_TRUE(one.restart().is_ok());
  EXPECT_TRUE(one.sync());
  EXPECT_EQ(notes_.seen, (Seen{"a@1", "stop", "a@1"}));
}

TEST_F(TestingTest, IdlePartitionsGetEmptyBatches) {
  notes_.idle = milliseconds(40);
  TestPartition& one = node_.open();
  node_.advance(milliseconds(30));
  EXPECT_TRUE(one.feed({"a"}).is_ok());
  node_.advance(milliseconds(100));
  EXPECT_EQ(notes_.seen, (Seen{"a@1", "@1", "@1"}));
}

TEST_F(TestingTest, CollectsTheElementsOfAllThatLive) {
  node_.open("clicks", 0);
  node_.open("clicks", 7);
  node_.open("views", 1);
  node_.open("views", 2).stop();
  const Aggregate aggregate = node_.aggregate();
  EXPECT_EQ(aggregate, (Aggregate{{"clicks", {{0, Value(0)}, {7, Value(7)}}}, {"views", {{1, Value(1)}}}}));
  EXPECT_EQ(aggregate.missing, (std::map<std::string, std::set<std::int32_t>>{{"views", {2}}}));
  EXPECT_EQ(notes_.seen, (Seen{"stop", "clicks:2", "views:1"}));
}

TEST_F(TestingTest, AnInitThatFailsOrThrowsIsTold) {
  EXPECT_EQ(node_.try_open("clicks", 0, "refuse").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(node_.try_open("clicks", 0, "throw").error().message, "thrown");
  EXPECT_THROW((void)node_.open("clicks", 0, "refuse"), std::runtime_error);
}

}  // namespace
}  // namespace ductus
