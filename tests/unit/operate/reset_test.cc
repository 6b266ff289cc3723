#include "operate/reset.h"

#include <gtest/gtest.h>

#include <limits>

#include "offsets/sqlite_store.h"
#include "support/temporary_directory.h"

namespace ductus::operate {
namespace {

using ports::Position;
using ports::TopicId;
using ports::TopicPartition;
using Kind = ResetTarget::Kind;

const TopicId kOrdersId{7, 7};
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();

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

  void topic(const std::string& name, std::int32_t partitions) { looks_.source.topics[name] = {kOrdersId, partitions}; }
  void log_of(const TopicPartition& partition, std::int64_t start, std::int64_t end) {
    looks_.source.partitions[partition] = {start, end, end, std::nullopt, ""};
  }
  void at_time(const TopicPartition& partition, std::int64_t offset) {
    looks_.source.partitions[partition].at_time = offset;
  }
  static ResetRequest request(Kind kind, std::int64_t amount = 0) {
    return {{kind, amount}, {{{.name = "orders", .init = {}, .partitions = {}}, {}, true}}};
  }
  ResetPlan plan(const ResetRequest& wanted) const {
    auto planned = plan_reset(wanted, looks_, stored_);
    if (planned) return *std::move(planned);
    ADD_FAILURE() << planned.error().message;
    return {};
  }
  Error refusal(const ResetRequest& wanted) const {
    const auto planned = plan_reset(wanted, looks_, stored_);
    if (!planned) return planned.error();
    ADD_FAILURE() << "planned";
    return {ErrorCode::kNotNeeded, ""};
  }
  ResetPlan file(const std::vector<FileEntry>& entries) const {
    auto planned = plan_file({false, entries, {}}, looks_.source, stored_);
    if (planned) return *std::move(planned);
    ADD_FAILURE() << planned.error().message;
    return {};
  }
  Error refusal_of_file(const std::vector<FileEntry>& entries) const {
    const auto planned = plan_file({false, entries, {}}, looks_.source, stored_);
    if (!planned) return planned.error();
    ADD_FAILURE() << "planned";
    return {ErrorCode::kNotNeeded, ""};
  }
  static std::vector<std::int64_t> offsets_of(const ResetPlan& plan) {
    std::vector<std::int64_t> offsets;
    for (const ResetRow& row : plan.rows) offsets.push_back(row.after ? row.after->next_offset : -1);
    return offsets;
  }
  Result<void> apply(const ResetPlan& plan) { return apply_plan(config_, plan, "alice", "reset_offsets"); }
  std::unique_ptr<offsets::SqliteStore> store() {
    return *offsets::SqliteStore::open(config_.store_path, "tests", base::LockOwner::kVerb);
  }

