// ScriptedCluster: a KafkaSource whose brokers are played by the test, at the level of effects and answers.
//
// Connections, greetings, metadata and lookups are answered by a small model (brokers, topics, logs) as soon as
// they come; fetches wait until the test answers them. Every entry ends with flush(), as the node's do.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "kafka/set_decoder.h"
#include "kafka/source.h"
#include "kafka/wire.h"

namespace ductus::kafka {

inline constexpr ports::TopicId kFirstId{1};
inline constexpr std::size_t kMiB = std::size_t{1} << 20;

/// A request as the broker sees it.
struct SeenFetch {
  struct Partition {
    std::string topic;
    ports::TopicId topic_id{};
    std::int32_t partition = 0;
    std::int32_t leader_epoch = -1;
    std::int64_t offset = 0;
    std::int32_t epoch_before = -1;
    std::int32_t max_bytes = 0;
  };
  ports::ConnectionId connection = 0;
  ports::RequestTag tag;
  std::uint16_t port = 0;
  std::int32_t max_wait_ms = 0;
  std::int32_t min_bytes = 0;
  std::int32_t max_bytes = 0;
  std::int8_t isolation = 0;
  std::vector<Partition> partitions;

  /// "t/0@17 t/1@4": what is asked, in order.
  std::string asks() const {
    std::string text;
    for (const auto& p : partitions) {
      text += (text.empty() ? "" : " ") + p.topic + "/" + std::to_string(p.partition) + "@" + std::to_string(p.offset);
    }
    return text;
  }
};

/// What a broker says of one partition in a fetch answer.
struct Part {
  std::int32_t partition = 0;
  std::string topic = "t";
  KafkaError error = KafkaError::kNone;
  std::int64_t high_watermark = 0;
  std::int64_t last_stable_offset = -1;
  std::int64_t diverging_epoch = -1;
  std::int64_t diverging_end = 7;
  std::int32_t leader_id = -1;
  std::int32_t leader_epoch = -1;
  Hop hop{};
  bool left_out = false;
};
inline Part data(std::int32_t partition, std::int64_t from, std::int64_t to, std::int64_t end,
                 std::size_t bytes = 100) {
  Part part{.partition = partition, .high_watermark = end, .last_stable_offset = end};
  part.hop = {.bytes = bytes, .first_last_offset = from, .next_offset = to, .first_leader_epoch = 5, .leader_epoch = 5};
  return part;
}
inline Part nothing(std::int32_t partition, std::int64_t end) {
  return {.partition = partition, .high_watermark = end, .last_stable_offset = end};
}
inline Part refused(std::int32_t partition, KafkaError error) {
  return {.partition = partition, .error = error, .high_watermark = -1};
}
/// It no longer leads the partition, and says who does.
inline Part led_by(std::int32_t partition, std::int32_t leader_id, std::int32_t leader_epoch) {
  Part part = refused(partition, KafkaError::kNotLeaderOrFollower);
  part.leader_id = leader_id;
  part.leader_epoch = leader_epoch;
  return part;
}
inline Part of_topic(std::string topic, Part part) {
  part.topic = std::move(topic);
  return part;
}

class ScriptedCluster : public testing::Test {
 protected:
  struct Log {
    std::int64_t start = 0;
    std::int64_t end = 100;
    std::int32_t leader = 1;
    std::int32_t epoch = 5;
    std::map<std::int32_t, std::int64_t> epochs;  ///< epoch → its first offset; empty: only `epoch`
    std::int64_t at_time = -1;                    ///< the first offset at or after any time that is asked for
  };
  struct Connection {
    std::uint16_t port;
    std::vector<ports::Send> outstanding;
  };

  ScriptedCluster() { settings.brokers = {{"boot", 9000}}; }

  // ---- the model, to be changed by the test ----
  SourceSettings settings;
  std::size_t budget_bytes = 256 * kMiB;
  std::map<std::int32_t, std::uint16_t> brokers{{1, 9001}};  ///< node id → port
  std::map<std::string, std::vector<Log>> topics;
  ports::TopicId topic_id = kFirstId;  ///< of t; other topics have ids made from it and their name
  std::set<std::uint16_t> dead_ports;  ///< refuse connections
  std::set<std::uint16_t> mute_ports;  ///< accept and say nothing
  std::int16_t max_greeting = 3;
  std::int16_t max_fetch = 16;
  std::int16_t max_offset_for_leader_epoch = 4;
  KafkaError validation_error = KafkaError::kNone;
  KafkaError list_offsets_error = KafkaError::kNone;
  bool hold_lookups = false;      ///< ListOffsets is not answered
  bool hold_validations = false;  ///< OffsetForLeaderEpoch is answered late, with what was true when it was asked
  bool hasty = false;             ///< answers that there is nothing before the wait is over

