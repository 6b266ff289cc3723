// What a planner asks, on which connection, and what it makes of the answers.
#include "kafka/client/planner.h"

#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::Deliver;
using ports::Healed;
using ports::Trouble;

class PlannerTest : public ScriptedCluster {
 protected:
  /// Partition 0, read without end, its first fetch outstanding on A.
  SeenFetch start_reading_behind() {
    attach_partitions(1);
    read_on({0});
    want(0, 0);
    return only_fetch();
  }
};

TEST_F(PlannerTest, a_partition_that_is_behind_is_fetched_with_a_short_wait) {
  const SeenFetch fetch = start_reading_behind();
  EXPECT_EQ(fetch.asks(), "t/0@0");
  EXPECT_EQ(fetch.max_wait_ms, 20);
  EXPECT_EQ(fetch.min_bytes, 1);
  EXPECT_EQ(fetch.max_bytes, 1 << 20);
  EXPECT_EQ(fetch.isolation, 1);
  EXPECT_EQ(fetch.partitions.at(0).leader_epoch, 5);
}

TEST_F(PlannerTest, the_next_fetch_leaves_in_the_entry_that_took_the_answer_in) {
  answer(start_reading_behind(), {data(0, 3, 10, 100)});
  const auto sets = take<Deliver>();
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].set.asked_offset, 0);
  EXPECT_EQ(sets[0].set.next_offset, 10);
  EXPECT_EQ(sets[0].set.leader_epoch, 5);
  EXPECT_EQ(sets[0].set.readable_end, 100);
  EXPECT_EQ(sets[0].set.topic_id, kFirstId);
  EXPECT_EQ(only_fetch().asks(), "t/0@10");
}

TEST_F(PlannerTest, the_epoch_before_a_prefetched_offset_is_that_of_the_set_which_ended_there) {
  answer(start_reading_behind(), {data(0, 3, 10, 100)});
  EXPECT_EQ(only_fetch().partitions.at(0).epoch_before, 5);
}

TEST_F(PlannerTest, nothing_is_fetched_before_it_is_wanted_again) {
  attach_partitions(1);
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 100)});
  EXPECT_TRUE(fetches().empty());
}

TEST_F(PlannerTest, partitions_that_are_behind_share_one_request) {
  attach_partitions(2);
  want_all({{0, 0}, {1, 7}});
  EXPECT_EQ(only_fetch().asks(), "t/0@0 t/1@7");
}

TEST_F(PlannerTest, a_caught_up_partition_moves_to_a_long_poll_of_its_own) {
  attach_partitions(2);
  read_on({0, 1});
  want_all({{0, 0}, {1, 0}});
  const SeenFetch first = only_fetch();
  answer(first, {data(0, 3, 10, 1000), data(1, 99, 100, 100)});
  const SeenFetch behind = fetch_of(0);
  const SeenFetch caught_up = fetch_of(1);
  EXPECT_EQ(behind.connection, first.connection);
  EXPECT_EQ(behind.asks(), "t/0@10");
  EXPECT_EQ(behind.max_wait_ms, 20);
  EXPECT_NE(caught_up.connection, first.connection);
  EXPECT_EQ(caught_up.asks(), "t/1@100");
  EXPECT_EQ(caught_up.max_wait_ms, 500);
  EXPECT_EQ(caught_up.min_bytes, 1);
}

TEST_F(PlannerTest, an_empty_answer_to_a_long_poll_is_asked_again) {
  attach_partitions(1);
  want(0, 100);
  answer(fetch_of(0), {nothing(0, 100)});
  const SeenFetch long_poll = fetch_of(0);
  EXPECT_EQ(long_poll.max_wait_ms, 500);
  answer(long_poll, {nothing(0, 100)});
  EXPECT_EQ(fetch_of(0).asks(), "t/0@100");
  EXPECT_TRUE(take<Deliver>().empty());
}

TEST_F(PlannerTest, what_comes_back_while_the_long_poll_is_out_is_long_polled_beside_it) {
  attach_partitions(2);
  want(0, 100);
  answer(fetch_of(0), {nothing(0, 100)});  // now on B
  const SeenFetch b = fetch_of(0);
  want(1, 100);
  const SeenFetch a = fetch_of(1);
  EXPECT_NE(a.connection, b.connection);
  EXPECT_EQ(a.max_wait_ms, 500);
}

