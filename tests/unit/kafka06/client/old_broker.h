// OldBroker: a LegacySource and the broker that it talks to, played by a small model of one, in bytes both ways.
//
// The model reads requests and writes answers by itself, so that a mistake of our encoder or decoder is not made here
// as well. Requests are answered as soon as they come, unless a test holds them back. Every entry ends with flush(), as
// the node's do.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "base/byte_budget.h"
#include "kafka06/set_decoder.h"
#include "kafka06/source.h"
#include "unit/kafka06/entries.h"

namespace ductus::kafka06 {

inline constexpr std::size_t kMiB = std::size_t{1} << 20;

class OldBroker : public testing::Test {
 protected:
  /// A partition's log as the broker shows it.
  struct Log {
    std::int64_t start = 0;
    Bytes bytes;                         ///< from `start` on
    std::vector<std::int64_t> segments;  ///< starts of all but the first
    std::int64_t end() const { return start + static_cast<std::int64_t>(bytes.size()); }
  };
  struct Connection {
    std::vector<ports::Send> unanswered;
    bool greeted = false;
  };
  using Partition = std::pair<std::string, std::int32_t>;

  OldBroker() { settings.broker = {"broker", 9092}; }

  // ---- the model, to be changed by the test ----
  SourceSettings settings;
  std::size_t budget_bytes = 256 * kMiB;
  std::map<Partition, Log> logs;
  std::int32_t num_partitions = 8;
  std::map<Partition, int> errors;          ///< that FETCH of a partition is answered with
  std::map<std::int64_t, Bytes> at_time;    ///< OFFSETS of this time: the answer, count and offsets
  std::optional<Bytes> ends_answer;         ///< the same, for -1 and -2 of all partitions
  std::optional<std::int64_t> claimed_end;  ///< OFFSETS -1 is answered with, whatever the log holds
  std::optional<Bytes> fetch_answer;        ///< what every FETCH that wants bytes is answered with
  std::set<Partition> hangs_up_on_offsets_of;
  std::set<Partition> hangs_up_on_sets_of;
  bool dead = false;          ///< refuses connections
  bool mute = false;          ///< accepts them, and says nothing
  bool hold_sets = false;     ///< FETCH that wants bytes waits for answer_held()
  bool hold_offsets = false;  ///< OFFSETS waits for answer_held()
  bool hold_lookups = false;  ///< all else but greetings does
  Bytes greeting_answer = {0, 0};

  Log& log(std::int32_t partition = 0, const std::string& topic = "t") { return logs[{topic, partition}]; }
  void append(const Bytes& entries, std::int32_t partition = 0, const std::string& topic = "t") {
    Bytes& bytes = log(partition, topic).bytes;
    bytes.insert(bytes.end(), entries.begin(), entries.end());
  }