  // ---- verbs of the node ----
  void start() {
    budget.emplace(budget_bytes);
    source.emplace(settings, *budget, decoder);
  }
  void enter(const std::function<void(ports::SourceEffects&)>& event) {
    ports::SourceEffects effects;
    event(effects);
    source->flush(now, effects);
    obey(std::move(effects));
  }
  void attach_topic(const std::string& topic = "t") {
    enter([&](auto& out) { source->attach_topic(topic, 1, now, out); });
  }
  void attach(std::uint32_t child, std::int32_t partition, const std::string& topic = "t",
              std::uint32_t generation = 1) {
    enter([&](auto& out) { source->attach({child, generation}, {topic, partition}, now, out); });
  }
  /// Children 0 … n-1 of partitions 0 … n-1 of t, led by broker 1, each log [0, end).
  void attach_partitions(std::int32_t count, std::int64_t end = 100) {
    topics["t"].assign(static_cast<std::size_t>(count), Log{.end = end});
    if (!source) start();
    enter([&](auto& out) {
      source->attach_topic("t", 1, now, out);
      for (std::int32_t i = 0; i < count; ++i) {
        source->attach({static_cast<std::uint32_t>(i), 1}, {"t", i}, now, out);
      }
    });
  }
  void want(std::uint32_t child, std::int64_t offset, std::int32_t epoch = -1, ports::TopicId id = {}) {
    enter([&](auto& out) { source->want({child, 1}, {offset, epoch, id}, now, out); });
  }
  /// All in one entry.
  void want_all(const std::vector<std::pair<std::uint32_t, std::int64_t>>& questions) {
    enter([&](auto& out) {
      for (const auto& [child, offset] : questions) source->want({child, 1}, {offset, -1, {}}, now, out);
    });
  }
  void detach(std::uint32_t child) {
    enter([&](auto& out) { source->detach({child, 1}, now, out); });
  }
  void release(const base::ByteBudget::Charge& charge) {
    enter([&](auto& out) { source->released(charge, now, out); });
  }
  /// Children that ask on from where a set ended, in the entry that delivers it.
  void read_on(std::set<std::uint32_t> children) { reading_on_ = std::move(children); }
  /// Lets time pass as the node does: tick() whenever it is due.
  void pass(base::Duration duration) {
    const base::Time until = now + duration;
    for (int steps = 0; source->next_tick() <= until; ++steps) {
      ASSERT_LT(steps, 2000) << "ticks without end";
      now = std::max(now, source->next_tick());
      enter([&](auto& out) { source->tick(now, out); });
    }
    now = until;
  }