TEST_F(PlannerTest, the_first_connection_stays_free_while_a_partition_is_behind) {
  attach_partitions(3);
  want_all({{0, 0}, {1, 100}});
  answer(fetch_of(0), {data(0, 3, 10, 1000)});  // behind, its handler is busy
  ASSERT_EQ(only_fetch().asks(), "t/1@100");
  want(2, 100);
  EXPECT_EQ(only_fetch().asks(), "t/1@100") << "2 joins the long poll when that comes back";
  want(0, 10);
  EXPECT_EQ(fetch_of(0).max_wait_ms, 20);
}

TEST_F(PlannerTest, a_partition_without_room_goes_first_next_time) {
  attach_partitions(3);
  read_on({0, 1, 2});
  want_all({{0, 0}, {1, 0}, {2, 0}});
  answer(only_fetch(), {data(0, 3, 10, 100), nothing(1, 100), nothing(2, 100)});
  EXPECT_EQ(only_fetch().asks(), "t/1@0 t/2@0 t/0@10");
  answer(only_fetch(), {data(1, 3, 10, 100), nothing(2, 100), nothing(0, 100)});
  EXPECT_EQ(only_fetch().asks(), "t/2@0 t/0@10 t/1@10");
}

TEST_F(PlannerTest, a_partition_without_room_goes_before_those_not_asked_yet) {
  settings.behind_per_request = 2;
  attach_partitions(3);
  want_all({{0, 0}, {1, 0}, {2, 0}});
  answer(only_fetch(), {data(0, 3, 10, 100), nothing(1, 100)});
  EXPECT_EQ(only_fetch().asks(), "t/1@0 t/2@0");
}

TEST_F(PlannerTest, one_request_names_a_bounded_number_of_partitions_that_are_behind) {
  settings.behind_per_request = 2;
  attach_partitions(3);
  read_on({0, 1, 2});
  want_all({{0, 0}, {1, 0}, {2, 0}});
  EXPECT_EQ(only_fetch().asks(), "t/0@0 t/1@0");
  answer(only_fetch(), {data(0, 3, 10, 100), data(1, 3, 10, 100)});
  EXPECT_EQ(only_fetch().asks(), "t/2@0 t/0@10");
}

TEST_F(PlannerTest, under_read_committed_the_last_stable_offset_is_the_readable_end) {
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  Part part = data(0, 3, 10, 100);
  part.last_stable_offset = 10;
  answer(fetch_of(0), {part});
  EXPECT_EQ(take<Deliver>().at(0).set.readable_end, 10);
  EXPECT_NE(fetch_of(0).max_wait_ms, 0);
  EXPECT_EQ(take<ports::LogBounds>().back().readable_end, 10);
}

TEST_F(PlannerTest, bounds_are_told_only_when_they_change) {
  const SeenFetch fetch = start_reading_behind();
  take<ports::LogBounds>();
  answer(fetch, {data(0, 3, 10, 120)});
  EXPECT_EQ(take<ports::LogBounds>().size(), 1u);
  answer(only_fetch(), {data(0, 13, 20, 120)});
  EXPECT_TRUE(take<ports::LogBounds>().empty());
}

TEST_F(PlannerTest, asking_again_replaces_the_question) {
  attach_partitions(1);
  want(0, 0);
  const SeenFetch first = only_fetch();
  want(0, 50);
  EXPECT_EQ(fetches().size(), 1u) << "one outstanding request for a partition";
  answer(first, {data(0, 3, 10, 100)});
  EXPECT_TRUE(take<Deliver>().empty());
  EXPECT_EQ(only_fetch().asks(), "t/0@50");
}

TEST_F(PlannerTest, an_answer_for_a_child_that_was_detached_is_dropped) {
  attach_partitions(1);
  want(0, 0);
  const SeenFetch old = only_fetch();
  detach(0);
  attach(0, 0, "t", 2);
  enter([&](auto& out) { source->want({0, 2}, {30, -1, {}}, now, out); });
  enter([&](auto& out) { source->want({0, 1}, {60, -1, {}}, now, out); });
  answer(old, {data(0, 3, 10, 100)});
  EXPECT_TRUE(take<Deliver>().empty());
  EXPECT_EQ(only_fetch().asks(), "t/0@30");
  EXPECT_EQ(budget->used(), kMiB) << "only what is outstanding";
}

// ---- answers that cannot be true ----------------------------------------------------------------------------

