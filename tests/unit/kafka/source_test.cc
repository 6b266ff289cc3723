// The source as a whole: connections that come and go, leaders that move, lookups.
#include "kafka/source.h"

#include <random>

#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::Deliver;
using ports::Healed;
using ports::LogBounds;
using ports::OffsetFound;
using ports::SourceState;
using ports::Trouble;

class SourceTest : public ScriptedCluster {
 protected:
  void look_up(std::uint32_t child, ports::OffsetQuery query) {
    enter([&](auto& out) { source->look_up({child, 1}, query, now, out); });
  }
};

TEST_F(SourceTest, attaching_a_partition_tells_its_bounds_once) {
  attach_partitions(2, 70);
  const auto bounds = take<LogBounds>();
  ASSERT_EQ(bounds.size(), 2u);
  EXPECT_EQ(bounds[0].log_start_offset, 0);
  EXPECT_EQ(bounds[0].readable_end, 70);
  EXPECT_EQ(count_sends(ApiKey::kListOffsets), 2u) << "one for each end, whatever the number of partitions";
  EXPECT_TRUE(fetches().empty());
}

TEST_F(SourceTest, both_ends_of_a_log_can_be_looked_up) {
  attach_partitions(1, 70);
  topics["t"][0].start = 20;
  look_up(0, ports::OffsetQuery::kEarliest);
  look_up(0, ports::OffsetQuery::kLatest);
  const auto found = take<OffsetFound>();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].offset, 20);
  EXPECT_EQ(found[1].offset, 70);
  EXPECT_EQ(found[1].leader_epoch, 5);
}

TEST_F(SourceTest, a_time_is_looked_up_after_both_ends) {
  attach_partitions(1, 70);
  topics["t"][0].at_time = 40;
  look_up(0, {ports::OffsetQuery::kAtTime, 1'700'000'000'000});
  EXPECT_EQ(take<OffsetFound>().at(0).offset, 40);
  EXPECT_EQ(count_sends(ApiKey::kListOffsets), 5u) << "two of them by attaching";
}

TEST_F(SourceTest, where_no_message_is_so_late_the_time_is_at_the_readable_end) {
  attach_partitions(1, 70);
  look_up(0, {ports::OffsetQuery::kAtTime, 1'700'000'000'000});
  const auto found = take<OffsetFound>();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].offset, 70);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, a_time_below_the_start_of_the_log_is_impossible) {
  attach_partitions(1, 70);
  topics["t"][0] = {.start = 30, .end = 70, .at_time = 20};
  look_up(0, {ports::OffsetQuery::kAtTime, 1'700'000'000'000});
  pass(std::chrono::seconds(5));
  EXPECT_TRUE(take<OffsetFound>().empty());
  EXPECT_EQ(take<Trouble>().at(0).error.code, ErrorCode::kCorrupt);
}

TEST_F(SourceTest, a_lookup_goes_on_until_it_is_answered) {
  list_offsets_error = KafkaError::kLeaderNotAvailable;
  attach_partitions(1);
  look_up(0, ports::OffsetQuery::kEarliest);
  pass(std::chrono::seconds(10));
  EXPECT_TRUE(take<OffsetFound>().empty());
  EXPECT_EQ(take<Trouble>().size(), 1u);
  list_offsets_error = KafkaError::kNone;
  pass(std::chrono::seconds(2));
  EXPECT_EQ(take<OffsetFound>().size(), 1u);
  EXPECT_EQ(take<Healed>().size(), 1u);
}

TEST_F(SourceTest, a_lookup_outlives_its_connection) {
  hold_lookups = true;
  attach_partitions(1);
  hold_lookups = false;
  ASSERT_EQ(connections.size(), 2u);
  lose(connections.rbegin()->first);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(take<LogBounds>().size(), 1u);
}