  // ---- verbs of the node ----
  void start() {
    budget.emplace(budget_bytes);
    source.emplace(settings, *budget, decoder);
  }
  void enter(const std::function<void(ports::SourceEffects&)>& event) {
    if (!source) start();
    ports::SourceEffects effects;
    event(effects);
    source->flush(now, effects);
    obey(std::move(effects));
  }
  void attach_topic(std::int32_t named = 1, const std::string& topic = "t") {
    enter([&](auto& out) { source->attach_topic(topic, named, now, out); });
  }
  void attach(std::uint32_t child, std::int32_t partition = 0, const std::string& topic = "t") {
    enter([&](auto& out) { source->attach({child, 1}, {topic, partition}, now, out); });
  }
  /// Children 0 … n-1 of partitions 0 … n-1 of t.
  void attach_partitions(std::int32_t count) {
    enter([&](auto& out) {
      for (std::int32_t i = 0; i < count; ++i) {
        source->attach({static_cast<std::uint32_t>(i), 1}, {"t", i}, now, out);
      }
    });
  }
  void want(std::uint32_t child, std::int64_t offset) {
    enter([&](auto& out) { source->want({child, 1}, {offset, -1, {}}, now, out); });
  }
  void want_all(std::int32_t count, std::int64_t offset) {
    enter([&](auto& out) {
      for (std::int32_t i = 0; i < count; ++i) {
        source->want({static_cast<std::uint32_t>(i), 1}, {offset, -1, {}}, now, out);
      }
    });
  }
  void look_up(std::uint32_t child, ports::OffsetQuery query) {
    enter([&](auto& out) { source->look_up({child, 1}, query, now, out); });
  }
  void detach(std::uint32_t child) {
    enter([&](auto& out) { source->detach({child, 1}, now, out); });
  }
  void release(const base::ByteBudget::Charge& charge) {
    enter([&](auto& out) { source->released(charge, now, out); });
  }
  /// These children give sets back at once, and ask on from where they end.
  void read_on(std::set<std::uint32_t> children) { reading_on_ = std::move(children); }
  /// Lets time pass as the node does: tick() whenever it is due.
  void pass(base::Duration duration) {
    const base::Time until = now + duration;
    for (int steps = 0; source->next_tick() <= until; ++steps) {
      ASSERT_LT(steps, 5000) << "ticks without end";
      now = std::max(now, source->next_tick());
      enter([&](auto& out) { source->tick(now, out); });
    }
    now = until;
  }
  void pass_ms(int ms) { pass(std::chrono::milliseconds(ms)); }
  void pass_s(int s) { pass(std::chrono::seconds(s)); }

  // ---- verbs of the broker ----
  void answer_held() {
    hold_sets = hold_offsets = hold_lookups = false;
    for (auto& held : std::exchange(held_, {})) serve(held);
  }
  /// Bytes of nobody's asking.
  void say(ports::ConnectionId connection, const ports::RequestTag& tag, const Bytes& frame) {
    give(connection, tag, frame);
  }
  void lose(ports::ConnectionId connection, Error why = {ErrorCode::kUnreachable, "reset by peer"}) {
    connections.erase(connection);
    enter([&](auto& out) { source->lost(connection, why, now, out); });
  }
  void lose_all() {
    while (!connections.empty()) lose(connections.begin()->first);
  }
  /// Requests since the last call: "FETCH t/0@17+100", "MULTIFETCH t/0@17+100 t/1@0+100", "OFFSETS t/0 -1".
  std::vector<std::string> take_asked() { return std::exchange(asked, {}); }
  std::size_t count_asked(const std::string& what) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(asked, [&](const std::string& one) { return one.find(what) != std::string::npos; }));
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
  template <class Effect>
  Effect only() {
    auto taken = take<Effect>();
    EXPECT_EQ(taken.size(), 1u);
    return taken.empty() ? Effect{} : std::move(taken.front());
  }
  /// The messages of a set, as decoded.
  std::vector<std::string> messages(const ports::FetchedSet& set) {
    if (set.decoder == nullptr) return {};  // what only() gives where there is none
    ports::DecodeArena arena;
    const auto batch = set.decoder->decode(set, {0, set.asked_offset}, SIZE_MAX, arena);
    if (!batch) return {batch.error().message};
    EXPECT_TRUE(batch->last);
    EXPECT_EQ(batch->cursor.next_offset, set.next_offset);
    return texts(arena);
  }
  /// Of all that was delivered since the last call, in order.
  std::vector<std::string> delivered() {
    std::vector<std::string> all;
    for (const auto& deliver : take<ports::Deliver>()) {
      for (auto& text : messages(deliver.set)) all.push_back(std::move(text));
    }
    return all;
  }

  base::Time now{std::chrono::hours(1)};
  std::optional<base::ByteBudget> budget;
  MessageSetDecoder decoder;
  std::optional<LegacySource> source;
  std::map<ports::ConnectionId, Connection> connections;
  std::deque<ports::SourceEffect> said;
  std::vector<std::string> asked;
  std::vector<base::Time> tried;      ///< connections, when
  std::set<std::string> made_topics;  ///< on 0.6: asked about without being there