TEST_F(PlannerTest, B65_a_batch_below_the_asked_offset_is_refused_on_a_new_connection) {
  attach_partitions(1);
  want(0, 50);
  const SeenFetch fetch = only_fetch();
  answer(fetch, {data(0, 49, 60, 100)});
  EXPECT_TRUE(take<Deliver>().empty());
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_EQ(troubles[0].error.code, ErrorCode::kCorrupt);
  EXPECT_NE(troubles[0].error.message.find("t/0"), std::string::npos);
  EXPECT_FALSE(connections.contains(fetch.connection));
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().asks(), "t/0@50");
  answer(only_fetch(), {data(0, 50, 60, 100)});
  EXPECT_EQ(take<Healed>().size(), 1u);
  EXPECT_EQ(take<Deliver>().size(), 1u);
}

TEST_F(PlannerTest, the_fourth_refusal_in_a_row_leaves_the_connection_to_the_others) {
  attach_partitions(1);
  want(0, 50);
  for (std::uint32_t i = 0; i < kReconnectsInARow; ++i) {
    answer(only_fetch(), {data(0, 49, 60, 100)});
    pass(std::chrono::seconds(3));
  }
  const SeenFetch fourth = only_fetch();
  answer(fourth, {data(0, 49, 60, 100)});
  EXPECT_TRUE(connections.contains(fourth.connection));
  EXPECT_EQ(take<Trouble>().size(), 1u);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().connection, fourth.connection);
}

TEST_F(PlannerTest, records_beyond_the_high_watermark_are_asked_again_once) {
  attach_partitions(1);
  want(0, 0);
  Part part = nothing(0, 100);
  part.hop.end = Hop::End::kBeyondHighWatermark;
  answer(only_fetch(), {part});
  EXPECT_TRUE(take<Trouble>().empty());
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
  answer(only_fetch(), {part});
  EXPECT_EQ(take<Trouble>().size(), 1u);
}

TEST_F(PlannerTest, an_impossible_header_is_refused_with_its_reason) {
  attach_partitions(1);
  want(0, 0);
  Part part = nothing(0, 100);
  part.hop.end = Hop::End::kRefused;
  part.hop.refusal.message = "batch_length is -7";
  answer(only_fetch(), {part});
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_NE(troubles[0].error.message.find("batch_length is -7"), std::string::npos);
}

TEST_F(PlannerTest, a_partition_left_out_of_the_answer_is_asked_again) {
  attach_partitions(2);
  want_all({{0, 0}, {1, 0}});
  answer(only_fetch(), {data(1, 3, 10, 100)});
  EXPECT_EQ(take<Deliver>().size(), 1u);
  pass(std::chrono::milliseconds(200));
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
}

TEST_F(PlannerTest, after_an_answer_that_cannot_be_cut_partitions_are_asked_one_by_one) {
  attach_partitions(2);
  read_on({0, 1});
  want_all({{0, 0}, {1, 0}});
  lose(only_fetch().connection, {ErrorCode::kLimit, "frame of 200 MiB"});
  pass(std::chrono::seconds(1));
  ASSERT_EQ(only_fetch().asks(), "t/0@0");
  lose(only_fetch().connection, {ErrorCode::kLimit, "frame of 200 MiB"});
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kFinal);
  EXPECT_EQ(troubles[0].child.child, 0u);
  pass(std::chrono::seconds(1));
  ASSERT_EQ(only_fetch().asks(), "t/1@0");
  answer(only_fetch(), {data(1, 3, 10, 100)});
  EXPECT_EQ(take<Deliver>().size(), 1u);
}

TEST_F(PlannerTest, a_broker_that_says_at_once_that_there_is_nothing_does_not_make_it_spin) {
  hasty = true;
  attach_partitions(2);
  want_all({{0, 0}, {1, 100}});
  const base::Time start = now;
  int answers = 0;
  while (now < start + std::chrono::seconds(10)) {
    for (const auto& fetch : fetches()) {
      ++answers;
      std::vector<Part> parts;
      for (const auto& asked : fetch.partitions) parts.push_back(nothing(asked.partition, 100));
      answer(fetch, parts);
    }
    pass(std::chrono::milliseconds(1));
  }
  EXPECT_LE(answers, 2 * 10 * 50) << "on each of two connections one in twenty milliseconds at most";
  EXPECT_EQ(take<Trouble>().size(), 1u) << "of the one that is behind";
}