TEST_F(SourceTest, a_lost_connection_is_made_again_and_asked_the_same) {
  attach_partitions(1);
  want(0, 12);
  const SeenFetch first = only_fetch();
  lose(first.connection);
  EXPECT_EQ(budget->used(), 0u);
  pass(std::chrono::milliseconds(60));
  EXPECT_EQ(only_fetch().asks(), "t/0@12");
  EXPECT_NE(only_fetch().connection, first.connection);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, a_broker_that_dies_is_told_once_and_healed_when_it_is_back) {
  attach_partitions(2);
  want_all({{0, 12}, {1, 13}});
  kill_broker(1);
  pass(std::chrono::minutes(1));
  EXPECT_EQ(take<Trouble>().size(), 2u) << "one for each partition";
  dead_ports.clear();
  pass(std::chrono::seconds(2));
  answer(only_fetch(), {data(0, 12, 20, 100), data(1, 13, 20, 100)});
  EXPECT_EQ(take<Healed>().size(), 2u);
  EXPECT_EQ(take<Deliver>().size(), 2u);
}

TEST_F(SourceTest, partitions_of_a_dead_broker_move_to_their_new_leader) {
  brokers[2] = 9002;
  attach_partitions(2);
  want_all({{0, 12}, {1, 13}});
  topics["t"][0] = topics["t"][1] = {.leader = 2, .epoch = 6};
  kill_broker(1);
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().port, 9002);
  EXPECT_EQ(only_fetch().partitions.size(), 2u);
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, a_broker_that_hangs_loses_its_partitions_as_soon_as_the_cluster_knows) {
  brokers[2] = 9002;
  attach_partitions(1);
  want(0, 12);
  const SeenFetch hanging = only_fetch();
  topics["t"][0] = {.leader = 2, .epoch = 6};
  pass(std::chrono::seconds(4));
  EXPECT_EQ(fetch_of(0).port, 9001) << "the scripted broker still holds the first request";
  bool moved = false;
  for (const auto& fetch : fetches()) moved = moved || fetch.port == 9002;
  EXPECT_TRUE(moved);
  answer(hanging, {data(0, 12, 20, 100)});
  EXPECT_TRUE(take<Deliver>().empty()) << "the late answer of the old leader is stale";
}

TEST_F(SourceTest, B40_silence_ends_a_connection) {
  attach_partitions(1);
  want(0, 12);
  const SeenFetch first = only_fetch();
  pass(settings.request_timeout + settings.behind_max_wait - std::chrono::milliseconds(1));
  EXPECT_TRUE(connections.contains(first.connection));
  pass(std::chrono::milliseconds(1));
  EXPECT_FALSE(connections.contains(first.connection));
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().asks(), "t/0@12");
}

TEST_F(SourceTest, a_connection_that_never_opens_is_given_up) {
  topics["t"].resize(1);
  mute_ports = {9000};
  start();
  attach_topic();
  const auto first = connections.begin()->first;
  pass(std::chrono::seconds(12));
  EXPECT_FALSE(connections.contains(first));
}

TEST_F(SourceTest, reachability_is_told_when_it_changes) {
  attach_partitions(1);
  auto states = take<SourceState>();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_TRUE(states[0].reachable);
  dead_ports = {9000, 9001};
  while (!connections.empty()) lose(connections.begin()->first);
  pass(std::chrono::minutes(1));
  states = take<SourceState>();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_FALSE(states[0].reachable);
  dead_ports.clear();
  pass(std::chrono::seconds(2));
  states = take<SourceState>();
  ASSERT_EQ(states.size(), 1u);
  EXPECT_TRUE(states[0].reachable);
}

TEST_F(SourceTest, a_broker_that_is_away_is_told_once_until_a_connection_stands_again) {
  attach_partitions(3);
  for (std::uint32_t child = 0; child < 3; ++child) want(child, 0);
  EXPECT_TRUE(take<ports::BrokerAway>().empty());
  kill_broker(1);
  pass(std::chrono::minutes(1));
  const auto away = take<ports::BrokerAway>();
  ASSERT_EQ(away.size(), 1u);
  EXPECT_NE(away[0].broker.find(":9001"), std::string::npos);
  dead_ports.clear();
  pass(std::chrono::seconds(3));
  EXPECT_TRUE(take<ports::BrokerAway>().empty());
  kill_broker(1);
  EXPECT_EQ(take<ports::BrokerAway>().size(), 1u);
}

