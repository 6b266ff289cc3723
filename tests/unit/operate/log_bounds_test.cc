#include "operate/log_bounds.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "net/socket.h"
#include "operate/source/source_sockets.h"

namespace ductus::operate {
namespace {

using namespace std::chrono_literals;
using ports::ChildRef;
using ports::ConnectionId;
using ports::SourceEffects;

struct TextAnswer final : ports::Answer {
  std::string text;
};

class TextCutter final : public ports::AnswerCutter {
 public:
  Result<std::unique_ptr<ports::Answer>> cut(const ports::RequestTag&, base::Buffer frame) const override {
    auto answer = std::make_unique<TextAnswer>();
    answer->text.assign(frame.data(), frame.data() + frame.size());
    return answer;
  }
};

// A source whose protocol is: one frame asks, one frame answers, and a script says what the answer means.
class ScriptedSource final : public ports::BatchSource {
 public:
  using Script = std::function<void(const std::string& answer, SourceEffects& out)>;
  ScriptedSource(std::uint16_t port, Script script) : port_(port), script_(std::move(script)) {}

  std::vector<ports::TopicPartition> attached;
  std::vector<ports::OffsetQuery> lookups;
  std::vector<Error> losses;
  std::vector<std::int32_t> named;  ///< partitions of each topic attached
  bool tries_again = false;

  const ports::AnswerCutter& cutter() const override { return cutter_; }
  void attach_topic(const std::string&, std::int32_t named_partitions, base::Time, SourceEffects&) override {
    named.push_back(named_partitions);
    wants_connection_ = true;
  }
  void detach_topic(const std::string&, base::Time, SourceEffects&) override {}
  void attach(ChildRef, const ports::TopicPartition& partition, base::Time, SourceEffects&) override {
    attached.push_back(partition);
  }
  void detach(ChildRef, base::Time, SourceEffects&) override {}
  void want(ChildRef, const ports::Position&, base::Time, SourceEffects&) override {}
  void look_up(ChildRef, ports::OffsetQuery query, base::Time, SourceEffects&) override { lookups.push_back(query); }
  void released(const base::ByteBudget::Charge&, base::Time, SourceEffects&) override {}
  void flush(base::Time, SourceEffects& out) override {
    if (!std::exchange(wants_connection_, false)) return;
    out.push_back(ports::OpenConnection{++connection_, "127.0.0.1", port_});
  }
  void opened(ConnectionId connection, base::Time, SourceEffects& out) override {
    out.push_back(ports::Send{connection, {}, {0, 0, 0, 3, 'a', 's', 'k'}});
  }
  void answered(ConnectionId, const ports::RequestTag&, std::unique_ptr<ports::Answer> answer, base::Time,
                SourceEffects& out) override {
    script_(static_cast<TextAnswer&>(*answer).text, out);
  }
  void lost(ConnectionId, const Error& why, base::Time, SourceEffects& out) override {
    losses.push_back(why);
    wants_connection_ = tries_again;
    out.push_back(ports::SourceState{false, why.message});
    if (!tries_again) out.push_back(ports::TopicMissing{"orders", {ErrorCode::kRefused, why.message}});
  }
  void tick(base::Time, SourceEffects&) override {}
  base::Time next_tick() const override { return base::Time::max(); }

 private:
  const std::uint16_t port_;
  Script script_;
  TextCutter cutter_;
  bool wants_connection_ = false;
  ConnectionId connection_ = 0;
};

class LookAtLog : public ::testing::Test {
 protected:
  LookAtLog() : listener_(net::listen_on(net::resolve("127.0.0.1", 0)->front()).value()) {}

  std::uint16_t port() const { return net::local_address(listener_)->port(); }

  /// A broker for one connection after the other, which answers the question with these bytes and hangs up, but on the
  /// last one.
  void answer_with(std::vector<std::string> answers) {
    broker_ = std::jthread([this, answers = std::move(answers)] {
      for (const std::string& bytes : answers) {
        wait_for(listener_.fd());
        const auto client = net::accept_from(listener_);
        if (!client) return;
        answer(client->fd(), bytes);
        if (&bytes == &answers.back()) wait_for(client->fd());
      }
    });
  }
  void answer_with(std::string bytes) { answer_with(std::vector{std::move(bytes)}); }
  static std::string length_of(std::size_t bytes) {
    std::string text;
    for (const int shift : {24, 16, 8, 0}) text += static_cast<char>(bytes >> shift & 0xff);
    return text;
  }
  LogLook look(ScriptedSource& source, const std::vector<std::string>& topics,
               std::chrono::milliseconds timeout = 20s) {
    return look_at_log(source, topics, base::SystemClock(), timeout);
  }