  test::TemporaryDirectory directory_;
  config::NodeConfig config_;
  ResetLooks looks_;
  Places stored_;
};

TEST_F(ResetTest, PutsEveryPartitionWhereTheVerbSays) {
  EXPECT_EQ(offsets_of(plan(request(Kind::kReadableEnd))), (std::vector<std::int64_t>{100, 9}));
  EXPECT_EQ(offsets_of(plan(request(Kind::kLogStart))), (std::vector<std::int64_t>{50, 0}));
  EXPECT_EQ(offsets_of(plan(request(Kind::kOffset, 0))), (std::vector<std::int64_t>{0, 0}));
  EXPECT_EQ(plan(request(Kind::kOffset)).rows[0].after->topic_id, kOrdersId);
}

TEST_F(ResetTest, PutsEveryPartitionAtTheTimeThatWasAskedFor) {
  at_time({"orders", 0}, 77);
  EXPECT_EQ(refusal(request(Kind::kTime)).code, ErrorCode::kUnreachable) << "of one partition it is not known";
  at_time({"orders", 1}, 9);
  const auto planned = plan(request(Kind::kTime));
  EXPECT_EQ(offsets_of(planned), (std::vector<std::int64_t>{77, 9}));
  EXPECT_EQ(planned.rows[0].note, "");
  EXPECT_EQ(planned.rows[1].note, "no message at that time or after it");
}

TEST_F(ResetTest, ShiftsFromWhereItIsAndStaysWithinTheLog) {
  stored_ = {{{"orders", 0}, {70}}, {{"orders", 1}, {4}}};
  EXPECT_EQ(offsets_of(plan(request(Kind::kShift, 3))), (std::vector<std::int64_t>{73, 7}));
  const auto forward = plan(request(Kind::kShift, 6));
  EXPECT_EQ(offsets_of(forward), (std::vector<std::int64_t>{76, 9}));
  EXPECT_EQ(forward.rows[1].note, "10 is past the end of the log");
  const auto back = plan(request(Kind::kShift, -21));
  EXPECT_EQ(offsets_of(back), (std::vector<std::int64_t>{50, 0}));
  EXPECT_EQ(back.rows[0].note, "49 is before the start of the log");
  EXPECT_EQ(offsets_of(plan(request(Kind::kShift, kGreatest))), (std::vector<std::int64_t>{100, 9}));
  EXPECT_EQ(offsets_of(plan(request(Kind::kShift, -kGreatest))), (std::vector<std::int64_t>{50, 0}));
}

TEST_F(ResetTest, ShiftsNothingWhereOnePartitionHasNoOffsetOrNoKnownLog) {
  stored_ = {{{"orders", 0}, {70}}};
  EXPECT_EQ(refusal(request(Kind::kShift, 1)).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(request(Kind::kShift, 1)).message.find("orders/1"), std::string::npos);
  stored_[{"orders", 1}] = {4};
  looks_.source.partitions[{"orders", 1}] = {{}, {}, {}, {}, "no leader"};
  EXPECT_EQ(refusal(request(Kind::kShift, 1)).code, ErrorCode::kUnreachable);
}

TEST_F(ResetTest, KeepsWhatIsKnownOfAPlaceThatStays) {
  stored_ = {{{"orders", 0}, {100, 5, kOrdersId}}, {{"orders", 1}, {9, 5, {1}}}};
  const auto planned = plan(request(Kind::kReadableEnd));
  EXPECT_EQ(planned.rows[0].after, (Position{100, 5, kOrdersId}));
  EXPECT_EQ(planned.rows[1].after, (Position{9, -1, kOrdersId})) << "of another topic of that name";
}

TEST_F(ResetTest, AccountsForTheWholeTopicOnlyWhereItsPartitionsAreAllSet) {
  const auto all = plan(request(Kind::kReadableEnd));
  ASSERT_EQ(all.topics.size(), 1u);
  EXPECT_EQ(all.topics[0].known, (ports::KnownTopic{kOrdersId, 2}));
  ResetRequest one = request(Kind::kOffset, 3);
  one.places[0].partition = 1;
  EXPECT_EQ(offsets_of(plan(one)), (std::vector<std::int64_t>{3}));
  EXPECT_TRUE(plan(one).topics.empty());
}

TEST_F(ResetTest, LeavesPartitionsAloneThatTheConfigurationDoesNotRead) {
  ResetRequest some = request(Kind::kReadableEnd);
  some.places[0].topic.partitions = {{1, 1}};
  EXPECT_EQ(offsets_of(plan(some)), (std::vector<std::int64_t>{9}));
  EXPECT_TRUE(plan(some).topics.empty());
  some.places[0].partition = 0;
  EXPECT_EQ(refusal(some).code, ErrorCode::kInvalid);
}

TEST_F(ResetTest, AsksWhichPartitionOfSeveralIsMeant) {
  ResetRequest vague = request(Kind::kOffset, 3);
  vague.places[0].all_partitions = false;
  EXPECT_EQ(refusal(vague).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(vague).message.find("say --partition N for one of them, or --all-partitions"), std::string::npos);
  topic("orders", 1);
  EXPECT_EQ(offsets_of(plan(vague)), (std::vector<std::int64_t>{3}));
}

TEST_F(ResetTest, RefusesAPartitionThatIsNotThereOrThatIsNamedTwice) {
  ResetRequest beyond = request(Kind::kOffset, 3);
  beyond.places[0].partition = 2;
  EXPECT_EQ(refusal(beyond).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(beyond).message.find("0 to 1"), std::string::npos) << refusal(beyond).message;
  ResetRequest twice = request(Kind::kOffset, 3);
  twice.places.push_back(twice.places[0]);
  twice.places[1].partition = 1;
  EXPECT_EQ(refusal(twice).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(twice).message.find("orders/1 is named twice"), std::string::npos) << refusal(twice).message;
}

TEST_F(ResetTest, PlansNothingWhereOnePartitionIsNotKnown) {
  looks_.source.partitions[{"orders", 1}] = {{}, {}, {}, {}, "no leader"};
  for (const Kind kind : {Kind::kReadableEnd, Kind::kLogStart}) {
    EXPECT_EQ(refusal(request(kind)).code, ErrorCode::kUnreachable);
    EXPECT_NE(refusal(request(kind)).message.find("orders/1: no leader"), std::string::npos);
  }
}

TEST_F(ResetTest, TellsATopicThatIsNotThereFromAClusterThatIsAway) {
  LogLook& look = looks_.source;
  look.topics.clear();
  look.missing_topics.insert({"orders", {ErrorCode::kNotFound, "topic orders does not exist"}});
  EXPECT_EQ(refusal(request(Kind::kOffset)).code, ErrorCode::kNotFound);
  look.missing_topics.clear();
  look.missing_topics.insert({"orders", {ErrorCode::kTimedOut, "the cluster has not answered"}});
  look.trouble = "kafka:9092: connection refused";
  EXPECT_EQ(refusal(request(Kind::kOffset)).code, ErrorCode::kUnreachable);
  EXPECT_NE(refusal(request(Kind::kOffset)).message.find("kafka:9092"), std::string::npos);
}

TEST_F(ResetTest, ReadsNewestOldestAndTimesWhereTheTargetSaysSo) {
  looks_.target.emplace();
  looks_.target->topics["orders"] = {{1}, 2};
  looks_.target->partitions[{"orders", 0}] = {60, 90, 90, 120, ""};
  looks_.target->partitions[{"orders", 1}] = {1, 20, 20, 5, ""};
  EXPECT_EQ(offsets_of(plan(request(Kind::kLogStart))), (std::vector<std::int64_t>{60, 1}));
  const auto newest = plan(request(Kind::kReadableEnd));
  EXPECT_EQ(offsets_of(newest), (std::vector<std::int64_t>{90, 20}));
  EXPECT_EQ(newest.rows[0].after->topic_id, kOrdersId) << "the topic that is read";
  EXPECT_TRUE(newest.rows[1].outside_log()) << "of the topic that is read";
  const auto times = plan(request(Kind::kTime));
  EXPECT_EQ(offsets_of(times), (std::vector<std::int64_t>{100, 5}));
  EXPECT_EQ(times.rows[0].note, "120 is past the end of the log");
}

TEST_F(ResetTest, RefusesATargetWithoutTheTopicOrWithOtherPartitions) {
  looks_.target.emplace();
  looks_.target->missing_topics.insert({"orders", {ErrorCode::kNotFound, "topic orders does not exist"}});
  EXPECT_EQ(refusal(request(Kind::kReadableEnd)).code, ErrorCode::kNotFound);
  EXPECT_NE(refusal(request(Kind::kReadableEnd)).message.find("[target]"), std::string::npos);
  looks_.target->topics["orders"] = {kOrdersId, 3};
  EXPECT_EQ(refusal(request(Kind::kReadableEnd)).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(request(Kind::kReadableEnd)).message.find("but 3 in the cluster of [target]"), std::string::npos);
}

TEST_F(ResetTest, SaysWhichOffsetsLieOutsideTheLog) {
  const auto zero = plan(request(Kind::kOffset, 0));
  EXPECT_TRUE(zero.rows[0].outside_log());
  EXPECT_FALSE(zero.rows[1].outside_log());
  const auto end = plan(request(Kind::kOffset, 100));
  EXPECT_FALSE(end.rows[0].outside_log());
  EXPECT_TRUE(end.rows[1].outside_log());
}

TEST_F(ResetTest, TakesAFileWhoseEntriesWithoutPartitionAreOfTopicsWithOne) {
  topic("single", 1);
  log_of({"single", 0}, 0, 70);
  const auto planned = file({{"single", {}, {60}, "line 1"}, {"orders", 1, {5}, "line 2"}});
  EXPECT_EQ(offsets_of(planned), (std::vector<std::int64_t>{5, 60}));
  ASSERT_EQ(planned.topics.size(), 1u);
  EXPECT_EQ(planned.topics[0].topic, "single");
}

TEST_F(ResetTest, TakesNothingOfAFileWithOneBadEntry) {
  topic("single", 1);
  log_of({"single", 0}, 0, 70);
  const FileEntry good{"single", {}, {60}, "results[0]"};
  const Error which = refusal_of_file({good, {"orders", {}, {5}, "results[1]"}});
  EXPECT_EQ(which.code, ErrorCode::kInvalid);
  EXPECT_NE(which.message.find("results[1]: orders has 2 partitions"), std::string::npos) << which.message;
  const Error beyond = refusal_of_file({good, {"orders", 2, {5}, "results[1]"}});
  EXPECT_EQ(beyond.code, ErrorCode::kInvalid);
  EXPECT_NE(beyond.message.find("0 to 1, not 2"), std::string::npos) << beyond.message;
  const Error twice = refusal_of_file({good, {"single", 0, {60}, "results[1]"}});
  EXPECT_EQ(twice.code, ErrorCode::kInvalid);
  EXPECT_NE(twice.message.find("results[1]: single/0 is named twice"), std::string::npos) << twice.message;
  EXPECT_EQ(refusal_of_file({good, {"none", 0, {5}, "results[1]"}}).code, ErrorCode::kUnreachable);
}

TEST_F(ResetTest, TakesNoEntryOfAFileForAPartitionThatIsNotRead) {
  looks_.source.partitions.erase({"orders", 1});
  const Error error = refusal_of_file({FileEntry{"orders", 1, {5}, "results[0]"}});
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find("results[0]: the configuration does not read orders/1"), std::string::npos)
      << error.message;
}

