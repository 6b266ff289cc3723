// The Redis store over a real redis-server: what somebody else changes, what a server that goes away leaves open, and
// who owns the places.
#include "offsets/redis/redis_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "offsets/redis/act_text.h"
#include "offsets/redis/layout.h"
#include "support/servers/redis_server.h"

namespace ductus::offsets {
namespace {

using base::LockOwner;
using ports::Position;
using ports::TopicPartition;

const TopicPartition kOrders0{"orders", 0};
const TopicPartition kOrders1{"orders", 1};

class RedisStoreTest : public testing::Test {
 protected:
  RedisStoreSettings settings(LockOwner owner = LockOwner::kNode, const std::string& machine = "this") const {
    RedisStoreSettings made;
    made.server.server.unix_path = server_.socket_path();
    made.handler_name = "pipe";
    made.owner = owner;
    made.owner_name = "node of " + machine;
    made.machine = machine;
    return made;
  }
  std::unique_ptr<RedisStore> open(const RedisStoreSettings& with) const {
    auto store = RedisStore::open(with);
    if (store) return *std::move(store);
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  std::unique_ptr<RedisStore> open() const { return open(settings()); }
  Error refusal(const RedisStoreSettings& with) const {
    const auto store = RedisStore::open(with);
    if (!store) return store.error();
    ADD_FAILURE() << "it opened";
    return {ErrorCode::kNotNeeded, ""};
  }
  static void store(RedisStore& store, const std::vector<ports::StoredPosition>& round) {
    const auto stored = store.store(round);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  static ErrorCode code_of(const Result<void>& result) { return result ? ErrorCode::kNotNeeded : result.error().code; }
  static std::optional<Position> load_one(RedisStore& store, const TopicPartition& partition) {
    const auto loaded = store.load({&partition, 1});
    if (loaded) return loaded->front();
    ADD_FAILURE() << loaded.error().message;
    return std::nullopt;
  }
  std::string field(const std::string& name) const { return server_.cli({"HGET", "pipe", name}); }
  /// The lease of the node that runs now has ended, as if it had been frozen for long.
  void end_lease() const { server_.cli({"HSET", "pipe:meta", "owner_until_ms", "1"}); }

  test::RedisServer server_;
};

TEST_F(RedisStoreTest, IsLaidOutAsDocumented) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {123, 7, {1, 0xAB}}}, {{"a/b", 5}, {0}}});
  ASSERT_TRUE(store_->store_topics(std::vector<ports::StoredTopic>{{"orders", {{}, 12}}}).ok());
  EXPECT_EQ(field("orders/0"), "123");
  EXPECT_EQ(field("a/b/5"), "0");
  EXPECT_EQ(server_.cli({"HGET", "pipe:meta", "place/orders/0"}), "123 7 01ab0000000000000000000000000000");
  EXPECT_EQ(server_.cli({"HGET", "pipe:meta", "topic/orders"}), "- 12");
  EXPECT_EQ(server_.cli({"HGET", "pipe:meta", "schema"}), "1");
}

TEST_F(RedisStoreTest, TakesAPlaceThatSomebodySetBeforeWithoutWhatWentWithTheOldOne) {
  {
    store(*open(), {{kOrders0, {123, 7, {1}}}});
  }
  server_.cli({"HSET", "pipe", "orders/0", "50"});
  EXPECT_EQ(load_one(*open(), kOrders0), Position{50});
}

TEST_F(RedisStoreTest, NeverOverwritesWhatSomebodyElseHasSetMeanwhile) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}, {kOrders1, {1}}});
  server_.cli({"HSET", "pipe", "orders/1", "50"});
  const std::vector<ports::StoredPosition> round{{kOrders0, {2}}, {kOrders1, {2}}};
  for (int i = 0; i < 2; ++i) {
    const auto refused = store_->store(round);
    ASSERT_EQ(code_of(refused), ErrorCode::kRefused);
    EXPECT_NE(refused.error().message.find("orders/1"), std::string::npos) << refused.error().message;
    EXPECT_EQ(store_->conflicts(), std::vector<std::size_t>{1});
    EXPECT_EQ(field("orders/0"), "1");
    EXPECT_EQ(field("orders/1"), "50");
  }
  EXPECT_EQ(load_one(*store_, kOrders1), Position{50}) << "read again it is known";
  store(*store_, round);
  EXPECT_TRUE(store_->conflicts().empty());
  EXPECT_EQ(field("orders/1"), "2");
}

