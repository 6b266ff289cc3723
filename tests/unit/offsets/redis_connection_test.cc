// What comes from a hostile or troubled Redis server, byte by byte: a scripted server stands in for it.
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/address.h"
#include "offsets/redis/connection.h"
#include "offsets/redis/redis_store.h"
#include "offsets/redis/reply.h"

namespace ductus::offsets {
namespace {

using namespace std::chrono_literals;
using Kind = RedisReply::Kind;

Result<std::optional<RedisReply>> read_reply(std::string_view bytes, std::size_t piece = 1) {
  ReplyReader reader;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    if (auto fed = reader.feed(bytes.substr(0, piece)); !fed) return std::move(fed).error();
  }
  return reader.next();
}

ErrorCode code_of(std::string_view bytes) {
  const auto reply = read_reply(bytes);
  EXPECT_FALSE(reply.ok()) << bytes;
  return reply.ok() ? ErrorCode::kNotNeeded : reply.error().code;
}

TEST(RedisReplyReader, ReadsEveryKindInPieces) {
  const std::string bytes = "*6\r\n+OK\r\n:-42\r\n$-1\r\n$3\r\na\r\n\r\n*-1\r\n*1\r\n-ERR no\r\n";
  for (const std::size_t piece : {1u, 2u, 1000u}) {
    const auto reply = read_reply(bytes, piece);
    ASSERT_TRUE(reply.ok()) << reply.error().message;
    ASSERT_TRUE(reply->has_value());
    const auto& list = (*reply)->list;
    ASSERT_EQ(list.size(), 6u);
    EXPECT_EQ(list[0].kind, Kind::kStatus);
    EXPECT_EQ(list[1].integer, -42);
    EXPECT_EQ(list[2].kind, Kind::kNil);
    EXPECT_EQ(list[3].text, std::string("a\r\n"));
    EXPECT_EQ(list[4].kind, Kind::kNil);
    EXPECT_EQ(list[5].list.at(0).kind, Kind::kError);
  }
}

TEST(RedisReplyReader, WaitsForTheRest) {
  for (const std::string_view part : {"", "*2\r\n", "*2\r\n:1\r\n", "$5\r\nabc", "$5\r\nabcde\r", ":1"}) {
    const auto reply = read_reply(part);
    ASSERT_TRUE(reply.ok()) << part;
    EXPECT_FALSE(reply->has_value()) << part;
  }
}

// B104
TEST(RedisReplyReader, RefusesSizesAndIntegersThatCannotBe) {
  EXPECT_EQ(code_of("$-2\r\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of("*-2\r\n"), ErrorCode::kCorrupt);
  EXPECT_EQ(code_of("*2147483647\r\n"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("*9223372036854775807\r\n"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("*4611686018427387904\r\n"), ErrorCode::kLimit);
  EXPECT_EQ(code_of(":9223372036854775808\r\n"), ErrorCode::kCorrupt);
  for (const std::string_view odd :
       {": 1\r\n", ":1 \r\n", ":+1\r\n", ":\r\n", ":1x\r\n", "$ 3\r\nabc\r\n", ":1\n\r\n"}) {
    EXPECT_EQ(code_of(odd), ErrorCode::kCorrupt) << odd;
  }
  EXPECT_EQ(code_of("$3\r\nabcdef\r\n"), ErrorCode::kCorrupt);
}

// B105
TEST(RedisReplyReader, RefusesWhatIsLargeBeforeMemoryIsTaken) {
  EXPECT_EQ(code_of("$1073741824\r\n"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("$" + std::to_string(kMaxReplyBytes + 1) + "\r\n"), ErrorCode::kLimit);
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "*1\r\n";
  EXPECT_EQ(code_of(deep), ErrorCode::kLimit);
  std::string nested;
  for (std::size_t i = 0; i < kMaxReplyNesting; ++i) nested += "*1\r\n";
  EXPECT_TRUE(read_reply(nested + ":1\r\n").ok());
  EXPECT_EQ(code_of(nested + "*1\r\n"), ErrorCode::kLimit);
  EXPECT_TRUE(read_reply("+" + std::string(kMaxReplyLineBytes - 1, 'x') + "\r\n").ok());
  EXPECT_EQ(code_of("+" + std::string(kMaxReplyLineBytes, 'x') + "\r\n"), ErrorCode::kLimit);
  EXPECT_EQ(code_of("*" + std::to_string(kMaxReplyElements) + "\r\n"), ErrorCode::kLimit);
}

TEST(RedisReplyReader, CountsTheElementsOfAllListsTogether) {
  const std::string half = "*" + std::to_string(kMaxReplyElements / 2) + "\r\n";
  std::string elements;
  for (std::size_t i = 0; i < kMaxReplyElements / 2; ++i) elements += ":1\r\n";
  ReplyReader reader;
  ASSERT_TRUE(reader.feed("*2\r\n" + half + elements).ok());
  EXPECT_EQ(reader.feed(half).error().code, ErrorCode::kLimit);
}

// B108: pushes of RESP3, and other protocols.
TEST(RedisReplyReader, RefusesWhatIsNoResp2) {
  EXPECT_EQ(code_of("*2\r\n+ok\r\n>2\r\n+message\r\n+x\r\n"), ErrorCode::kCorrupt);
  for (const std::string_view odd : {">2\r\n", "%1\r\n", "_\r\n", "#t\r\n", "HTTP/1.1 400 Bad Request\r\n", "\r\n"}) {
    EXPECT_EQ(code_of(odd), ErrorCode::kCorrupt) << odd;
  }
}

// ---- over a connection ---------------------------------------------------------------------------------------

net::Address loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

/// Answers the commands of one connection after the other with `answers`, whatever they are: an empty one hangs up.
/// Then it says nothing more.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers)
      : answers_(std::move(answers)), thread_([this] { run(); }) {}
  ~ScriptedServer() {
    stopping_ = true;
    thread_.join();
  }
  RedisSettings settings() const { return {{"127.0.0.1", net::local_address(listener_)->port(), {}, {}}, "", "", 0}; }

 private:
  static bool readable(int fd) {
    pollfd watched{fd, POLLIN, 0};
    return ::poll(&watched, 1, 10) > 0;
  }
  void run() {
    std::size_t next = 0;
    while (!stopping_) {
      if (!readable(listener_.fd())) continue;
      auto peer = net::accept_from(listener_);
      while (peer && !stopping_) {
        if (!readable(peer->fd()) || next == answers_.size()) continue;
        std::array<char, 65536> bytes{};
        if (::recv(peer->fd(), bytes.data(), bytes.size(), 0) <= 0) break;
        const std::string& answer = answers_[next++];
        if (answer.empty()) break;  // hangs up
        ::send(peer->fd(), answer.data(), answer.size(), MSG_NOSIGNAL);
      }
    }
  }

  std::vector<std::string> answers_;
  net::Socket listener_ = *net::listen_on(loopback());
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

Result<RedisReply> ask(const std::string& answer) {
  const ScriptedServer server({"+OK\r\n", answer});
  RedisConnection connection(server.settings());
  if (auto connected = connection.connect(); !connected) return std::move(connected).error();
  const std::array<std::string_view, 1> command{"PING"};
  return connection.ask(command);
}

struct Told {
  std::string answer;
  ErrorCode code;
  std::string advice;
};

TEST(RedisConnection, SaysOfEachErrorWhatToDo) {
  const std::string script = "ERR Error running script (call to f_1): @user_script:1: ";
  const std::vector<Told> all{
      {"READONLY You can't write against a read only replica.", ErrorCode::kIo, "name the master"},
      {"OOM command not allowed when used memory > 'maxmemory'.", ErrorCode::kIo, "maxmemory"},
      {"LOADING Redis is loading the dataset in memory", ErrorCode::kUnreachable, "loading"},
      {"NOAUTH Authentication required.", ErrorCode::kIo, "store.password_file"},
      {"WRONGPASS invalid username-password pair or user is disabled.", ErrorCode::kIo, "store.password_file"},
      {"NOPERM this user has no permissions to run the 'eval' command", ErrorCode::kIo, "grant"},
      {"MISCONF Redis is configured to save RDB snapshots", ErrorCode::kIo, "disk"},
      {"WRONGTYPE Operation against a key holding the wrong kind of value", ErrorCode::kCorrupt, "move it away"},
      {script + "WRONGTYPE Operation against a key", ErrorCode::kCorrupt, "move it away"},
      {"MOVED 3999 127.0.0.1:6381", ErrorCode::kUnsupported, "cluster"},
      {"ASK 3999 127.0.0.1:6381", ErrorCode::kUnsupported, "cluster"},
      {"BUSY Redis is busy running a script.", ErrorCode::kUnreachable, "busy"},
      {"ERR something new", ErrorCode::kIo, "something new"},
  };
  for (const auto& [answer, code, advice] : all) {
    const auto refused = ask("-" + answer + "\r\n");
    ASSERT_FALSE(refused.ok()) << answer;
    EXPECT_EQ(refused.error().code, code) << refused.error().message;
    EXPECT_NE(refused.error().message.find(advice), std::string::npos) << refused.error().message;
  }
}

// B106
TEST(RedisConnection, EscapesAndCutsTheTextOfErrors) {
  const auto refused = ask("-ERR \x1b[2J\x07 " + std::string(3000, 'x') + "\r\n");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message.find('\x1b'), std::string::npos);
  EXPECT_NE(refused.error().message.find("\\x1b"), std::string::npos) << refused.error().message;
  EXPECT_LT(refused.error().message.size(), 500u);
  for (const char* more : {"-ERR one\ntwo\r\n", "-ERR one\rtwo\r\n", "-ERR one\r\n-two\r\n"}) {
    const auto broken = ask(more);
    ASSERT_FALSE(broken.ok());
    EXPECT_EQ(broken.error().code, ErrorCode::kCorrupt) << broken.error().message;
    EXPECT_EQ(broken.error().message.find_first_of("\r\n"), std::string::npos);
  }
}

// B108
TEST(RedisConnection, FindsAnErrorWithinAListAndBytesBehindAnAnswer) {
  EXPECT_EQ(ask("*2\r\n+ok\r\n-MOVED 1 127.0.0.1:1\r\n").error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(ask("+PONG\r\n+surplus\r\n").error().code, ErrorCode::kCorrupt);
  EXPECT_EQ(ask(">2\r\n+a\r\n+b\r\n").error().code, ErrorCode::kCorrupt);
}

TEST(RedisConnection, SaysThatTheServerHungUpOrStalls) {
  EXPECT_EQ(ask("").error().code, ErrorCode::kUnreachable);
  const ScriptedServer server({"+OK\r\n", "*2\r\n+half\r\n"});
  RedisConnection connection(server.settings());
  ASSERT_TRUE(connection.connect().ok());
  connection.limit(50ms);
  const std::array<std::string_view, 1> command{"PING"};
  EXPECT_EQ(connection.ask(command).error().code, ErrorCode::kTimedOut);
  EXPECT_FALSE(connection.is_open());
  EXPECT_EQ(connection.ask(command).error().code, ErrorCode::kUnreachable);
}

TEST(RedisConnection, WaitsNoLongerThanItsBounds) {
  EXPECT_EQ(RedisConnection::kConnectTimeout, 5s);
  EXPECT_EQ(RedisConnection::kAnswerTimeout, 5s);
}

TEST(RedisConnection, SendsTheTextOfAScriptThatTheServerHasLost) {
  const ScriptedServer server({"+OK\r\n", "$3\r\nabc\r\n", ":1\r\n", "-NOSCRIPT No matching script.\r\n", ":2\r\n",
                               "-NOSCRIPT No matching script.\r\n", "-NOSCRIPT again\r\n"});
  RedisConnection connection(server.settings());
  ASSERT_TRUE(connection.connect().ok());
  RedisScript script{"return 1", ""};
  EXPECT_EQ(connection.run(script, {}, {})->integer, 1);
  EXPECT_EQ(script.sha1, "abc");
  EXPECT_EQ(connection.run(script, {}, {})->integer, 2);
  EXPECT_EQ(connection.run(script, {}, {}).error().code, ErrorCode::kIo);
}

TEST(RedisConnection, NeverSaysThePassword) {
  const ScriptedServer server({"-WRONGPASS invalid username-password pair or user is disabled.\r\n"});
  RedisSettings settings = server.settings();
  settings.password = "open sesame";
  RedisConnection connection(settings);
  const auto refused = connection.connect();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message.find("sesame"), std::string::npos) << refused.error().message;
}

// ---- in place of what a script of ours says ------------------------------------------------------------------

class HostileServer {
 public:
  /// A store that a verb has opened; to its next script the server says `answer`.
  explicit HostileServer(const std::string& answer) : server_({"+OK\r\n", kSha, "*1\r\n$2\r\nok\r\n", kSha, answer}) {
    RedisStoreSettings settings;
    settings.server = server_.settings();
    settings.handler_name = "pipe";
    settings.owner = base::LockOwner::kVerb;
    auto opened = RedisStore::open(settings);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    if (opened) store_ = *std::move(opened);
  }
  RedisStore& store() { return *store_; }

 private:
  static constexpr const char* kSha = "$3\r\nabc\r\n";

  ScriptedServer server_;
  std::unique_ptr<RedisStore> store_;
};

const ports::TopicPartition kOrders0{"orders", 0};
// What begins as it should, with a place, or what stands for one, behind it.
const std::string kOk = "$2\r\nok\r\n";
const std::vector<std::string> kNoAnswers = {"*-1\r\n", "*0\r\n", "$-1\r\n", ":5\r\n", "+ok\r\n", "*1\r\n*-1\r\n"};

ErrorCode code_of(const Error& error) {
  EXPECT_EQ(error.message.find_first_of("\r\n\x1b"), std::string::npos);
  EXPECT_LT(error.message.size(), 600u);
  return error.code;
}

// B104, B107, B108
TEST(RedisStore, TakesNoPlaceFromAnAnswerThatIsNotOfItsScript) {
  std::vector<std::string> answers = kNoAnswers;
  for (const std::string& place :
       {std::string("*-1\r\n"), std::string("$-1\r\n"), std::string(":5\r\n"), std::string("*1\r\n$1\r\n5\r\n"),
        std::string("$0\r\n\r\n"), std::string("$1048576\r\n" + std::string(1 << 20, '7') + "\r\n"),
        std::string(">2\r\n+message\r\n+x\r\n")}) {
    answers.push_back("*2\r\n" + kOk + place);
  }
  answers.push_back("*1\r\n" + kOk);
  answers.push_back("*3\r\n" + kOk + "$6\r\n5 -1 -\r\n$6\r\n5 -1 -\r\n");
  for (const std::string& answer : answers) {
    SCOPED_TRACE(answer.substr(0, 40));
    const auto loaded = HostileServer(answer).store().load({&kOrders0, 1});
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(code_of(loaded.error()), ErrorCode::kCorrupt) << loaded.error().message;
  }
}

// B108
TEST(RedisStore, IsToldOfAClusterInTheMiddleOfAScriptsAnswer) {
  for (const char* error : {"-MOVED 3999 127.0.0.1:6381\r\n", "-ASK 3999 127.0.0.1:6381\r\n"}) {
    for (const std::string& answer : {std::string(error), "*2\r\n" + kOk + error}) {
      const auto loaded = HostileServer(answer).store().load({&kOrders0, 1});
      ASSERT_FALSE(loaded.ok());
      EXPECT_EQ(code_of(loaded.error()), ErrorCode::kUnsupported) << loaded.error().message;
    }
  }
}

// B104
TEST(RedisStore, TakesNothingForWrittenThatTheScriptDidNotSay) {
  const std::string conflict = "$8\r\nconflict\r\n";
  std::vector<std::string> answers = kNoAnswers;
  for (const char* index : {":1\r\n", ":-1\r\n", ":9223372036854775807\r\n"})
    answers.push_back("*2\r\n" + conflict + index);
  answers.push_back("*1\r\n" + conflict);
  answers.push_back("*1\r\n$2\r\nOK\r\n");
  const std::vector<ports::StoredPosition> round{{kOrders0, {5}}};
  for (const std::string& answer : answers) {
    SCOPED_TRACE(answer);
    HostileServer server(answer);
    const auto stored = server.store().store(round);
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(code_of(stored.error()), ErrorCode::kCorrupt) << stored.error().message;
    EXPECT_TRUE(server.store().conflicts().empty());
  }
}

// B104, B107
TEST(RedisStore, ListsNothingFromAnAnswerThatContradictsItself) {
  std::vector<std::string> answers = kNoAnswers;
  const std::string entry = "$8\r\norders/0\r\n$6\r\n5 -1 -\r\n";
  for (const char* count : {":2\r\n", ":-1\r\n", ":4611686018427387904\r\n", ":9223372036854775807\r\n"}) {
    answers.push_back("*4\r\n" + kOk + count + entry);
  }
  answers.push_back("*3\r\n" + kOk + ":0\r\n$1\r\nx\r\n");
  answers.push_back("*4\r\n" + kOk + ":1\r\n$8\r\norders/0\r\n$-1\r\n");
  answers.push_back("*4\r\n" + kOk + ":1\r\n$8\r\norders/0\r\n$3\r\n12x\r\n");
  for (const std::string& answer : answers) {
    SCOPED_TRACE(answer);
    const auto entries = HostileServer(answer).store().entries();
    ASSERT_FALSE(entries.ok());
    EXPECT_EQ(code_of(entries.error()), ErrorCode::kCorrupt) << entries.error().message;
  }
}

}  // namespace
}  // namespace ductus::offsets