TEST_F(ResetTest, ImportsACompleteFileAsItStands) {
  stored_ = {{{"orders", 0}, {70}}};
  const auto planned = plan_import(
      {true, {{"users", 3, {8, 2, {1}}, ""}, {"orders", 0, {71, 4, {2}}, ""}}, {{"orders", {{2}, 12}}}}, stored_);
  EXPECT_EQ(planned.rows[0].partition, (TopicPartition{"orders", 0}));
  EXPECT_EQ(planned.rows[0].before, Position{70});
  EXPECT_EQ(planned.rows[0].after, (Position{71, 4, {2}}));
  EXPECT_EQ(planned.rows[1].before, std::nullopt);
  EXPECT_EQ(planned.topics, (std::vector<ports::StoredTopic>{{"orders", {{2}, 12}}}));
}

TEST_F(ResetTest, StoresThePlanAndNotesIt) {
  ASSERT_TRUE(store()->store(std::vector<ports::StoredPosition>{{{"orders", 1}, {4}}}).ok());
  stored_ = places_of(*stored_entries(config_));
  const auto applied = apply(plan(request(Kind::kReadableEnd)));
  ASSERT_TRUE(applied.ok()) << applied.error().message;
  EXPECT_EQ(
      stored_entries(config_)->positions,
      (std::vector<ports::StoredPosition>{{{"orders", 0}, {100, -1, kOrdersId}}, {{"orders", 1}, {9, -1, kOrdersId}}}));
  const auto journal = stored_journal(config_, 9);
  ASSERT_EQ(journal->size(), 1u);
  EXPECT_EQ(journal->front().who, "alice");
}