 private:
  struct AskedRange {
    std::string topic;
    std::int32_t partition = 0;
    std::int64_t offset = 0;
    std::int32_t max = 0;
    Partition where() const { return {topic, partition}; }
    std::string text() const {
      return topic + "/" + std::to_string(partition) + "@" + std::to_string(offset) + "+" + std::to_string(max);
    }
  };
  struct Held {
    ports::Send send;
  };

  void obey(ports::SourceEffects effects) {
    for (auto& effect : effects) {
      if (auto* open = std::get_if<ports::OpenConnection>(&effect)) {
        EXPECT_EQ(open->host + ":" + std::to_string(open->port), "broker:9092");
        tried.push_back(now);
        todo_.push_back([this, id = open->connection] { connect(id); });
      } else if (auto* close = std::get_if<ports::CloseConnection>(&effect)) {
        connections.erase(close->connection);
        todo_.push_back([this, id = close->connection] {
          enter([&](auto& out) { source->lost(id, {ErrorCode::kUnreachable, "closed"}, now, out); });
        });
      } else if (auto* send = std::get_if<ports::Send>(&effect)) {
        connections.at(send->connection).unanswered.push_back(*send);
        todo_.push_back([this, held = Held{*send}] { serve(held); });
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
  void connect(ports::ConnectionId id) {
    if (mute) return;
    if (dead) {
      return enter([&](auto& out) { source->lost(id, {ErrorCode::kUnreachable, "refused"}, now, out); });
    }
    connections[id] = {};
    EXPECT_LE(connections.size(), settings.connections);
    enter([&](auto& out) { source->opened(id, now, out); });
  }

  // ---- requests ----
  void serve(const Held& held) {
    const auto connection = connections.find(held.send.connection);
    if (connection == connections.end()) return;
    base::BigEndianReader reader(held.send.bytes);
    EXPECT_EQ(reader.i32(), static_cast<std::int32_t>(held.send.bytes.size() - 4));
    const std::int16_t key = reader.i16();
    std::vector<AskedRange> ranges;
    if (key == 1) ranges.push_back(read_range(reader));
    if (key == 2) {
      for (int count = reader.i16(); count > 0; --count) ranges.push_back(read_range(reader));
    }
    const bool wants_bytes = std::ranges::any_of(ranges, [](const AskedRange& range) { return range.max > 0; });
    const bool greets = key == 2 && ranges.empty();
    const bool waits = wants_bytes ? hold_sets : hold_lookups || (key == 4 && hold_offsets);
    if (waits && !greets) {
      held_.push_back(held);
      return;
    }
    if (greets) {
      EXPECT_FALSE(connection->second.greeted) << "one greeting is enough";
      connection->second.greeted = true;
      return give(held.send.connection, held.send.tag, greeting_answer);
    }
    EXPECT_TRUE(connection->second.greeted);
    if (key == 4) return serve_offsets(held.send, reader);
    EXPECT_TRUE(reader.complete());
    note(key == 1 ? "FETCH" : "MULTIFETCH", ranges);
    for (const AskedRange& range : ranges) {
      if (wants_bytes && hangs_up_on_sets_of.contains(range.where())) return lose(held.send.connection);
    }
    if (wants_bytes && fetch_answer) return give(held.send.connection, held.send.tag, *fetch_answer);
    Bytes frame = key == 1 ? Bytes{} : Bytes{0, 0};
    for (const AskedRange& range : ranges) {
      const Bytes part = fetched(range);
      if (key == 2) put(part.size(), 4, frame);
      frame.insert(frame.end(), part.begin(), part.end());
    }
    give(held.send.connection, held.send.tag, frame);
  }
  void note(const std::string& what, const std::vector<AskedRange>& ranges) {
    std::string text = what;
    for (const AskedRange& range : ranges) text += " " + range.text();
    asked.push_back(text);
  }
  static std::string read_topic(base::BigEndianReader& reader) {
    const auto bytes = reader.raw(static_cast<std::size_t>(reader.i16()));
    return {bytes.begin(), bytes.end()};
  }
  static AskedRange read_range(base::BigEndianReader& reader) {
    AskedRange range;
    range.topic = read_topic(reader);
    range.partition = reader.i32();
    range.offset = reader.i64();
    range.max = reader.i32();
    return range;
  }
  // Source: KafkaRequestHandlers.handleFetchRequest(), Log.read().
  Bytes fetched(const AskedRange& range) {
    if (const auto error = errors.find(range.where()); error != errors.end()) {
      return {static_cast<std::uint8_t>(error->second < 0 ? 0xFF : 0), static_cast<std::uint8_t>(error->second)};
    }
    if (range.partition < 0 || range.partition >= num_partitions) return {0, 3};
    const Log* found = find(range.where());
    if (found == nullptr) return {0, 0};
    if (range.offset < found->start || range.offset > found->end()) return {0, 1};
    std::int64_t segment_end = found->end();
    for (const std::int64_t segment : found->segments) {
      if (segment > range.offset) segment_end = std::min(segment_end, segment);
    }
    const std::int64_t size = std::min<std::int64_t>(range.max, segment_end - range.offset);
    const auto from = found->bytes.begin() + (range.offset - found->start);
    Bytes part = {0, 0};
    part.insert(part.end(), from, from + size);
    return part;
  }
  // nullptr: there is none. A broker of 0.6 makes it.
  const Log* find(const Partition& where) {
    const auto found = logs.find(where);
    if (found != logs.end()) return &found->second;
    if (settings.line == Line::k07) return nullptr;
    made_topics.insert(where.first);
    return &logs[where];
  }
  void serve_offsets(const ports::Send& send, base::BigEndianReader& reader) {
    const std::string topic = read_topic(reader);
    const std::int32_t partition = reader.i32();
    const std::int64_t time = reader.i64();
    EXPECT_EQ(reader.i32(), 1) << "offsets";
    EXPECT_TRUE(reader.complete());
    asked.push_back("OFFSETS " + topic + "/" + std::to_string(partition) + " " + std::to_string(time));
    const Partition where{topic, partition};
    if (partition >= num_partitions || hangs_up_on_offsets_of.contains(where)) return lose(send.connection);
    if (time >= 0) return give(send.connection, send.tag, join({{0, 0}, at_time.at(time)}));
    if (ends_answer) return give(send.connection, send.tag, join({{0, 0}, *ends_answer}));
    const Log* found = find(where);
    const std::int64_t end = claimed_end.value_or(found == nullptr ? 0 : found->end());
    const std::int64_t start = found == nullptr ? 0 : found->start;
    Bytes frame = {0, 0, 0, 0, 0, 1};
    put(static_cast<std::uint64_t>(time == -1 ? end : start), 8, frame);
    give(send.connection, send.tag, frame);
  }

  // ---- answers ----
  void give(ports::ConnectionId id, const ports::RequestTag& tag, const Bytes& frame) {
    const auto connection = connections.find(id);
    if (connection == connections.end()) return;
    if (!connection->second.unanswered.empty()) {
      connection->second.unanswered.erase(connection->second.unanswered.begin());
    }
    auto answer = source->cutter().cut(tag, base::Buffer::copy_of(frame));
    if (!answer) return lose(id, answer.error());
    enter([&](auto& out) {
      source->answered(id, tag, *std::move(answer), now, out);
      const std::size_t end = out.size();
      for (std::size_t i = 0; i < end; ++i) {
        const auto* delivered = std::get_if<ports::Deliver>(&out[i]);
        if (delivered == nullptr || !reading_on_.contains(delivered->child.child)) continue;
        const ports::ChildRef child = delivered->child;
        const std::int64_t next = delivered->set.next_offset;
        const base::ByteBudget::Charge charge = delivered->set.charge;
        source->want(child, {next, -1, {}}, now, out);
        source->released(charge, now, out);
      }
    });
  }

  std::vector<Held> held_;
  std::set<std::uint32_t> reading_on_;
  std::deque<std::function<void()>> todo_;
  bool working_ = false;
};

}  // namespace ductus::kafka06