TEST_F(SourceTest, connections_can_be_made_anew_and_carry_the_same_questions) {
  attach_partitions(1);
  want(0, 12);
  const SeenFetch first = only_fetch();
  enter([&](auto& out) { source->reconnect(now, out); });
  EXPECT_TRUE(fetches().empty());
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().asks(), "t/0@12");
  EXPECT_NE(only_fetch().connection, first.connection);
  EXPECT_TRUE(take<ports::BrokerAway>().empty()) << "nobody is away";
}

TEST_F(SourceTest, only_delivered_sets_are_a_wait_for_the_budget) {
  budget_bytes = kMiB;
  attach_partitions(1, 1000);
  read_on({0});
  want(0, 0);
  EXPECT_FALSE(source->waits_for_budget()) << "a request that is out gives back what it holds";
  answer(only_fetch(), {data(0, 0, 10, 1000, kMiB)});
  EXPECT_TRUE(source->waits_for_budget());
  release(take<Deliver>().at(0).set.charge);
  EXPECT_FALSE(source->waits_for_budget());
}

TEST_F(SourceTest, a_broker_that_does_not_know_the_greeting_is_greeted_as_of_old) {
  max_greeting = 0;
  attach_partitions(1);
  want(0, 0);
  EXPECT_EQ(only_fetch().asks(), "t/0@0");
  EXPECT_EQ(opened_to.size(), 2u);
}

TEST_F(SourceTest, a_broker_that_is_too_old_is_a_state_with_a_reason) {
  max_fetch = 3;
  attach_partitions(1);
  want(0, 0);
  pass(std::chrono::seconds(10));
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].error.code, ErrorCode::kUnsupported);
  EXPECT_NE(troubles[0].error.message.find("0.11"), std::string::npos);
}

TEST_F(SourceTest, a_topic_that_was_made_anew_stops_its_partitions) {
  attach_partitions(1);
  read_on({0});
  want(0, 12, -1, kFirstId);
  topic_id = {2};
  pass(std::chrono::seconds(29));
  answer(only_fetch(), {refused(0, KafkaError::kFencedLeaderEpoch)});
  pass(std::chrono::seconds(1));
  const auto troubles = take<Trouble>();
  ASSERT_EQ(troubles.size(), 1u);
  EXPECT_EQ(troubles[0].kind, Trouble::Kind::kRecreated);
  EXPECT_NE(troubles[0].error.message.find("made anew"), std::string::npos);
  EXPECT_TRUE(fetches().empty());
}

TEST_F(SourceTest, an_id_that_the_broker_does_not_know_stops_the_partition_once_metadata_say_why) {
  attach_partitions(1);
  want(0, 12, -1, kFirstId);
  const SeenFetch fetch = only_fetch();
  topic_id = {2};
  answer(fetch, {refused(0, KafkaError::kUnknownTopicId)});
  pass(std::chrono::seconds(1));
  EXPECT_EQ(take<Trouble>().at(0).kind, Trouble::Kind::kRecreated);
  EXPECT_TRUE(fetches().empty());
}

TEST_F(SourceTest, a_topic_that_is_made_anew_elsewhere_while_its_old_leader_goes_away_leaves_nothing_behind) {
  attach_partitions(2);
  want_all({{0, 12}, {1, 12}});
  topic_id = {2};
  brokers = {{7, 9007}};
  topics["t"].assign(2, Log{.leader = 7, .epoch = 0});
  pass(settings.metadata_max_age);
  EXPECT_EQ(take<Trouble>().size(), 2u);
  look_up(0, ports::OffsetQuery::kEarliest);
  detach(1);
  EXPECT_EQ(take<OffsetFound>().at(0).topic_id, topic_id);
}

TEST_F(SourceTest, an_offset_of_an_older_topic_of_the_same_name_is_never_used) {
  attach_partitions(1);
  want(0, 12, -1, {9});
  EXPECT_TRUE(fetches().empty());
  EXPECT_EQ(take<Trouble>().at(0).kind, Trouble::Kind::kRecreated);
  look_up(0, ports::OffsetQuery::kLatest);
  EXPECT_EQ(take<OffsetFound>().at(0).topic_id, topic_id) << "with it the policy goes on";
}