TEST_F(RedisStoreTest, StopsWhereThePlaceIsGoneOrTheKeyIsAnother) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}});
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"HDEL", "pipe", "orders/0"}, {"DEL", "pipe"}, {"FLUSHALL"}}) {
    server_.cli(command);
    EXPECT_EQ(code_of(store_->store(std::vector<ports::StoredPosition>{{kOrders0, {2}}})), ErrorCode::kRefused);
    EXPECT_EQ(store_->conflicts(), std::vector<std::size_t>{0}) << command[0];
    EXPECT_EQ(load_one(*store_, kOrders0), std::nullopt);
    store(*store_, {{kOrders0, {1}}});
  }
  server_.cli({"SET", "pipe", "x"});
  const auto refused = store_->store(std::vector<ports::StoredPosition>{{kOrders0, {2}}});
  EXPECT_EQ(code_of(refused), ErrorCode::kCorrupt);
  EXPECT_EQ(server_.cli({"GET", "pipe"}), "x");
}

// B107
TEST_F(RedisStoreTest, NamesTheFieldOfAValueThatIsNoOffset) {
  const auto store_ = open();
  const auto expect_named = [&](const std::string& value) {
    const auto loaded = store_->load({&kOrders0, 1});
    ASSERT_FALSE(loaded.ok()) << value;
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(loaded.error().message.find("hash 'pipe' field 'orders/0'"), std::string::npos) << loaded.error().message;
    EXPECT_EQ(loaded.error().message.find('\x1b'), std::string::npos);
    EXPECT_LT(loaded.error().message.size(), 400u);
  };
  for (const std::string& value :
       {std::string(), std::string("abc"), std::string("12x"), std::string(" 12"), std::string("18446744073709551616"),
        std::string("9223372036854775808"), std::string("-1"), std::string("+1"), std::string("007"),
        std::string("1 2 -"), std::string("\x1b[2J"), std::string(100'000, '1')}) {
    server_.cli({"HSET", "pipe", "orders/0", value});
    expect_named(value);
  }
  server_.cli({"EVAL", "redis.call('HSET', 'pipe', 'orders/0', string.rep('1', 1048576))", "0"});
  expect_named("a megabyte");
}

TEST_F(RedisStoreTest, KeepsBytePositionsWhereTheOriginalHadThem) {
  constexpr auto kBytes = ports::OffsetUnit::kBytes;
  server_.cli({"HSET", "pipe", "orders", "4096"});
  const auto store_ = open();
  EXPECT_EQ(load_one(*store_, {"orders", 0, kBytes}), Position{4096});
  EXPECT_EQ(load_one(*store_, kOrders0), std::nullopt);
  store(*store_, {{{"orders", 0, kBytes}, {8192}}, {{"orders", 1, kBytes}, {512}}, {kOrders0, {1}}});
  EXPECT_EQ(field("orders"), "8192");
  EXPECT_EQ(field("orders@1"), "512");
  EXPECT_EQ(field("orders/0"), "1");
  EXPECT_EQ(store_->entries()->positions.size(), 3u);
}

TEST_F(RedisStoreTest, RefusesANewerSchema) {
  server_.cli({"HSET", "pipe:meta", "schema", "2"});
  EXPECT_EQ(refusal(settings()).code, ErrorCode::kUnsupported);
}

// ---- a server that goes away -------------------------------------------------------------------------------------

TEST_F(RedisStoreTest, GoesOnAfterTheServersScriptsAreFlushed) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}});
  server_.cli({"SCRIPT", "FLUSH"});
  store(*store_, {{kOrders0, {2}}});
  EXPECT_EQ(field("orders/0"), "2");
}

TEST_F(RedisStoreTest, ReadsBackWhatAFrozenServerMayHaveWritten) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}});
  server_.send(SIGSTOP);
  const std::vector<ports::StoredPosition> lost{{kOrders0, {2}}};
  EXPECT_EQ(code_of(store_->store(lost)), ErrorCode::kTimedOut);
  server_.send(SIGCONT);
  // Whether the lost write came to be or not: neither a retry nor a later place is a conflict.
  store(*store_, lost);
  store(*store_, {{kOrders0, {3}}});
  EXPECT_EQ(field("orders/0"), "3");
}

TEST_F(RedisStoreTest, TellsALostAnswerFromAForeignPlace) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}});
  server_.send(SIGSTOP);
  EXPECT_FALSE(store_->store(std::vector<ports::StoredPosition>{{kOrders0, {2}}}).ok());
  server_.send(SIGCONT);
  server_.cli({"HSET", "pipe", "orders/0", "50"});
  EXPECT_EQ(code_of(store_->store(std::vector<ports::StoredPosition>{{kOrders0, {3}}})), ErrorCode::kRefused);
  EXPECT_EQ(field("orders/0"), "50");
}

