// Whether the log still goes on from what was read, where the broker does not compare epochs itself.
#include <gtest/gtest.h>

#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using namespace std::chrono_literals;
using ports::Deliver;
using ports::Healed;
using ports::Trouble;
using Validations = std::vector<std::string>;

class ValidationTest : public ScriptedCluster {
 protected:
  ValidationTest() {
    max_fetch = 11;
    topic_id = {};  // below Kafka 2.8
  }
  /// The cluster as Kafka 2.3 to 2.6 is, with one partition whose log is [0, 100) and has these epochs.
  void attach_log(std::map<std::int32_t, std::int64_t> epochs) {
    attach_partitions(1);
    topics["t"][0].epochs = std::move(epochs);
  }
  /// The trouble that stops the partition, in the third answer that makes the same doubt.
  Trouble stopped_after_three_validations() {
    EXPECT_TRUE(take<Trouble>().empty());
    pass(5s);
    EXPECT_EQ(validations.size(), 3u);
    EXPECT_TRUE(fetches().empty());
    const auto troubles = take<Trouble>();
    EXPECT_EQ(troubles.size(), 1u);
    return troubles.empty() ? Trouble{{}, {ErrorCode::kNotNeeded, "none"}} : troubles.front();
  }
};

TEST_F(ValidationTest, a_new_place_is_validated_once_and_read_on_from_without_asking_again) {
  attach_log({{3, 0}, {5, 40}});
  want(0, 40, 3);
  EXPECT_EQ(validations, Validations{"t/0 epoch 3"});
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
  read_on({0});
  answer(only_fetch(), {data(0, 40, 60, 100)});
  answer(only_fetch(), {data(0, 60, 100, 100)});
  answer(only_fetch(), {nothing(0, 100)});
  EXPECT_EQ(take<Deliver>().size(), 2u);
  EXPECT_EQ(validations.size(), 1u);
  want(0, 50, 5);
  answer(only_fetch(), {nothing(0, 100)});  // to the question before
  EXPECT_EQ(validations, (Validations{"t/0 epoch 3", "t/0 epoch 5"})) << "another place";
}

TEST_F(ValidationTest, it_is_validated_again_when_the_leader_epoch_changes) {
  attach_log({{5, 0}});
  want(0, 40, 5);
  topics["t"][0].epoch = 6;
  topics["t"][0].epochs = {{5, 0}, {6, 90}};
  answer(only_fetch(), {refused(0, KafkaError::kFencedLeaderEpoch)});
  pass(2s);
  EXPECT_EQ(validations, (Validations{"t/0 epoch 5", "t/0 epoch 5"}));
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
  EXPECT_EQ(only_fetch().partitions.at(0).leader_epoch, 6);
}

TEST_F(ValidationTest, an_answer_of_an_earlier_leader_epoch_does_not_count) {
  attach_log({{5, 0}});
  hold_validations = true;
  want(0, 40, 5);
  ASSERT_EQ(validations.size(), 1u);
  topics["t"][0].epoch = 6;  // elected without what stood from 30 on
  topics["t"][0].epochs = {{5, 0}, {6, 30}};
  pass(2 * settings.slow_answer);  // the metadata tells of it
  answer_validations();
  EXPECT_EQ(validations.size(), 2u);
  EXPECT_TRUE(fetches().empty());
  pass(5s);
  EXPECT_EQ(take<Trouble>().at(0).parted_at, 30);
}

TEST_F(ValidationTest, and_when_another_broker_leads) {
  brokers[2] = 9002;
  attach_log({{5, 0}});
  want(0, 40, 5);
  topics["t"][0].leader = 2;
  answer(only_fetch(), {refused(0, KafkaError::kNotLeaderOrFollower)});
  pass(2s);
  EXPECT_EQ(validations.size(), 2u);
  EXPECT_EQ(only_fetch().port, 9002);
}

TEST_F(ValidationTest, partitions_share_a_request_and_those_without_an_epoch_are_not_asked_of) {
  attach_partitions(3);
  enter([&](auto& out) {
    source->want({0, 1}, {10, 5, {}}, now, out);
    source->want({1, 1}, {20, -1, {}}, now, out);
    source->want({2, 1}, {30, 5, {}}, now, out);
  });
  EXPECT_EQ(validations, (Validations{"t/0 epoch 5", "t/2 epoch 5"}));
  EXPECT_EQ(count_sends(ApiKey::kOffsetForLeaderEpoch), 1u);
  EXPECT_EQ(only_fetch().asks(), "t/1@20 t/0@10 t/2@30");
}

TEST_F(ValidationTest, a_log_whose_epoch_ends_below_the_place_was_truncated) {
  attach_log({{3, 0}, {5, 30}});
  want(0, 40, 3);
  const Trouble trouble = stopped_after_three_validations();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(trouble.parted_at, 30);
  EXPECT_NE(trouble.error.message.find("truncated at offset 30"), std::string::npos) << trouble.error.message;
}

TEST_F(ValidationTest, a_log_without_the_epoch_was_truncated_even_where_it_has_grown_past_the_place) {
  attach_log({{2, 0}, {5, 90}});
  want(0, 40, 3);
  const Trouble trouble = stopped_after_three_validations();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(trouble.parted_at, 40);
}

