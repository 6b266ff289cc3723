// The bounds of the fetch path: each one reached, and gone beyond by one.
#include "kafka/api/frame.h"
#include "unit/kafka/scripted_cluster.h"

namespace ductus::kafka {
namespace {

using ports::Deliver;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

class KafkaLimits : public ScriptedCluster {
 protected:
  /// Lets time pass until `done`, from one tick to the next; how long that took.
  base::Duration time_until(const std::function<bool()>& done) {
    const base::Time from = now;
    for (int ticks = 0; !done() && ticks < 100; ++ticks) pass(source->next_tick() - now);
    EXPECT_TRUE(done());
    return now - from;
  }
  /// Pauses that double from `first` to `longest` and stay there, each of them with jitter.
  static void expect_doubling(base::Duration first, base::Duration longest,
                              const std::function<base::Duration()>& next_pause) {
    base::Duration whole = first;
    for (int i = 0; i < 40; ++i) {
      SCOPED_TRACE("pause " + std::to_string(i));
      const base::Duration pause = next_pause();
      EXPECT_GE(pause, whole / 2);
      EXPECT_LE(pause, whole);
      whole = std::min(whole * 2, longest);
    }
  }
  static Result<std::unique_ptr<ports::Answer>> cut(ApiKey api, std::int16_t version, const Writer& body) {
    return KafkaAnswerCutter().cut({0, static_cast<std::int16_t>(api), version}, base::Buffer::copy_of(body.bytes()));
  }
};

// ---- bytes ---------------------------------------------------------------------------------------------------

TEST_F(KafkaLimits, a_request_asks_for_no_more_than_its_bounds_and_the_budget_knows_it) {
  attach_partitions(2);
  want_all({{0, 0}, {1, 0}});
  const SeenFetch fetch = only_fetch();
  EXPECT_EQ(fetch.max_bytes, settings.response_max_bytes);
  for (const auto& partition : fetch.partitions) EXPECT_EQ(partition.max_bytes, settings.partition_max_bytes);
  EXPECT_EQ(budget->used(), static_cast<std::size_t>(settings.response_max_bytes));
}

TEST_F(KafkaLimits, a_record_batch_larger_than_what_was_asked_for_is_delivered_whole) {
  attach_partitions(1);
  want(0, 0);
  const std::size_t larger = static_cast<std::size_t>(settings.response_max_bytes) + 1;
  answer(only_fetch(), {data(0, 0, 10, 100, larger)});
  const auto sets = take<Deliver>();
  ASSERT_EQ(sets.size(), 1u);
  EXPECT_EQ(sets[0].set.records.size(), larger);
  EXPECT_EQ(budget->used(), larger);
}

// ---- partitions and brokers of an answer ---------------------------------------------------------------------

TEST_F(KafkaLimits, a_fetch_answer_of_too_many_partitions_is_refused) {
  const auto fetched = [](std::size_t first_topic, std::size_t second_topic) {
    Writer body;
    body.i32(0);  // correlation id
    body.i32(0);  // throttle
    body.i32(2);
    for (const std::size_t partitions : {first_topic, second_topic}) {
      body.string("t", false);
      body.i32(static_cast<std::int32_t>(partitions));
      for (std::size_t i = 0; i < partitions; ++i) {
        body.i32(static_cast<std::int32_t>(i));
        body.i16(0);
        body.i64(0);   // high watermark
        body.i64(0);   // last stable offset
        body.i32(-1);  // aborted transactions
        body.i32(-1);  // records
      }
    }
    return cut(ApiKey::kFetch, 4, body);
  };
  const auto most = fetched(kMaxAnsweredPartitions - 1, 1);
  ASSERT_TRUE(most.ok()) << most.error().message;
  EXPECT_EQ(static_cast<const FetchAnswer&>(**most).response.partitions.size(), kMaxAnsweredPartitions);
  const auto refused = fetched(kMaxAnsweredPartitions, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

TEST_F(KafkaLimits, offsets_of_too_many_partitions_are_refused) {
  const auto listed = [](std::size_t partitions) {
    Writer body;
    body.i32(0);  // correlation id
    body.i32(1);
    body.string("t", false);
    body.i32(static_cast<std::int32_t>(partitions));
    for (std::size_t i = 0; i < partitions; ++i) {
      body.i32(static_cast<std::int32_t>(i));
      body.i16(0);
      body.i64(-1);  // timestamp
      body.i64(7);
    }
    return cut(ApiKey::kListOffsets, 1, body);
  };
  EXPECT_TRUE(listed(kMaxAnsweredPartitions).ok());
  const auto refused = listed(kMaxAnsweredPartitions + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

TEST_F(KafkaLimits, metadata_of_too_many_brokers_are_refused) {
  const auto told = [](std::size_t count_of_brokers) {
    Writer body;
    body.i32(0);  // correlation id
    body.i32(static_cast<std::int32_t>(count_of_brokers));
    for (std::size_t i = 0; i < count_of_brokers; ++i) {
      body.i32(static_cast<std::int32_t>(i));
      body.string("h", false);
      body.i32(9092);
      body.null_string(false);
    }
    body.i32(-1);  // controller
    body.i32(0);   // topics
    return cut(ApiKey::kMetadata, 1, body);
  };
  EXPECT_TRUE(told(kMaxMetadataBrokers).ok());
  const auto refused = told(kMaxMetadataBrokers + 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

TEST_F(KafkaLimits, metadata_of_too_many_partitions_are_refused) {
  const auto told = [](std::size_t first_topic, std::size_t second_topic) {
    Writer body;
    body.i32(0);   // correlation id
    body.i32(0);   // brokers
    body.i32(-1);  // controller
    body.i32(2);
    for (const std::size_t partitions : {first_topic, second_topic}) {
      body.i16(0);
      body.string("t", false);
      body.boolean(false);
      body.i32(static_cast<std::int32_t>(partitions));
      for (std::size_t i = 0; i < partitions; ++i) {
        body.i16(0);
        body.i32(static_cast<std::int32_t>(i));
        body.i32(1);  // leader
        body.i32(0);  // replicas
        body.i32(0);  // in sync
      }
    }
    return cut(ApiKey::kMetadata, 1, body);
  };
  EXPECT_TRUE(told(kMaxAnsweredPartitions - 1, 1).ok());
  const auto refused = told(kMaxAnsweredPartitions, 1);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
}

// ---- time ----------------------------------------------------------------------------------------------------

TEST_F(KafkaLimits, a_connection_has_its_time_to_become_ready_and_is_then_made_anew) {
  mute_ports = {9000};
  start();
  attach_topic();
  const auto first = connections.begin()->first;
  pass(settings.connect_timeout - nanoseconds(1));
  EXPECT_TRUE(connections.contains(first));
  pass(nanoseconds(1));
  EXPECT_FALSE(connections.contains(first));
  pass(settings.reconnect_min);
  EXPECT_EQ(opened_to.size(), 2u);
}

TEST_F(KafkaLimits, metadata_have_their_time_to_come_and_are_then_asked_for_anew) {
  topics["t"].resize(1);
  start();
  attach_topic();
  const auto first = connections.begin()->first;
  mute_ports = {9000};
  pass(settings.metadata_max_age);
  ASSERT_EQ(count_sends(ApiKey::kMetadata), 2u);
  pass(settings.metadata_timeout - nanoseconds(1));
  EXPECT_TRUE(connections.contains(first));
  pass(nanoseconds(1));
  EXPECT_FALSE(connections.contains(first));
  pass(settings.reconnect_min);
  EXPECT_EQ(count_sends(ApiKey::kMetadata), 3u) << "another broker is asked";
}

TEST_F(KafkaLimits, pauses_between_connections_double_within_their_bounds_until_an_answer_comes) {
  dead_ports = {9000};
  topics["t"].resize(1);
  start();
  attach_topic();
  const auto next_pause = [&] {
    return time_until([&, tried = opened_to.size()] { return opened_to.size() > tried; });
  };
  expect_doubling(settings.reconnect_min, settings.reconnect_max, next_pause);
  dead_ports.clear();
  next_pause();
  mute_ports = {9000};
  pass(settings.metadata_max_age);  // something is asked on it
  dead_ports = {9000, 9001};
  lose(connections.begin()->first);
  EXPECT_LE(next_pause(), settings.reconnect_min);
}

TEST_F(KafkaLimits, pauses_after_an_error_double_within_their_bounds_until_it_is_over) {
  attach_partitions(1);
  want(0, 0);
  const auto next_pause = [&] {
    answer(only_fetch(), {refused(0, KafkaError::kRequestTimedOut)});
    return time_until([&] { return !fetches().empty(); });
  };
  expect_doubling(settings.retry_min, settings.retry_max, next_pause);
  answer(only_fetch(), {data(0, 0, 10, 100)});
  want(0, 10);
  EXPECT_LE(next_pause(), settings.retry_min);
}

TEST_F(KafkaLimits, what_only_somebody_can_mend_is_asked_again_after_one_long_pause_for_ever) {
  attach_partitions(1);
  want(0, 0);
  const auto next_pause = [&] {
    answer(only_fetch(), {refused(0, KafkaError::kTopicAuthorizationFailed)});
    return time_until([&] { return !fetches().empty(); });
  };
  expect_doubling(settings.retry_slowly, settings.retry_slowly, next_pause);
}

}  // namespace
}  // namespace ductus::kafka