TEST_F(PlannerTest, answers_that_hold_nothing_for_ever_are_told) {
  attach_partitions(1);
  want(0, 0);
  for (std::uint32_t i = 0; i < kEmptyFirstsBeforeTrouble; ++i) {
    answer(only_fetch(), {nothing(0, 100)});
    pass(settings.trouble_after);
  }
  EXPECT_TRUE(take<Trouble>().empty()) << "no trouble before it has lasted";
  for (int i = 0; i < 100; ++i) {
    answer(only_fetch(), {nothing(0, 100)});
    EXPECT_EQ(take<Trouble>().size(), i == 0 ? 1u : 0u);
    pass(std::chrono::seconds(1));
  }
  pass(std::chrono::seconds(1));
  answer(only_fetch(), {data(0, 3, 10, 100)});
  EXPECT_EQ(take<Healed>().size(), 1u);
}

// ---- errors -------------------------------------------------------------------------------------------------

TEST_F(PlannerTest, a_moved_leader_is_looked_up_and_asked) {
  brokers[2] = 9002;
  attach_partitions(1);
  want(0, 40);
  topics["t"][0] = {.leader = 2, .epoch = 6};
  const SeenFetch old = only_fetch();
  answer(old, {refused(0, KafkaError::kNotLeaderOrFollower)});
  pass(std::chrono::milliseconds(150));
  EXPECT_EQ(only_fetch().asks(), "t/0@40");
  EXPECT_EQ(only_fetch().port, 9002);
  EXPECT_EQ(only_fetch().partitions.at(0).leader_epoch, 6);
  EXPECT_TRUE(take<Trouble>().empty()) << "it healed at once";
}

TEST_F(PlannerTest, a_leader_that_the_old_one_names_is_asked_at_once) {
  brokers[2] = 9002;
  attach_partitions(1);
  want(0, 40);
  answer(only_fetch(), {led_by(0, 2, 6)});  // metadata do not know it yet
  EXPECT_EQ(only_fetch().port, 9002);
  EXPECT_EQ(only_fetch().partitions.at(0).leader_epoch, 6);
  answer(only_fetch(), {data(0, 40, 50, 100)});
  want(0, 50);
  answer(only_fetch(), {led_by(0, 1, 6)});
  pass(std::chrono::seconds(5));
  EXPECT_EQ(only_fetch().port, 9002) << "of two leaders in one epoch the first stands";
}

TEST_F(PlannerTest, a_broker_that_tells_of_ever_new_leaders_does_not_make_it_spin) {
  attach_partitions(1);
  want(0, 40);
  std::int32_t epoch = 5;
  for (; epoch < 50 && !fetches().empty(); ++epoch) answer(only_fetch(), {led_by(0, 1, epoch + 1)});
  EXPECT_LT(epoch, 10);
  pass(std::chrono::seconds(1));
  EXPECT_FALSE(fetches().empty());
}

TEST_F(PlannerTest, doubts_about_an_offset_are_forgotten_with_the_next_good_answer) {
  attach_partitions(1);
  want(0, 100, 5);
  for (int i = 0; i < 10; ++i) {
    Part elsewhere = nothing(0, 100);
    elsewhere.diverging_epoch = 4;
    answer(only_fetch(), {elsewhere});
    pass(std::chrono::seconds(1));
    answer(only_fetch(), {nothing(0, 100)});
    pass(std::chrono::seconds(1));
  }
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(PlannerTest, a_leader_of_unknown_address_is_asked_at_the_one_that_comes_with_it) {
  attach_partitions(1);
  want(0, 40);
  mute_ports.insert(9000);  // nobody gives metadata
  answer(only_fetch(), {led_by(0, 2, 6)});
  EXPECT_TRUE(fetches().empty()) << "broker 2 may be anywhere";
  pass(std::chrono::seconds(1));
  answer(only_fetch(), {led_by(0, 2, 6)}, 0, 0, {{2, "bad name", 9002}, {2, "broker", 70000}});
  EXPECT_TRUE(fetches().empty());
  pass(std::chrono::seconds(1));
  answer(only_fetch(), {led_by(0, 2, 6)}, 0, 0, {{2, "broker", 9002}});
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().port, 9002);
}

TEST_F(PlannerTest, a_topic_is_asked_by_the_id_that_the_place_belongs_to) {
  attach_partitions(1);
  want(0, 40, -1, kFirstId);
  EXPECT_EQ(only_fetch().tag.api_version, FetchRequest::kMaxVersion);
  EXPECT_EQ(only_fetch().partitions.at(0).topic_id, kFirstId);
  topic_id = {2};  // made anew, and already at the leader
  answer(only_fetch(), {});
  EXPECT_TRUE(take<Deliver>().empty());
  pass(std::chrono::seconds(2));
  answer(only_fetch(), {data(0, 40, 50, 100)});
  EXPECT_TRUE(take<Deliver>().empty()) << "bytes of the new topic are no answer to the question for the old one";
}