  net::Socket listener_;
  std::jthread broker_;

 private:
  static void answer(int client, const std::string& bytes) {
    std::string asked;
    char at[64];
    while (asked.size() < 7 && wait_for(client)) {
      const ssize_t got = ::recv(client, at, sizeof at, 0);
      if (got <= 0) return;
      asked.append(at, static_cast<std::size_t>(got));
    }
    EXPECT_EQ(asked, std::string("\0\0\0\3ask", 7));
    // In two parts, for an answer may come in any number.
    EXPECT_GT(::send(client, bytes.data(), 2, MSG_NOSIGNAL), 0);
    for (std::size_t sent = 2; sent < bytes.size();) {
      const ssize_t more = ::send(client, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (more > 0) sent += static_cast<std::size_t>(more);
      if (more < 0 && (errno != EAGAIN || !wait_for(client, POLLOUT))) return;
    }
  }
  static bool wait_for(int fd, short events = POLLIN) {
    pollfd waiting{fd, events, 0};
    return ::poll(&waiting, 1, 20'000) == 1;
  }
};

TEST_F(LookAtLog, AsksOnlyForPartitionsThatAreRead) {
  answer_with(std::string("\0\0\0\5hello", 9));
  ScriptedSource source(port(), [](const std::string&, SourceEffects& out) {
    out.push_back(ports::TopicFound{"orders", {7}, 4});
    out.push_back(ports::LogBounds{{0, 0}, 5, 90, 80});
  });
  const auto found = look_at_log(source, {"orders"}, base::SystemClock(), 20s, std::nullopt,
                                 [](const ports::TopicPartition& partition) { return partition.partition == 2; });
  EXPECT_EQ(source.attached, (std::vector<ports::TopicPartition>{{"orders", 2}}));
  ASSERT_EQ(found.partitions.size(), 1u);
  EXPECT_EQ(found.partitions.at({"orders", 2}).readable_end, 80);
}

TEST_F(LookAtLog, SaysHowManyPartitionsTheConfigurationNames) {
  answer_with(std::string("\0\0\0\5hello", 9));
  ScriptedSource source(port(), [](const std::string&, SourceEffects& out) {
    out.push_back(ports::TopicMissing{"orders", {ErrorCode::kNotFound, "no such topic"}});
    out.push_back(ports::TopicMissing{"events", {ErrorCode::kNotFound, "no such topic"}});
  });
  (void)look_at_log(source, {"events", "orders"}, base::SystemClock(), 20s, std::nullopt, {},
                    [](const std::string& topic) { return topic == "orders" ? 12 : 1; });
  std::ranges::sort(source.named);
  EXPECT_EQ(source.named, (std::vector<std::int32_t>{1, 12}));
}

TEST_F(LookAtLog, EndsOnceEverythingIsKnown) {
  answer_with(std::string("\0\0\0\5hello", 9));
  ScriptedSource source(port(), [](const std::string& answer, SourceEffects& out) {
    EXPECT_EQ(answer, "hello");
    out.push_back(ports::TopicFound{"orders", {7}, 2});
    out.push_back(ports::TopicMissing{"gone", {ErrorCode::kNotFound, "no such topic"}});
    out.push_back(ports::LogBounds{{0, 0}, 5, 90, -1});
    out.push_back(ports::LogBounds{{0, 0}, -1, -1, 80});
    out.push_back(ports::Trouble{{1, 0}, {ErrorCode::kUnsupported, "no leader ever"}, ports::Trouble::Kind::kFinal});
  });
  const auto found = look(source, {"orders", "gone"});
  ASSERT_EQ(found.partitions.size(), 2u);
  const auto& first = found.partitions.at({"orders", 0});
  EXPECT_EQ(first.log_start_offset, 5);
  EXPECT_EQ(first.high_watermark, 90);
  EXPECT_EQ(first.readable_end, 80);
  const auto& second = found.partitions.at({"orders", 1});
  EXPECT_EQ(second.readable_end, std::nullopt);
  EXPECT_EQ(second.trouble, "no leader ever");
  EXPECT_EQ(found.missing_topics.at("gone").message, "no such topic");
  EXPECT_EQ(found.topics.at("orders"), (ports::KnownTopic{{7}, 2}));
  EXPECT_EQ(source.attached, (std::vector<ports::TopicPartition>{{"orders", 0}, {"orders", 1}}));
}

TEST_F(LookAtLog, WaitsForATopicWhoseLeadersAreBeingElected) {
  const std::string hello("\0\0\0\5hello", 9);
  answer_with(std::vector{hello, hello});
  int answers = 0;
  ScriptedSource source(port(), [&](const std::string&, SourceEffects& out) -> void {
    if (++answers == 1)
      return void(out.emplace_back(ports::TopicMissing{"orders", {ErrorCode::kUnreachable, "no leader"}}));
    out.emplace_back(ports::TopicFound{"orders", {7}, 1});
    out.emplace_back(ports::LogBounds{{0, 0}, 5, 90, 90});
  });
  source.tries_again = true;
  const auto found = look(source, {"orders"});
  EXPECT_TRUE(found.missing_topics.empty());
  EXPECT_EQ(found.partitions.at({"orders", 0}).readable_end, 90);
}

TEST_F(LookAtLog, AsksForTheOffsetAtATimeWhereOneIsGiven) {
  answer_with(std::string("\0\0\0\5hello", 9));
  ScriptedSource source(port(), [](const std::string&, SourceEffects& out) {
    out.push_back(ports::TopicFound{"orders", {7}, 1});
    out.push_back(ports::LogBounds{{0, 0}, 5, 90, 90});
    out.push_back(ports::OffsetFound{{0, 0}, 42, -1, {7}});
  });
  const auto found = look_at_log(source, {"orders"}, base::SystemClock(), 20s, 1'700'000'000'000);
  EXPECT_EQ(found.partitions.at({"orders", 0}).at_time, 42);
  EXPECT_EQ(source.lookups, (std::vector<ports::OffsetQuery>{{ports::OffsetQuery::kAtTime, 1'700'000'000'000}}));
}

TEST_F(LookAtLog, LeavesUnknownWhatIsNotAnsweredInTime) {
  ScriptedSource source(port(), {});
  const auto found = look(source, {"orders"}, 50ms);
  EXPECT_TRUE(found.partitions.empty());
  EXPECT_TRUE(found.missing_topics.contains("orders"));
}

TEST_F(LookAtLog, SaysThatTheClusterIsAway) {
  const auto gone = port();
  listener_.close();
  ScriptedSource source(gone, {});
  const auto found = look(source, {"orders"});
  EXPECT_NE(found.trouble, "");
  EXPECT_EQ(source.losses.size(), 1u);
}

TEST_F(LookAtLog, DoesNotWaitForABrokerThatRefuses) {
  const auto gone = port();
  listener_.close();
  ScriptedSource source(gone, {});
  source.tries_again = true;
  const auto found = look(source, {"orders", "users"}, 24h);
  EXPECT_NE(found.trouble, "");
  EXPECT_EQ(found.missing_topics.at("users").code, ErrorCode::kTimedOut);
  EXPECT_EQ(source.losses.size(), 1u);
}

TEST_F(LookAtLog, TakesAnAnswerOfTheGreatestLength) {
  answer_with(length_of(SourceSockets::kMaxAnswerBytes) + std::string(SourceSockets::kMaxAnswerBytes, 'x'));
  std::size_t got = 0;
  ScriptedSource source(port(), [&](const std::string& answer, SourceEffects& out) {
    got = answer.size();
    out.push_back(ports::TopicMissing{"orders", {ErrorCode::kNotFound, "no such topic"}});
  });
  look(source, {"orders"});
  EXPECT_EQ(got, SourceSockets::kMaxAnswerBytes);
}

TEST_F(LookAtLog, LeavesOutPartitionsBeyondItsLimit) {
  answer_with(std::string("\0\0\0\5hello", 9));
  ScriptedSource source(port(), [](const std::string&, SourceEffects& out) {
    out.push_back(ports::TopicFound{"orders", {7}, kMaxPartitions + 1});
    for (std::uint32_t child = 0; child <= kMaxPartitions; ++child) {
      out.push_back(ports::LogBounds{{child, 0}, 5, 90, 80});
    }
  });
  const auto found = look(source, {"orders"});
  EXPECT_EQ(found.partitions.size(), kMaxPartitions);
  EXPECT_EQ(source.attached.size(), kMaxPartitions);
  EXPECT_EQ(found.topics.at("orders").partition_count, kMaxPartitions + 1) << "as the cluster says";
}

TEST_F(LookAtLog, TakesNoMemoryForAnAnswerThatIsTooLong) {
  answer_with(length_of(SourceSockets::kMaxAnswerBytes + 1) + "the first of it");
  ScriptedSource source(port(), {});
  look(source, {"orders"});
  ASSERT_EQ(source.losses.size(), 1u);
  EXPECT_EQ(source.losses[0].code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace ductus::operate