TEST_F(RedisStoreTest, OpensForANodeWhileTheServerIsAwayAndTakesTheLeaseLater) {
  server_.kill();
  EXPECT_EQ(refusal(settings(LockOwner::kVerb)).code, ErrorCode::kUnreachable);
  const auto store_ = open();
  EXPECT_EQ(code_of(store_->keep_alive()), ErrorCode::kUnreachable);
  server_.start();
  store(*store_, {{kOrders0, {1}}});
  EXPECT_EQ(server_.cli({"HGET", "pipe:meta", "owner_name"}), "node of this");
}

TEST_F(RedisStoreTest, ComesBackToAServerThatLostEverythingAndOverwritesNothing) {
  const auto store_ = open();
  store(*store_, {{kOrders0, {1}}});
  server_.kill();
  EXPECT_EQ(code_of(store_->store(std::vector<ports::StoredPosition>{{kOrders0, {2}}})), ErrorCode::kUnreachable);
  server_.start();
  EXPECT_EQ(code_of(store_->store(std::vector<ports::StoredPosition>{{kOrders0, {2}}})), ErrorCode::kRefused);
  EXPECT_EQ(store_->conflicts(), std::vector<std::size_t>{0});
}

TEST_F(RedisStoreTest, WarnsOnceOfAServerThatDoesNotSave) {
  std::vector<std::string> warnings;
  auto with = settings();
  with.warn = [&](const std::string& warning) { warnings.push_back(warning); };
  server_.cli({"CONFIG", "SET", "save", ""});
  open(with);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("saves nothing"), std::string::npos) << warnings[0];
  server_.cli({"CONFIG", "SET", "save", "3600 1"});
  open(with);
  EXPECT_NE(warnings.at(1).find("snapshots only"), std::string::npos) << warnings[1];
  server_.cli({"CONFIG", "SET", "appendonly", "yes"});
  open(with);
  EXPECT_EQ(warnings.size(), 2u);
}

// ---- owners ------------------------------------------------------------------------------------------------------

TEST_F(RedisStoreTest, RefusesASecondNodeAndAVerbOnTheSameMachineAtOnce) {
  const auto store_ = open();
  EXPECT_EQ(refusal(settings()).code, ErrorCode::kRefused);
  EXPECT_EQ(refusal(settings(LockOwner::kVerb)).code, ErrorCode::kRefused);
  auto by_port = settings();  // another name of the same server has another lock
  by_port.server.server = {"127.0.0.1", server_.port(), {}, {}};
  EXPECT_EQ(refusal(by_port).code, ErrorCode::kRefused);
}

TEST_F(RedisStoreTest, RefusesOthersWhileAnotherMachinesLeaseIsFreshAndSaysWhoAndForHowLong) {
  const auto store_ = open();
  for (const LockOwner owner : {LockOwner::kNode, LockOwner::kVerb}) {
    const Error error = refusal(settings(owner, "other"));
    EXPECT_EQ(error.code, ErrorCode::kRefused);
    EXPECT_NE(error.message.find("node of this; its lease ends in 10 s"), std::string::npos) << error.message;
  }
}

TEST_F(RedisStoreTest, TakesTheLeaseOfADeadNodeOfItsMachineAtOnce) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = RedisStore::open(settings());
    ::_exit(held.ok() ? 0 : 1);  // without giving the lease back
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(refusal(settings(LockOwner::kNode, "other")).code, ErrorCode::kRefused);
  {
    EXPECT_EQ(load_one(*open(settings(LockOwner::kVerb)), kOrders0), std::nullopt);
  }
  store(*open(), {{kOrders0, {1}}});
}

TEST_F(RedisStoreTest, GivesTheLeaseBackAtItsEnd) {
  {
    store(*open(), {{kOrders0, {1}}});
  }
  EXPECT_EQ(load_one(*open(settings(LockOwner::kNode, "other")), kOrders0), Position{1});
}