  // ---- verbs of the brokers ----
  std::vector<SeenFetch> fetches() const {
    std::vector<SeenFetch> seen;
    for (const auto& [id, connection] : connections) {
      for (const auto& send : connection.outstanding) {
        if (send.tag.api_key == 1) seen.push_back(read_fetch(send, connection.port));
      }
    }
    return seen;
  }
  SeenFetch only_fetch() const {
    const auto all = fetches();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? SeenFetch{} : all.front();
  }
  /// The outstanding one that asks for a partition; an empty one if there is none.
  SeenFetch fetch_of(std::int32_t partition, const std::string& topic = "t") const {
    for (const auto& fetch : fetches()) {
      for (const auto& p : fetch.partitions) {
        if (p.partition == partition && p.topic == topic) return fetch;
      }
    }
    return {};
  }
  void answer(const SeenFetch& fetch, const std::vector<Part>& parts, std::size_t body_bytes = 0,
              std::int32_t throttle_ms = 0, std::vector<MetadataResponse::Broker> leaders = {}) {
    const bool is_empty = std::all_of(parts.begin(), parts.end(), [](const Part& part) {
      return part.error == KafkaError::kNone && part.hop.bytes == 0 && part.hop.end == Hop::End::kWhole;
    });
    if (is_empty && !hasty) pass(std::chrono::milliseconds(fetch.max_wait_ms));
    if (!connections.contains(fetch.connection)) return;  // it was given up meanwhile
    auto answer = std::make_unique<FetchAnswer>();
    std::size_t bytes = 0;
    for (const Part& part : parts) bytes += part.hop.bytes;
    auto body = std::make_shared<base::Buffer>(std::max(bytes, body_bytes));
    std::size_t at = 0;
    answer->response.throttle_ms = throttle_ms;
    answer->response.leaders = std::move(leaders);
    const bool by_id = fetch.tag.api_version >= FetchRequest::kFirstByTopicId;
    for (const Part& part : parts) {
      FetchResponse::Partition p;
      if (by_id) {
        const auto asked = std::find_if(fetch.partitions.begin(), fetch.partitions.end(),
                                        [&](const auto& asked_one) { return asked_one.topic == part.topic; });
        p.topic_id = asked == fetch.partitions.end() ? id_of(part.topic) : asked->topic_id;
      } else {
        p.topic = *names_.insert(part.topic).first;
      }
      p.partition = part.partition;
      p.error = part.error;
      p.high_watermark = part.high_watermark;
      p.last_stable_offset = part.last_stable_offset;
      p.log_start_offset = part.high_watermark < 0 ? -1 : 0;
      p.diverging_epoch = static_cast<std::int32_t>(part.diverging_epoch);
      if (part.diverging_epoch >= 0) p.diverging_end_offset = part.diverging_end;
      p.leader_id = part.leader_id;
      p.leader_epoch = part.leader_epoch;
      p.records = body->view().subspan(at, part.hop.bytes);
      at += part.hop.bytes;
      answer->response.partitions.push_back(p);
      answer->hops.push_back(part.hop);
    }
    answer->body = std::move(body);
    reply(fetch.connection, fetch.tag, std::move(answer));
  }
  /// The answers that hold_validations held back.
  void answer_validations() {
    hold_validations = false;
    for (auto& late : std::exchange(late_validations_, {})) reply(late.connection, late.tag, std::move(late.answer));
  }
  void lose(ports::ConnectionId connection, Error why = {ErrorCode::kUnreachable, "reset by peer"}) {
    connections.erase(connection);
    enter([&](auto& out) { source->lost(connection, why, now, out); });
  }
  void kill_broker(std::int32_t node_id) {
    dead_ports.insert(brokers.at(node_id));
    std::vector<ports::ConnectionId> gone;
    for (const auto& [id, connection] : connections) {
      if (connection.port == brokers.at(node_id)) gone.push_back(id);
    }
    for (const auto id : gone) lose(id);
  }

  // ---- what the source said ----
  template <class Effect>
  std::vector<Effect> take() {
    std::vector<Effect> taken;
    for (auto it = said.begin(); it != said.end();) {
      if (auto* effect = std::get_if<Effect>(&*it)) {
        taken.push_back(std::move(*effect));
        it = said.erase(it);
      } else {
        ++it;
      }
    }
    return taken;
  }
  std::size_t count_sends(ApiKey key) const {
    return static_cast<std::size_t>(std::count(sent.begin(), sent.end(), static_cast<std::int16_t>(key)));
  }

  base::Time now{std::chrono::hours(1)};
  std::optional<base::ByteBudget> budget;
  RecordSetDecoder decoder;
  std::optional<KafkaSource> source;
  std::map<ports::ConnectionId, Connection> connections;
  std::deque<ports::SourceEffect> said;
  std::vector<std::int16_t> sent;        ///< api keys of all requests, in order
  std::vector<std::string> validations;  ///< "t/0 epoch 5", in order
  std::vector<std::vector<std::uint8_t>> metadata_requests;
  std::vector<std::string> opened_to;  ///< "host:port" of all connections tried

 private:
  void reply(ports::ConnectionId connection, const ports::RequestTag& tag, std::unique_ptr<ports::Answer> answer) {
    std::erase_if(connections.at(connection).outstanding,
                  [&](const ports::Send& send) { return send.tag.correlation_id == tag.correlation_id; });
    enter([&](auto& out) {
      source->answered(connection, tag, std::move(answer), now, out);
      const std::size_t end = out.size();
      for (std::size_t i = 0; i < end; ++i) {
        const auto* delivered = std::get_if<ports::Deliver>(&out[i]);
        if (delivered == nullptr || !reading_on_.contains(delivered->child.child)) continue;
        const ports::ChildRef child = delivered->child;
        const ports::Position on{delivered->set.next_offset, -1, {}};
        source->want(child, on, now, out);
      }
    });
  }

