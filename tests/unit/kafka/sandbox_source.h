// SandboxSource: a KafkaSource that reads from a real sandbox over real sockets, all in one thread and by a manual
// clock.
//
// Every request is answered at once, so what must come is waited for and nothing else; only the test moves time. `seen`
// says what went on, word by word; "later" and "much later" mean that time had to pass first.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "kafka/api/frame.h"
#include "kafka/set_decoder.h"
#include "kafka/source.h"
#include "net/address.h"
#include "net/frame_stream.h"
#include "net/socket.h"
#include "sandbox/catalog.h"
#include "sandbox/faults/script.h"
#include "sandbox/server.h"

namespace ductus::kafka {

class SandboxSource {
 public:
  static constexpr std::int64_t kMessages = 25;  ///< three record batches

  /// One broker, with t/0 and a script of faults. Each fetch answer holds one record batch.
  explicit SandboxSource(const std::string& script) : budget_(std::size_t{64} << 20) {
    // At a hundred a second they come in tens, and all have come.
    const sandbox::EventLog::Start start{clock_.now() - std::chrono::hours(1), 1'700'000'000'000};
    EXPECT_TRUE(catalog_.add_events("t:1:" + std::to_string(kMessages) + ":100", start));
    auto faults = sandbox::read_faults(script, 1);
    EXPECT_TRUE(faults) << script;
    server_ = *sandbox::Server::listen({.faults = *std::move(faults)}, catalog_, clock_);
    SourceSettings settings;
    settings.brokers = {{"127.0.0.1", server_->ports().at(0)}};
    settings.partition_max_bytes = 1;
    source_.emplace(std::move(settings), budget_, decoder_);
  }

  // ---- commands, each with all that comes of it before time passes

  void attach_topic() {
    enter([&](auto& out) { source_->attach_topic("t", 1, clock_.now(), out); });
    settle();
  }
  void attach() {
    enter([&](auto& out) { source_->attach(kChild, {"t", 0}, clock_.now(), out); });
    settle();
  }
  /// The set behind the last one.
  void want() {
    wanted_ = true;
    enter([&](auto& out) { source_->want(kChild, {next_offset_, -1, {}}, clock_.now(), out); });
    settle();
  }

  // ---- time

  /// Until the word was seen so often since forget().
  void await(const std::string& word, std::size_t times = 1) {
    const base::Time patience = clock_.now() + std::chrono::minutes(10);
    while (count(word) < times && source_->next_tick() <= patience) tick();
    EXPECT_GE(count(word), times) << word << " did not come: " << seen;
  }
  void pass(base::Duration duration) {
    const base::Time until = clock_.now() + duration;
    while (source_->next_tick() <= until) tick();
    clock_.advance(until - clock_.now());
  }
  /// Each message must have come once, in order.
  void read_to_the_end() {
    while (next_offset_ < kMessages) {
      if (!wanted_) want();
      if (wanted_) await("set", count("set") + 1);
      if (wanted_) return;  // await() has told
    }
    std::vector<std::int64_t> all(kMessages);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(offsets_, all);
  }

  // ---- what was seen

  std::size_t count(const std::string& word) const {
    const auto found = counts_.find(word);
    return found == counts_.end() ? 0 : found->second;
  }
  void forget() {
    seen.clear();
    counts_.clear();
    last_word_at_ = clock_.now();
  }
  std::string seen;

 private:
  static constexpr ports::ChildRef kChild{0, 1};
  static constexpr int kPatientTurns = 5000;
  struct Connection {
    net::FrameStream stream;
    bool opened = false;
    std::optional<ports::RequestTag> asked;
  };