TEST_F(RedisStoreTest, StoresNothingOnceAnotherNodeHasTakenOver) {
  auto frozen = open();
  store(*frozen, {{kOrders0, {1}}});
  end_lease();
  auto other = open(settings(LockOwner::kNode, "other"));
  EXPECT_EQ(load_one(*other, kOrders0), Position{1});
  const std::vector<ports::StoredPosition> round{{kOrders0, {2}}};
  EXPECT_EQ(code_of(frozen->store(round)), ErrorCode::kRefused);
  EXPECT_TRUE(frozen->conflicts().empty()) << "all of it is refused";
  EXPECT_EQ(code_of(frozen->keep_alive()), ErrorCode::kRefused);
  EXPECT_EQ(code_of(frozen->store_topics(std::vector<ports::StoredTopic>{{"orders", {{}, 1}}})), ErrorCode::kRefused);
  EXPECT_EQ(frozen->load({&kOrders0, 1}).error().code, ErrorCode::kRefused);
  EXPECT_EQ(field("orders/0"), "1");

  store(*other, {{kOrders0, {7}}});
  other.reset();
  EXPECT_EQ(code_of(frozen->store(round)), ErrorCode::kRefused) << "the lease is free, the place is not the same";
  EXPECT_EQ(frozen->conflicts(), std::vector<std::size_t>{0});
  EXPECT_EQ(load_one(*frozen, kOrders0), Position{7});
  store(*frozen, {{kOrders0, {8}}});
}

TEST_F(RedisStoreTest, RenewsItsLeaseWithEachWriteAndEachKeepAlive) {
  const auto store_ = open();
  EXPECT_LT(RedisStore::kKeepAliveEvery * 3, RedisSession::kLease);
  for (const bool by_write : {true, false}) {
    server_.cli({"HSET", "pipe:meta", "owner_until_ms", "1"});
    if (by_write) {
      store(*store_, {{kOrders0, {1}}});
    } else {
      ASSERT_TRUE(store_->keep_alive().ok());
    }
    EXPECT_EQ(refusal(settings(LockOwner::kNode, "other")).code, ErrorCode::kRefused);
  }
}

TEST_F(RedisStoreTest, BelievesNoLeaseThatEndsLaterThanAnyCould) {
  server_.cli({"HSET", "pipe:meta", "owner_token", "x", "owner_until_ms", "99999999999999"});
  open();
}

// ---- access ------------------------------------------------------------------------------------------------------

TEST_F(RedisStoreTest, LogsInWithAUserThatMayDoWhatIsDocumented) {
  std::vector<std::string> command{"ACL", "SETUSER", "pipe", "on", ">sesame", "~pipe", "~pipe:*"};
  for (const char* right : {"+auth",   "+select", "+client|setname", "+script|load", "+eval", "+evalsha",   "+time",
                            "+hget",   "+hmget",  "+hset",           "+hdel",        "+hlen", "+hkeys",     "+hstrlen",
                            "+lindex", "+llen",   "+rpush",          "+ltrim",       "+info", "+config|get"}) {
    command.emplace_back(right);
  }
  ASSERT_EQ(server_.cli(command), "OK");
  auto with = settings();
  with.server.user = "pipe";
  with.server.password = "sesame";
  with.server.database = 3;
  const auto store_ = open(with);
  store(*store_, {{kOrders0, {1}}});
  ASSERT_TRUE(store_->change({"alice", "why", {{kOrders0, Position{1}, {}}}, {}}).ok());
  EXPECT_EQ(store_->journal(10)->size(), 1u);
  EXPECT_TRUE(store_->entries()->positions.empty());
  EXPECT_EQ(server_.cli({"-n", "3", "EXISTS", "pipe:journal"}), "1");
}

TEST_F(RedisStoreTest, OpensForANodeThatIsTurnedAwayAndSaysWhy) {
  server_.cli({"CONFIG", "SET", "requirepass", "sesame"});
  auto with = settings();
  const auto store_ = open(with);
  const auto refused = store_->keep_alive();
  EXPECT_EQ(code_of(refused), ErrorCode::kIo);
  EXPECT_NE(refused.error().message.find("store.password_file"), std::string::npos) << refused.error().message;
}

TEST(ActText, RefusesElementsThatItDidNotWrite) {
  const ports::JournalAct act{
      5, "now", "al:ice,", "w\nhy", {{kOrders0, {}, Position{1, -1, {9}}}, {kOrders1, Position{2}, {}}}};
  const std::string body = act_body(act);
  EXPECT_EQ(act_in("5 2\n" + body), act);
  const std::string element = "5 2\n" + body;
  for (std::size_t size = 0; size < element.size(); ++size) EXPECT_EQ(act_in(element.substr(0, size)), std::nullopt);
  for (const std::string& odd :
       {"0 2\n" + body, "5 1\n" + body, "-5 2\n" + body, "5 2\n" + body + "x", std::string("?"),
        std::string("5 0\n99999999999999999999:x,"), std::string("5 0\n18446744073709551615:x,")}) {
    EXPECT_EQ(act_in(odd), std::nullopt) << odd;
  }
  EXPECT_LT(kMaxActBytes, kMaxReplyBytes);
}

}  // namespace
}  // namespace ductus::offsets