TEST_F(ResetTest, StoresNothingWhereAnOffsetHasMovedSinceThePlan) {
  const auto planned = plan(request(Kind::kReadableEnd));
  ASSERT_TRUE(store()->store(std::vector<ports::StoredPosition>{{{"orders", 1}, {4}}}).ok());
  const auto refused = apply(planned);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(stored_entries(config_)->positions.size(), 1u);
}

TEST_F(ResetTest, ForgetsAPlace) {
  ASSERT_TRUE(store()->store(std::vector<ports::StoredPosition>{{{"orders", 1}, {4}}}).ok());
  ASSERT_TRUE(apply({{{{"orders", 1}, Position{4}, {}, {}, {}, ""}}, {}}).ok());
  EXPECT_TRUE(stored_entries(config_)->positions.empty());
}

TEST_F(ResetTest, MakesNoStoreWhereItIsOnlyLookedAt) {
  EXPECT_TRUE(stored_entries(config_)->positions.empty());
  EXPECT_TRUE(stored_journal(config_, 1)->empty());
  EXPECT_FALSE(std::filesystem::exists(config_.store_path));
}

TEST_F(ResetTest, RefusesAStoreThatANodeHolds) {
  const auto held = offsets::SqliteStore::open(config_.store_path, "tests", base::LockOwner::kNode);
  const auto refused = apply(plan(request(Kind::kReadableEnd)));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
}

TEST_F(ResetTest, RefusesAStoreThatForgets) {
  EXPECT_TRUE(check_store_lasts(config_).ok());
  config_.store_url = "memory:";
  EXPECT_EQ(check_store_lasts(config_).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ductus::operate