TEST_F(PlannerTest, a_leader_epoch_that_cannot_be_is_not_remembered) {
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  Part odd = data(0, 0, 10, 100);
  odd.hop.leader_epoch = 1 << 30;
  answer(only_fetch(), {odd});
  EXPECT_EQ(take<Deliver>().at(0).set.leader_epoch, -1);
  EXPECT_EQ(only_fetch().asks(), "t/0@10");
  EXPECT_EQ(only_fetch().partitions.at(0).epoch_before, -1);
}

TEST_F(PlannerTest, a_topic_without_a_known_id_is_asked_by_its_name) {
  topic_id = {};
  attach_partitions(1);
  want(0, 40);
  EXPECT_EQ(only_fetch().tag.api_version, 12);
  answer(only_fetch(), {data(0, 40, 50, 100)});
  EXPECT_EQ(take<Deliver>().size(), 1u);
}

TEST_F(PlannerTest, a_broker_that_knows_no_topic_ids_is_asked_by_name) {
  max_fetch = 12;
  attach_partitions(1);
  want(0, 40, -1, kFirstId);
  EXPECT_EQ(only_fetch().tag.api_version, 12);
  answer(only_fetch(), {data(0, 40, 50, 100)});
  EXPECT_EQ(take<Deliver>().at(0).set.topic_id, kFirstId);
}

TEST_F(PlannerTest, an_error_that_lasts_is_told_once_and_healed_once) {
  attach_partitions(1);
  want(0, 0);
  for (int i = 0; i < 10; ++i) {
    answer(only_fetch(), {refused(0, static_cast<KafkaError>(999))});
    EXPECT_TRUE(fetches().empty()) << "it waits before it asks again";
    pass(std::chrono::milliseconds(1001));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRetrying);
  EXPECT_NE(troubles[0].error.message.find("999"), std::string::npos);
  answer(only_fetch(), {data(0, 0, 5, 5)});
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(PlannerTest, missing_rights_are_told_at_once_and_asked_for_slowly) {
  attach_partitions(1);
  want(0, 0);
  answer(only_fetch(), {refused(0, KafkaError::kTopicAuthorizationFailed)});
  EXPECT_EQ(take<Trouble>().size(), 1u);
  pass(std::chrono::seconds(2));
  EXPECT_TRUE(fetches().empty());
  pass(std::chrono::seconds(3));
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
}

TEST_F(PlannerTest, an_offset_below_the_log_stops_the_partition_with_the_bounds) {
  attach_partitions(1);
  topics["t"][0].start = 30;
  want(0, 10);
  answer(only_fetch(), {refused(0, KafkaError::kOffsetOutOfRange)});
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(troubles[0].log_start_offset, 30);
  EXPECT_EQ(troubles[0].log_end_offset, 100);
  pass(std::chrono::minutes(2));
  EXPECT_TRUE(fetches().empty());
  want(0, 30);
  EXPECT_EQ(only_fetch().asks(), "t/0@30");
}

TEST_F(PlannerTest, an_offset_above_the_log_is_asked_three_times_before_it_is_believed) {
  attach_partitions(1);
  want(0, 500);
  for (std::uint32_t i = 0; i < kDoubtsBeforeStop; ++i) {
    EXPECT_TRUE(take<Trouble>().empty());
    answer(fetch_of(0), {refused(0, KafkaError::kOffsetOutOfRange)});
    pass(std::chrono::milliseconds(500));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kOffsetOutOfRange);
  EXPECT_EQ(troubles[0].log_end_offset, 100);
}

TEST_F(PlannerTest, an_offset_above_the_log_that_was_read_once_means_that_the_log_was_truncated) {
  attach_partitions(1);
  want(0, 500, 4);
  for (std::uint32_t i = 0; i < kDoubtsBeforeStop; ++i) {
    EXPECT_TRUE(take<Trouble>().empty());
    answer(fetch_of(0), {refused(0, KafkaError::kOffsetOutOfRange)});
    pass(std::chrono::milliseconds(500));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(troubles[0].parted_at, 0) << "nobody knows where: it may have grown again";
}

TEST_F(PlannerTest, a_truncated_log_stops_the_partition) {
  attach_partitions(1);
  want(0, 50, 4);
  EXPECT_EQ(only_fetch().partitions.at(0).epoch_before, 4);
  Part part = nothing(0, 100);
  part.diverging_epoch = 3;
  for (std::uint32_t i = 0; i < kDoubtsBeforeStop; ++i) {
    EXPECT_TRUE(take<Trouble>().empty());
    answer(only_fetch(), {part});
    pass(std::chrono::milliseconds(500));
  }
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kTruncated);
  EXPECT_EQ(troubles[0].parted_at, 7);
  EXPECT_NE(troubles[0].error.message.find("truncated at offset 7"), std::string::npos);
  EXPECT_TRUE(fetches().empty());
}

TEST_F(PlannerTest, an_answer_over_the_quota_that_leaves_all_out_is_no_trouble) {
  attach_partitions(1, 1000);
  want(0, 0);
  for (int i = 0; i < 10; ++i) {
    answer(only_fetch(), {}, 0, 800);
    pass(std::chrono::seconds(1));
  }
  EXPECT_TRUE(take<Trouble>().empty());
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
}

TEST_F(PlannerTest, a_throttled_connection_is_left_in_peace) {
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 100)}, 0, 400);
  EXPECT_TRUE(fetches().empty());
  pass(std::chrono::milliseconds(399));
  EXPECT_TRUE(fetches().empty());
  pass(std::chrono::milliseconds(1));
  EXPECT_EQ(only_fetch().asks(), "t/0@10");
}