TEST_F(SourceTest, a_partition_without_a_leader_waits_for_one) {
  attach_partitions(1);
  topics["t"][0].leader = -1;
  want(0, 12);
  answer(only_fetch(), {refused(0, KafkaError::kLeaderNotAvailable)});
  pass(std::chrono::seconds(5));
  EXPECT_EQ(take<Trouble>().size(), 1u);
  EXPECT_TRUE(fetches().empty());
  topics["t"][0] = {.leader = 1, .epoch = 7};
  pass(std::chrono::seconds(2));
  EXPECT_EQ(only_fetch().asks(), "t/0@12");
}

TEST_F(SourceTest, a_broker_that_moves_is_followed) {
  attach_partitions(1);
  want(0, 12);
  const SeenFetch first = only_fetch();
  brokers[1] = 9011;
  pass(std::chrono::seconds(5));
  EXPECT_FALSE(connections.contains(first.connection));
  EXPECT_EQ(only_fetch().port, 9011);
}

TEST_F(SourceTest, an_idle_connection_that_the_broker_closes_is_opened_again_with_the_next_question) {
  attach_partitions(1);
  const auto metadata = std::find_if(connections.begin(), connections.end(),
                                     [](const auto& connection) { return connection.second.port == 9000; });
  ASSERT_NE(metadata, connections.end());
  const std::size_t opened = opened_to.size();
  lose(metadata->first);
  pass(std::chrono::seconds(30));
  EXPECT_EQ(opened_to.size(), opened);
  EXPECT_TRUE(take<ports::BrokerAway>().empty());
  pass(std::chrono::seconds(40));
  EXPECT_EQ(opened_to.size(), opened + 1) << "the metadata were old";
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, an_idle_connection_to_a_leader_is_opened_again_when_a_partition_falls_behind) {
  attach_partitions(2);
  want_all({{0, 100}, {1, 100}});
  read_on({0, 1});
  pass(std::chrono::milliseconds(100));
  answer(only_fetch(), {nothing(0, 100), nothing(1, 100)});
  const SeenFetch long_poll = only_fetch();
  for (const auto& [id, connection] : std::map(connections)) {
    if (connection.port == 9001 && id != long_poll.connection) lose(id);
  }
  EXPECT_TRUE(take<ports::BrokerAway>().empty());
  answer(long_poll, {data(0, 100, 110, 200), nothing(1, 100)});
  pass(std::chrono::seconds(2));
  EXPECT_EQ(fetches().size(), 2u) << "one for what is behind, one long poll";
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, unknown_connections_are_ignored) {
  attach_partitions(1);
  lose(777);
  enter([&](auto& out) {
    source->opened(778, now, out);
    source->answered(779, {}, nullptr, now, out);
  });
  EXPECT_TRUE(take<Trouble>().empty());
}

TEST_F(SourceTest, B43_an_answer_that_nothing_asked_for_ends_the_connection) {
  attach_partitions(1);
  want(0, 12);
  SeenFetch odd = only_fetch();
  odd.tag.correlation_id += 1000;
  const auto connection = odd.connection;
  answer(odd, {data(0, 12, 20, 100)});
  EXPECT_FALSE(connections.contains(connection));
  EXPECT_TRUE(take<Deliver>().empty());
  pass(std::chrono::seconds(1));
  EXPECT_EQ(only_fetch().asks(), "t/0@12");
}

// ---- whatever happens -----------------------------------------------------------------------------------------

class AnyFaultsTest : public SourceTest, public testing::WithParamInterface<unsigned> {
 protected:
  static constexpr std::int32_t kPartitions = 6;
  static constexpr std::int64_t kEnd = 1000;

  unsigned dice(unsigned sides) { return static_cast<unsigned>(random() % sides); }