  void enter(const std::function<void(ports::SourceEffects&)>& event) {
    ports::SourceEffects effects;
    event(effects);
    source_->flush(clock_.now(), effects);
    for (auto& effect : effects) {
      std::visit([this](auto& it) { obey(it); }, effect);
    }
  }
  void tick() {
    clock_.advance(std::max(source_->next_tick() - clock_.now(), base::Duration(0)));
    enter([&](auto& out) { source_->tick(clock_.now(), out); });
    settle();
  }
  void settle() {
    for (int turn = 0; turn < kPatientTurns; ++turn) {
      std::vector<ports::ConnectionId> waiting;
      for (const auto& [id, connection] : connections_) {
        if (!connection.opened || connection.asked) waiting.push_back(id);
      }
      if (waiting.empty()) return;
      ASSERT_TRUE(*server_->serve(std::chrono::milliseconds(1)));
      for (const auto id : waiting) {
        const auto found = connections_.find(id);
        if (found == connections_.end()) continue;
        if (auto moved = found->second.opened ? receive(id, found->second) : connect(id, found->second); !moved) {
          connections_.erase(id);
          enter([&](auto& out) { source_->lost(id, moved.error(), clock_.now(), out); });
        }
      }
    }
    FAIL() << "the sandbox does not answer: " << seen;
  }
  Result<void> connect(ports::ConnectionId id, Connection& connection) {
    pollfd writable{connection.stream.socket().fd(), POLLOUT, 0};
    if (::poll(&writable, 1, 0) != 1) return {};
    if (auto connected = net::connect_result(connection.stream.socket()); !connected) return connected;
    connection.opened = true;
    enter([&](auto& out) { source_->opened(id, clock_.now(), out); });
    return {};
  }
  Result<void> receive(ports::ConnectionId id, Connection& connection) {
    auto frame = connection.stream.read();
    if (!frame) return frame.error();
    if (!frame->has_value()) return {};
    const ports::RequestTag tag = *std::exchange(connection.asked, std::nullopt);
    auto answer = source_->cutter().cut(tag, *std::move(*frame));
    if (!answer) return answer.error();
    enter([&](auto& out) { source_->answered(id, tag, *std::move(answer), clock_.now(), out); });
    return {};
  }

  void obey(const ports::OpenConnection& wanted) {
    see("open");
    auto socket = net::start_connect(net::resolve(wanted.host, wanted.port)->front());
    connections_.emplace(wanted.connection, Connection{net::FrameStream(*std::move(socket), std::size_t{1} << 20)});
  }
  void obey(const ports::CloseConnection& closed) {
    see("close");
    connections_.erase(closed.connection);
  }
  void obey(ports::Send& request) {
    see(std::string(name_of(ApiKey{request.tag.api_key})));
    Connection& connection = connections_.at(request.connection);
    ASSERT_FALSE(connection.asked) << "two requests outstanding on one connection";
    connection.asked = request.tag;
    ASSERT_TRUE(connection.stream.write(std::move(request.bytes)));
  }
  void obey(const ports::Deliver& delivered) {
    see("set");
    wanted_ = false;
    EXPECT_EQ(delivered.set.asked_offset, next_offset_);
    next_offset_ = delivered.set.next_offset;
    ports::SetCursor cursor{0, delivered.set.asked_offset};
    for (bool last = false; !last;) {
      const auto decoded = decoder_.decode(delivered.set, cursor, SIZE_MAX, arena_);
      ASSERT_TRUE(decoded);
      for (const auto& message : arena_.messages) offsets_.push_back(message.offset());
      cursor = decoded->cursor;
      last = decoded->last;
    }
    budget_.release(delivered.set.charge);
  }
  void obey(const ports::Trouble& trouble) {
    const bool retrying = trouble.kind == ports::Trouble::Kind::kRetrying;
    see((retrying ? "told " : "stopped ") + std::string(to_string(trouble.error.code)));
  }
  void obey(const ports::Healed&) { see("healed"); }
  void obey(const ports::TopicFound&) { see("found"); }
  void obey(const ports::TopicMissing& it) { see("missing " + std::string(to_string(it.error.code))); }
  void obey(const ports::BrokerAway&) { see("away"); }
  void obey(const ports::OffsetFound&) {}
  void obey(const ports::LogBounds&) {}
  void obey(const ports::SourceState&) {}
  void obey(const ports::ProtocolFound&) {}

  void see(const std::string& word) {
    const base::Duration pause = clock_.now() - last_word_at_;
    last_word_at_ = clock_.now();
    ++counts_[word];
    if (!seen.empty()) seen += ", ";
    if (pause > base::Duration(0)) seen += pause < SourceSettings().retry_slowly / 2 ? "later " : "much later ";
    seen += word;
  }

  base::ManualClock clock_;
  sandbox::Catalog catalog_;
  std::unique_ptr<sandbox::Server> server_;
  base::ByteBudget budget_;
  RecordSetDecoder decoder_;
  std::optional<KafkaSource> source_;
  std::map<ports::ConnectionId, Connection> connections_;
  ports::DecodeArena arena_;
  bool wanted_ = false;
  std::int64_t next_offset_ = 0;
  std::vector<std::int64_t> offsets_;
  std::map<std::string, std::size_t> counts_;
  base::Time last_word_at_ = clock_.now();
};

}  // namespace ductus::kafka