// ---- the byte budget ----------------------------------------------------------------------------------------

TEST_F(PlannerTest, the_budget_holds_a_fetch_back_until_bytes_are_released) {
  const std::size_t in_hand = 100'000;
  budget_bytes = in_hand + kLeastRequestBytes - 1;
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 100, in_hand)});
  EXPECT_EQ(budget->used(), in_hand);
  EXPECT_TRUE(fetches().empty());
  release(take<Deliver>().at(0).set.charge);
  EXPECT_EQ(only_fetch().asks(), "t/0@10");
}

TEST_F(PlannerTest, where_the_budget_leaves_less_than_an_answer_less_is_asked_for) {
  const std::size_t in_hand = 100'000;
  budget_bytes = in_hand + kLeastRequestBytes;
  attach_partitions(1);
  read_on({0});
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 100, in_hand)});
  EXPECT_EQ(only_fetch().max_bytes, kLeastRequestBytes);
  EXPECT_EQ(only_fetch().partitions.at(0).max_bytes, kLeastRequestBytes);
  EXPECT_EQ(budget->used(), in_hand + kLeastRequestBytes);
}

TEST_F(PlannerTest, a_batch_that_waits_for_its_handler_holds_up_no_other_partition_of_its_topic) {
  budget_bytes = 2 * kMiB;
  brokers[2] = 9002;
  topics["u"] = {Log{.leader = 2}};
  attach_partitions(2);
  attach_topic("u");
  attach(2, 0, "u");
  want(0, 0);
  answer(only_fetch(), {data(0, 3, 10, 10)});
  want(2, 0);
  ASSERT_EQ(fetch_of(0, "u").max_bytes, static_cast<std::int32_t>(kMiB)) << "u takes what is left of the common half";
  want(1, 0);
  EXPECT_EQ(fetch_of(1).max_bytes, static_cast<std::int32_t>(kMiB / 2 - 100)) << "t has a share of its own";
}

TEST_F(PlannerTest, a_fetch_larger_than_the_budget_is_admitted_alone) {
  budget_bytes = 1000;
  attach_partitions(1);
  want(0, 0);
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
}

TEST_F(PlannerTest, the_sets_of_an_answer_are_charged_with_its_whole_body) {
  attach_partitions(2);
  want_all({{0, 0}, {1, 0}});
  answer(only_fetch(), {data(0, 3, 10, 100, 300), data(1, 3, 10, 100, 200)}, 640);
  const auto sets = take<Deliver>();
  ASSERT_EQ(sets.size(), 2u);
  EXPECT_EQ(sets[0].set.charge.bytes + sets[1].set.charge.bytes, 640u);
  EXPECT_EQ(budget->used(), 640u);
}

TEST_F(PlannerTest, an_answer_without_sets_gives_all_its_bytes_back) {
  attach_partitions(1);
  want(0, 0);
  answer(only_fetch(), {refused(0, KafkaError::kCorruptMessage)});
  EXPECT_EQ(budget->used(), 0u);
}

}  // namespace
}  // namespace ductus::kafka
