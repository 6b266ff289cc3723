#include "operate/reset.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "offsets/sqlite_store.h"
#include "support/temporary_directory.h"

namespace ductus::operate {
namespace {

using ports::Position;
using ports::TopicId;
using ports::TopicPartition;
using Target = ResetRequest::Target;

const TopicId kOrdersId{7, 7};

class ResetTest : public ::testing::Test {
 protected:
  ResetTest() {
    topic("orders", 2);
    log_of({"orders", 0}, 50, 100);
    log_of({"orders", 1}, 0, 9);
    config_.name = "local";
    config_.handler_name = "tests";
    config_.store_path = directory_ / "offsets.db";
  }

  void topic(const std::string& name, std::int32_t partitions) { look_.topics[name] = {kOrdersId, partitions}; }
  void log_of(const TopicPartition& partition, std::int64_t start, std::int64_t end) {
    look_.partitions[partition] = {start, end, end, std::nullopt, ""};
  }
  static ResetRequest request(Target target, std::int64_t offset = 0) { return {target, offset, {"orders"}, {}, true}; }
  ResetPlan plan(const ResetRequest& wanted) const {
    auto planned = plan_reset(wanted, look_);
    if (planned) return *std::move(planned);
    ADD_FAILURE() << planned.error().message;
    return {};
  }
  Error refusal(const ResetRequest& wanted) const {
    const auto planned = plan_reset(wanted, look_);
    if (!planned) return planned.error();
    ADD_FAILURE() << "planned";
    return {ErrorCode::kNotNeeded, ""};
  }
  static std::vector<std::int64_t> offsets_of(const ResetPlan& plan) {
    std::vector<std::int64_t> offsets;
    for (const ResetRow& row : plan.rows) offsets.push_back(row.after.next_offset);
    return offsets;
  }
  std::vector<ResetRow> apply(ResetPlan plan) {
    auto applied = apply_reset(config_, std::move(plan), "alice", "reset_offsets");
    if (applied) return *std::move(applied);
    ADD_FAILURE() << applied.error().message;
    return {};
  }
  std::unique_ptr<offsets::SqliteStore> store() {
    return *offsets::SqliteStore::open(config_.store_path, "tests", base::LockOwner::kVerb);
  }