  /// Every partition is asked on from where its last set ended, and gets sets in order, without gap or repeat.
  void check_deliveries() {
    for (const auto& delivered : take<Deliver>()) {
      auto& place = places.at(delivered.child.child);
      ASSERT_EQ(delivered.set.asked_offset, place);
      place = delivered.set.next_offset;
      release(delivered.set.charge);
    }
    std::set<std::pair<std::string, std::uint16_t>> asked;
    for (const auto& fetch : fetches()) {
      for (const auto& p : fetch.partitions) {
        EXPECT_TRUE(asked.emplace(p.topic + std::to_string(p.partition), fetch.port).second) << "asked twice";
      }
    }
  }
  std::vector<Part> truthful(const SeenFetch& fetch) {
    std::vector<Part> parts;
    for (const auto& p : fetch.partitions) {
      const std::int64_t to = std::min<std::int64_t>(kEnd, p.offset + 1 + dice(40));
      parts.push_back(p.offset < kEnd ? data(p.partition, p.offset, to, kEnd) : nothing(p.partition, kEnd));
    }
    return parts;
  }
  std::vector<Part> anything(const SeenFetch& fetch) {
    std::vector<Part> parts = truthful(fetch);
    for (Part& part : parts) {
      switch (dice(6)) {
        case 0:
          part = led_by(part.partition, static_cast<std::int32_t>(dice(4)), static_cast<std::int32_t>(dice(20)));
          break;
        case 1:
          part = refused(part.partition, static_cast<KafkaError>(dice(130)));
          break;
        case 2:
          part = nothing(part.partition, kEnd);
          break;
        default:
          break;
      }
      // Stops for good, as it should: not what is asked here.
      if (part.error == KafkaError::kOffsetOutOfRange) part.error = KafkaError::kCorruptMessage;
    }
    if (dice(10) == 0) parts.pop_back();
    return parts;
  }
  void do_anything() {
    const auto waiting = fetches();
    switch (dice(8)) {
      case 0:
        return pass(std::chrono::milliseconds(dice(40'000)));
      case 1:
        return connections.empty()
                   ? void()
                   : lose(std::next(connections.begin(), dice(static_cast<unsigned>(connections.size())))->first);
      case 2:
        dead_ports.insert(static_cast<std::uint16_t>(9000 + dice(4)));
        return;
      case 3:
        dead_ports.clear();
        mute_ports.clear();
        return;
      case 4:
        mute_ports.insert(static_cast<std::uint16_t>(9000 + dice(4)));
        return;
      case 5: {
        Log& log = topics["t"][dice(kPartitions)];
        log.leader = static_cast<std::int32_t>(dice(4));
        ++log.epoch;
        return;
      }
      default: {
        if (waiting.empty()) return;
        const SeenFetch& fetch = waiting[dice(static_cast<unsigned>(waiting.size()))];
        return answer(fetch, anything(fetch));
      }
    }
  }
  void heal() {
    dead_ports.clear();
    mute_ports.clear();
    for (Log& log : topics["t"]) log.leader = 1 + static_cast<std::int32_t>(dice(3));
  }

  std::mt19937 random{GetParam()};
  std::vector<std::int64_t> places = std::vector<std::int64_t>(kPartitions, 0);
};

TEST_P(AnyFaultsTest, every_partition_is_read_in_order_and_to_its_end_once_faults_stop) {
  SCOPED_TRACE("seed " + std::to_string(GetParam()));
  brokers = {{1, 9001}, {2, 9002}, {3, 9003}};
  settings.seed = GetParam();
  budget_bytes = 3 * kMiB;
  attach_partitions(kPartitions, kEnd);
  read_on({0, 1, 2, 3, 4, 5});
  want_all({{0, 0}, {1, 0}, {2, 0}, {3, 0}, {4, 0}, {5, 0}});
  for (int step = 0; step < 300; ++step) {
    do_anything();
    ASSERT_NO_FATAL_FAILURE(check_deliveries());
  }
  heal();
  for (int step = 0; step < 2000 && *std::min_element(places.begin(), places.end()) < kEnd; ++step) {
    pass(std::chrono::milliseconds(100));
    for (const auto& fetch : fetches()) {
      if (connections.contains(fetch.connection)) answer(fetch, truthful(fetch));
      ASSERT_NO_FATAL_FAILURE(check_deliveries());
    }
  }
  EXPECT_EQ(places, std::vector<std::int64_t>(kPartitions, kEnd));
  EXPECT_LE(budget->used(), 6 * kMiB) << "what is outstanding, and nothing leaked";
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnyFaultsTest, testing::Range(1u, 21u));

TEST_F(SourceTest, an_idle_source_wakes_only_for_old_metadata) {
  attach_partitions(1);
  EXPECT_GE(source->next_tick() - now, std::chrono::seconds(59));
}

}  // namespace
}  // namespace ductus::kafka