TEST_F(ValidationTest, a_log_that_knows_no_epoch_so_late_was_truncated_where_nobody_knows) {
  attach_log({{2, 0}});
  want(0, 40, 4);
  const Trouble trouble = stopped_after_three_validations();
  EXPECT_EQ(trouble.kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(trouble.parted_at, 0);
  EXPECT_NE(trouble.error.message.find("truncated or made anew"), std::string::npos) << trouble.error.message;
}

TEST_F(ValidationTest, what_retention_removed_is_no_truncation) {
  attach_log({{5, 60}});
  topics["t"][0].start = 60;
  want(0, 40, 3);
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
  answer(only_fetch(), {refused(0, KafkaError::kOffsetOutOfRange)});
  EXPECT_EQ(take<Trouble>().at(0).kind, Trouble::Kind::kOffsetOutOfRange);
}

TEST_F(ValidationTest, a_truncation_that_a_later_answer_does_not_confirm_is_forgotten) {
  attach_log({{3, 0}, {5, 30}});
  want(0, 40, 3);
  topics["t"][0].epochs = {{3, 0}, {5, 90}};
  pass(500ms);
  answer(only_fetch(), {data(0, 40, 60, 100)});
  EXPECT_EQ(take<Deliver>().size(), 1u);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(ValidationTest, an_error_is_told_and_asked_again_until_it_heals) {
  validation_error = KafkaError::kTopicAuthorizationFailed;
  attach_log({{5, 0}});
  want(0, 40, 5);
  pass(20s);
  EXPECT_LT(validations.size(), 10u);
  EXPECT_TRUE(fetches().empty());
  EXPECT_EQ(take<Trouble>().at(0).kind, Trouble::Kind::kRetrying);
  validation_error = KafkaError::kNone;
  pass(10s);
  answer(only_fetch(), {data(0, 40, 60, 100)});
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(ValidationTest, a_connection_lost_meanwhile_asks_again) {
  attach_log({{5, 0}});
  mute_ports = {9001};
  want(0, 40, 5);
  ASSERT_EQ(count_sends(ApiKey::kOffsetForLeaderEpoch), 1u);
  mute_ports = {};
  pass(45s);
  EXPECT_EQ(validations, Validations{"t/0 epoch 5"});
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
}

TEST_F(ValidationTest, a_broker_below_2_3_is_not_asked) {
  max_offset_for_leader_epoch = 2;
  attach_log({{3, 0}, {5, 30}});
  want(0, 40, 3);
  EXPECT_TRUE(validations.empty());
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
}

TEST_F(ValidationTest, a_broker_from_2_7_on_compares_by_itself) {
  max_fetch = 12;
  attach_log({{3, 0}, {5, 30}});
  want(0, 40, 3);
  EXPECT_TRUE(validations.empty());
  EXPECT_EQ(only_fetch().partitions.at(0).epoch_before, 3);
}

// ---- what the epochs of record batches and leaders tell by themselves ----

class EpochTest : public ScriptedCluster {
 protected:
  static Part of_epoch(std::int32_t epoch, Part part) {
    part.hop.first_leader_epoch = part.hop.leader_epoch = epoch;
    return part;
  }
};

TEST_F(EpochTest, a_leader_epoch_that_goes_back_within_a_run_means_that_the_log_is_another_one) {
  max_fetch = 4;
  max_offset_for_leader_epoch = 0;
  attach_partitions(1, 1000);
  topics["t"][0].epoch = -1;  // below Kafka 2.1 the metadata tells none
  pass(2min);
  read_on({0});
  want(0, 0);
  answer(only_fetch(), {data(0, 0, 10, 1000)});
  ASSERT_EQ(take<Deliver>().size(), 1u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(take<Trouble>().empty());
    answer(only_fetch(), {of_epoch(4, data(0, 10, 20, 1000))});
    EXPECT_TRUE(take<Deliver>().empty());
    pass(500ms);
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kTruncated);
  EXPECT_NE(troubles[0].error.message.find("at offset 10 its leader epoch goes back from 5 to 4"), std::string::npos)
      << troubles[0].error.message;
}

TEST_F(EpochTest, an_epoch_that_is_unknown_or_was_looked_up_goes_nowhere) {
  attach_partitions(1, 1000);
  read_on({0});
  want(0, 0, 5);  // the leader's, stored with the readable end
  answer(only_fetch(), {of_epoch(3, data(0, 0, 10, 1000))});
  answer(only_fetch(), {of_epoch(-1, data(0, 10, 20, 1000))});
  answer(only_fetch(), {of_epoch(3, data(0, 20, 30, 1000))});
  EXPECT_EQ(take<Deliver>().size(), 3u);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(EpochTest, a_leader_of_an_older_epoch_than_what_was_read_is_not_asked_until_it_has_caught_up) {
  attach_partitions(1);
  want(0, 40, 7);
  pass(3s);
  EXPECT_TRUE(fetches().empty());
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_NE(troubles[0].error.message.find("leader epoch 5, but what stands before offset 40 is of leader epoch 7"),
            std::string::npos)
      << troubles[0].error.message;
  EXPECT_EQ(troubles[0].error.message.find("reset"), std::string::npos) << "the topic's id is the same";
  topics["t"][0].epoch = 7;
  pass(2s);
  answer(only_fetch(), {data(0, 40, 60, 100)});
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(EpochTest, where_topics_have_no_ids_it_may_also_be_made_anew) {
  topic_id = {};
  max_fetch = 11;
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  topics["t"][0].epoch = 0;  // made anew while it is read
  answer(only_fetch(), {data(0, 0, 10, 100)});
  pass(3s);
  EXPECT_TRUE(fetches().empty()) << "its messages at offset 10 are not those that follow";
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_NE(troubles[0].error.message.find("the topic was made anew: then reset the offset"), std::string::npos)
      << troubles[0].error.message;
}

}  // namespace
}  // namespace ductus::kafka