  void obey(ports::SourceEffects effects) {
    for (auto& effect : effects) {
      if (auto* open = std::get_if<ports::OpenConnection>(&effect)) {
        opened_to.push_back(open->host + ":" + std::to_string(open->port));
        todo_.push_back([this, o = *open] { connect(o); });
      } else if (auto* close = std::get_if<ports::CloseConnection>(&effect)) {
        connections.erase(close->connection);
        todo_.push_back([this, id = close->connection] {
          enter([&](auto& out) { source->lost(id, {ErrorCode::kUnreachable, "closed"}, now, out); });
        });
      } else if (auto* send = std::get_if<ports::Send>(&effect)) {
        sent.push_back(send->tag.api_key);
        Connection& connection = connections.at(send->connection);
        EXPECT_TRUE(connection.outstanding.empty()) << "two requests outstanding on one connection";
        connection.outstanding.push_back(*send);
        todo_.push_back([this, s = *send] { serve(s); });
      } else {
        said.push_back(std::move(effect));
      }
    }
    if (std::exchange(working_, true)) return;
    while (!todo_.empty()) {
      auto work = std::move(todo_.front());
      todo_.pop_front();
      work();
    }
    working_ = false;
  }
  void connect(const ports::OpenConnection& open) {
    if (dead_ports.contains(open.port)) {
      enter([&](auto& out) { source->lost(open.connection, {ErrorCode::kUnreachable, "refused"}, now, out); });
      return;
    }
    connections[open.connection] = {open.port, {}};
    enter([&](auto& out) { source->opened(open.connection, now, out); });
  }
  void serve(const ports::Send& send) {
    const auto connection = connections.find(send.connection);
    if (connection == connections.end() || mute_ports.contains(connection->second.port)) return;
    switch (static_cast<ApiKey>(send.tag.api_key)) {
      case ApiKey::kApiVersions:
        return reply(send.connection, send.tag, greeting(send.tag.api_version));
      case ApiKey::kMetadata:
        return reply(send.connection, send.tag, metadata(send));
      case ApiKey::kListOffsets:
        if (hold_lookups) return;
        return reply(send.connection, send.tag, offsets(send));
      case ApiKey::kOffsetForLeaderEpoch:
        if (hold_validations) {
          late_validations_.push_back({send.connection, send.tag, ends_of_epochs(send)});
          return;
        }
        return reply(send.connection, send.tag, ends_of_epochs(send));
      case ApiKey::kFetch:
        return;  // the test's
    }
  }
  std::unique_ptr<ports::Answer> greeting(std::int16_t version) {
    auto answer = std::make_unique<ApiVersionsAnswer>();
    if (version > max_greeting) answer->response.error = KafkaError::kUnsupportedVersion;
    answer->response.apis = {
        {1, 4, max_fetch}, {2, 1, 7}, {3, 0, 12}, {18, 0, max_greeting}, {23, 0, max_offset_for_leader_epoch}};
    return answer;
  }
  std::unique_ptr<ports::Answer> metadata(const ports::Send& send) {
    metadata_requests.push_back(send.bytes);
    auto answer = std::make_unique<MetadataAnswer>();
    for (const auto& [id, port] : brokers) answer->response.brokers.push_back({id, "broker", port});
    for (const auto& [name, logs] : topics) {
      MetadataResponse::Topic topic{KafkaError::kNone, name, id_of(name), {}};
      for (std::size_t i = 0; i < logs.size(); ++i) {
        topic.partitions.push_back({KafkaError::kNone, static_cast<std::int32_t>(i), logs[i].leader, logs[i].epoch});
      }
      answer->response.topics.push_back(std::move(topic));
    }
    return answer;
  }
  std::unique_ptr<ports::Answer> offsets(const ports::Send& send) {
    auto answer = std::make_unique<ListOffsetsAnswer>();
    Reader reader = body_of(send.bytes);
    reader.skip(4 + 1);  // replica, isolation
    const std::size_t topic_count = reader.array_size(true, 1);
    for (std::size_t t = 0; t < topic_count; ++t) {
      const std::string topic(reader.string(true));
      const std::size_t count = reader.array_size(true, 1);
      for (std::size_t i = 0; i < count; ++i) {
        const std::int32_t partition = reader.i32();
        reader.skip(4);
        const std::int64_t which = reader.i64();
        reader.skip_tags(true);
        const Log& log = topics.at(topic).at(static_cast<std::size_t>(partition));
        const std::int64_t offset = which == ListOffsetsRequest::kEarliest ? log.start
                                    : which == ListOffsetsRequest::kLatest ? log.end
                                                                           : log.at_time;
        answer->response.partitions.push_back({topic, partition, list_offsets_error, -1, offset, log.epoch});
      }
      reader.skip_tags(true);
    }
    EXPECT_TRUE(reader.ok());
    return answer;
  }
  std::unique_ptr<ports::Answer> ends_of_epochs(const ports::Send& send) {
    auto answer = std::make_unique<OffsetForLeaderEpochAnswer>();
    Reader reader = body_of(send.bytes, false);
    reader.skip(4);  // replica
    for (std::size_t t = reader.array_size(false, 1); t > 0; --t) {
      const std::string topic(reader.string(false));
      for (std::size_t i = reader.array_size(false, 1); i > 0; --i) {
        const std::int32_t partition = reader.i32();
        const std::int32_t leader_epoch = reader.i32();
        const std::int32_t asked = reader.i32();
        validations.push_back(topic + "/" + std::to_string(partition) + " epoch " + std::to_string(asked));
        const Log& log = topics.at(topic).at(static_cast<std::size_t>(partition));
        const auto [epoch, end] = end_of(log, asked);
        KafkaError error = validation_error;
        if (leader_epoch >= 0 && leader_epoch < log.epoch) error = KafkaError::kFencedLeaderEpoch;
        if (leader_epoch > log.epoch) error = KafkaError::kUnknownLeaderEpoch;
        if (error == KafkaError::kNone)
          answer->response.partitions.push_back({topic, partition, error, epoch, end});
        else
          answer->response.partitions.push_back({topic, partition, error, -1, -1});
      }
    }
    EXPECT_TRUE(reader.complete());
    return answer;
  }
  // Source: LeaderEpochFileCache.endOffsetFor().
  static std::pair<std::int32_t, std::int64_t> end_of(const Log& log, std::int32_t asked) {
    auto epochs = log.epochs;
    if (epochs.empty()) epochs = {{log.epoch, log.start}};
    if (asked == epochs.rbegin()->first) return {asked, log.end};
    const auto higher = epochs.upper_bound(asked);
    if (higher == epochs.end()) return {-1, -1};
    if (higher == epochs.begin()) return {asked, higher->second};
    return {std::prev(higher)->first, higher->second};
  }
  /// After the header of a request.
  static Reader body_of(const std::vector<std::uint8_t>& bytes, bool flexible = true) {
    Reader reader(bytes);
    reader.skip(4 + 2 + 2 + 4);
    (void)reader.nullable_string(false);
    reader.skip_tags(flexible);
    return reader;
  }
  ports::TopicId id_of(const std::string& topic) const {
    ports::TopicId id = topic_id;
    if (topic != "t") std::copy_n(topic.begin(), std::min(topic.size(), id.size() - 1), id.begin() + 1);
    return id;
  }
  std::string name_of(const ports::TopicId& id) const {
    for (const auto& [name, logs] : topics) {
      if (id_of(name) == id) return name;
    }
    return "a topic that was";
  }
  SeenFetch read_fetch(const ports::Send& send, std::uint16_t port) const {
    SeenFetch seen{.connection = send.connection, .tag = send.tag, .port = port};
    const std::int16_t version = send.tag.api_version;
    const bool flexible = version >= FetchRequest::kFirstFlexible;
    const bool by_id = send.tag.api_version >= FetchRequest::kFirstByTopicId;
    Reader reader = body_of(send.bytes, flexible);
    if (version <= 14) reader.skip(4);
    seen.max_wait_ms = reader.i32();
    seen.min_bytes = reader.i32();
    seen.max_bytes = reader.i32();
    seen.isolation = reader.i8();
    if (version >= 7) reader.skip(4 + 4);
    const std::size_t topic_count = reader.array_size(flexible, 1);
    for (std::size_t t = 0; t < topic_count; ++t) {
      const ports::TopicId id = by_id ? read_topic_id(reader) : ports::TopicId{};
      const std::string topic = by_id ? name_of(id) : std::string(reader.string(flexible));
      const std::size_t count = reader.array_size(flexible, 1);
      for (std::size_t i = 0; i < count; ++i) {
        SeenFetch::Partition p{.topic = topic, .topic_id = id};
        p.partition = reader.i32();
        if (version >= 9) p.leader_epoch = reader.i32();
        p.offset = reader.i64();
        if (flexible) p.epoch_before = reader.i32();
        if (version >= 5) reader.skip(8);
        p.max_bytes = reader.i32();
        reader.skip_tags(flexible);
        seen.partitions.push_back(p);
      }
      reader.skip_tags(flexible);
    }
    EXPECT_TRUE(reader.ok());
    return seen;
  }

  struct LateAnswer {
    ports::ConnectionId connection;
    ports::RequestTag tag;
    std::unique_ptr<ports::Answer> answer;
  };
  std::vector<LateAnswer> late_validations_;
  std::set<std::uint32_t> reading_on_;
  std::set<std::string> names_;  ///< what views in answers point to
  std::deque<std::function<void()>> todo_;
  bool working_ = false;
};

}  // namespace ductus::kafka