  test::TemporaryDirectory directory_;
  config::NodeConfig config_;
  LogLook look_;
};

TEST_F(ResetTest, PutsEveryPartitionWhereTheVerbSays) {
  EXPECT_EQ(offsets_of(plan(request(Target::kReadableEnd))), (std::vector<std::int64_t>{100, 9}));
  EXPECT_EQ(offsets_of(plan(request(Target::kLogStart))), (std::vector<std::int64_t>{50, 0}));
  EXPECT_EQ(offsets_of(plan(request(Target::kOffset, 0))), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(plan(request(Target::kOffset)).rows[0].after.topic_id, kOrdersId);
}

TEST_F(ResetTest, PutsEveryPartitionAtTheTimeThatWasAskedFor) {
  look_.partitions[{"orders", 0}].at_time = 77;
  EXPECT_EQ(refusal(request(Target::kTime)).code, ErrorCode::kUnreachable) << "of one partition it is not known";
  look_.partitions[{"orders", 1}].at_time = 9;
  EXPECT_EQ(offsets_of(plan(request(Target::kTime))), (std::vector<std::int64_t>{77, 9}));
}

TEST_F(ResetTest, AccountsForTheWholeTopicOnlyWhereItsPartitionsAreAllSet) {
  const auto all = plan(request(Target::kReadableEnd));
  ASSERT_EQ(all.topics.size(), 1u);
  EXPECT_EQ(all.topics[0].known, (ports::KnownTopic{kOrdersId, 2}));
  ResetRequest one = request(Target::kOffset, 3);
  one.partition = 1;
  EXPECT_EQ(offsets_of(plan(one)), (std::vector<std::int64_t>{3}));
  EXPECT_TRUE(plan(one).topics.empty());
}

TEST_F(ResetTest, AsksWhichPartitionOfSeveralIsMeant) {
  ResetRequest vague = request(Target::kOffset, 3);
  vague.all_partitions = false;
  EXPECT_EQ(refusal(vague).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(vague).message.find("say --partition N for one of them, or --all-partitions"), std::string::npos);
  topic("orders", 1);
  EXPECT_EQ(offsets_of(plan(vague)), (std::vector<std::int64_t>{3}));
}

TEST_F(ResetTest, RefusesAPartitionThatIsNotThere) {
  ResetRequest beyond = request(Target::kOffset, 3);
  beyond.partition = 2;
  EXPECT_EQ(refusal(beyond).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(beyond).message.find("0 to 1"), std::string::npos) << refusal(beyond).message;
}

TEST_F(ResetTest, PlansNothingWhereOnePartitionIsNotKnown) {
  look_.partitions[{"orders", 1}] = {{}, {}, {}, {}, "no leader"};
  for (const Target target : {Target::kReadableEnd, Target::kLogStart}) {
    EXPECT_EQ(refusal(request(target)).code, ErrorCode::kUnreachable);
    EXPECT_NE(refusal(request(target)).message.find("orders/1: no leader"), std::string::npos);
  }
}

TEST_F(ResetTest, TellsATopicThatIsNotThereFromAClusterThatIsAway) {
  look_.topics.clear();
  look_.missing_topics.insert({"orders", {ErrorCode::kNotFound, "topic orders does not exist"}});
  EXPECT_EQ(refusal(request(Target::kOffset)).code, ErrorCode::kNotFound);
  look_.missing_topics.clear();
  look_.missing_topics.insert({"orders", {ErrorCode::kTimedOut, "the cluster has not answered"}});
  look_.trouble = "kafka:9092: connection refused";
  EXPECT_EQ(refusal(request(Target::kOffset)).code, ErrorCode::kUnreachable);
  EXPECT_NE(refusal(request(Target::kOffset)).message.find("kafka:9092"), std::string::npos);
}

TEST_F(ResetTest, SaysWhichOffsetsLieOutsideTheLog) {
  const auto zero = plan(request(Target::kOffset, 0));
  EXPECT_TRUE(zero.rows[0].outside_log());
  EXPECT_FALSE(zero.rows[1].outside_log());
  const auto end = plan(request(Target::kOffset, 100));
  EXPECT_FALSE(end.rows[0].outside_log());
  EXPECT_TRUE(end.rows[1].outside_log());
}

TEST_F(ResetTest, StoresAndTellsWhatWasThereBefore) {
  ASSERT_TRUE(store()->store(std::vector<ports::StoredPosition>{{{"orders", 1}, {4}}}).ok());
  const auto rows = apply(plan(request(Target::kReadableEnd)));
  EXPECT_EQ(to_text(rows), "orders/0: none -> 100\norders/1: 4 -> 9\n");
  const auto stored = store()->load(std::vector<TopicPartition>{{"orders", 0}, {"orders", 1}});
  EXPECT_EQ((*stored)[0], (Position{100, -1, kOrdersId}));
  EXPECT_EQ((*stored)[1], (Position{9, -1, kOrdersId}));
}

TEST_F(ResetTest, RefusesAStoreThatANodeHolds) {
  const auto held = offsets::SqliteStore::open(config_.store_path, "tests", base::LockOwner::kNode);
  const auto refused = apply_reset(config_, plan(request(Target::kReadableEnd)), "alice", "why");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

TEST_F(ResetTest, RefusesAStoreThatForgets) {
  config_.store_url = "memory:";
  const auto refused = apply_reset(config_, plan(request(Target::kReadableEnd)), "alice", "why");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
}

TEST_F(ResetTest, IsToldAsJson) {
  const auto rows = apply(plan(request(Target::kOffset, 0)));
  const auto told = nlohmann::json::parse(to_json(config_, rows));
  EXPECT_EQ(told["schema"], "ductus.reset/1");
  EXPECT_EQ(told["handler_name"], "tests");
  EXPECT_EQ(told["partitions"][0], nlohmann::json::parse(R"({"topic":"orders","partition":0,"before":null,
      "next_offset":0,"log_start_offset":50,"readable_end":100,"outside_log":true})"));
}

}  // namespace
}  // namespace ductus::operate
