// What every offset store promises, whatever it is made of.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <random>
#include <regex>
#include <string>
#include <vector>

#include "offsets/memory_store.h"
#include "offsets/redis/redis_store.h"
#include "offsets/sqlite_store.h"
#include "ports/offset_store.h"
#include "support/servers/redis_server.h"
#include "support/servers/tls_certificates.h"
#include "support/temporary_directory.h"

namespace ductus {
namespace {

using ports::JournalAct;
using ports::KnownTopic;
using ports::OffsetStore;
using ports::Position;
using ports::PositionChange;
using ports::StoredPosition;
using ports::StoredTopic;
using ports::TopicPartition;

struct Kind {
  std::string name;
  std::function<std::unique_ptr<OffsetStore>(const std::filesystem::path& dir, const std::string& handler_name)> open;
};

std::unique_ptr<OffsetStore> open_sqlite(const std::filesystem::path& dir, const std::string& handler_name) {
  auto store = offsets::SqliteStore::open(dir / "offsets.db", handler_name, base::LockOwner::kNode);
  if (store) return *std::move(store);
  ADD_FAILURE() << store.error().message;
  return nullptr;
}

// One server for all tests of a process; a handler_name of its own keeps each apart.
std::unique_ptr<OffsetStore> open_redis(const test::RedisServer& server, const std::filesystem::path& dir,
                                        const std::string& handler_name) {
  offsets::RedisStoreSettings settings;
  settings.server.server = {"127.0.0.1", server.port(), {}, {}};
  if (server.tls()) {
    settings.server.server.tls =
        net::TlsSettings{server.tls()->authority.cert, server.tls()->client.cert, server.tls()->client.key};
  }
  settings.handler_name = (dir / handler_name).string();
  settings.owner = base::LockOwner::kNode;
  auto store = offsets::RedisStore::open(settings);
  if (!store) {
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  return *std::move(store);
}

std::unique_ptr<OffsetStore> open_plain_redis(const std::filesystem::path& dir, const std::string& handler_name) {
  static test::RedisServer server;
  return open_redis(server, dir, handler_name);
}

std::unique_ptr<OffsetStore> open_tls_redis(const std::filesystem::path& dir, const std::string& handler_name) {
  static test::TlsCertificates certificates;
  static auto authority = certificates.authority("ca");
  static test::RedisServer server(
      {}, test::RedisServer::Tls{authority, certificates.certificate("server", authority, "IP:127.0.0.1"),
                                 certificates.certificate("client", authority, "DNS:client")});
  return open_redis(server, dir, handler_name);
}

const Kind kMemory{"memory", [](const auto&, const auto&) { return std::make_unique<offsets::MemoryStore>(); }};
const Kind kSqlite{"sqlite", open_sqlite};
const Kind kRedis{"redis", open_plain_redis};
const Kind kRedisTls{"redis_tls", open_tls_redis};

class OffsetStoreContract : public testing::TestWithParam<Kind> {
 protected:
  OffsetStoreContract() { open(); }

  void open(const std::string& handler_name = "handler") {
    store_.reset();
    store_ = GetParam().open(dir_.path(), handler_name);
    ASSERT_NE(store_, nullptr);
  }
  void store(const std::vector<StoredPosition>& round) {
    const auto stored = store_->store(round);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  std::vector<std::optional<Position>> load(const std::vector<TopicPartition>& partitions) {
    auto loaded = store_->load(partitions);
    if (loaded) return *std::move(loaded);
    ADD_FAILURE() << loaded.error().message;
    return {};
  }
  std::optional<Position> load_one(const TopicPartition& partition) {
    const auto loaded = load({partition});
    return loaded.empty() ? std::nullopt : loaded.front();
  }

  void store_topics(const std::vector<StoredTopic>& topics) {
    const auto stored = store_->store_topics(topics);
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  std::vector<std::optional<KnownTopic>> load_topics(const std::vector<std::string>& topics) {
    auto loaded = store_->load_topics(topics);
    if (loaded) return *std::move(loaded);
    ADD_FAILURE() << loaded.error().message;
    return {};
  }

  void change(const ports::OperatorChange& wanted) {
    const auto changed = store_->change(wanted);
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }
  ports::StoreEntries entries() {
    auto all = store_->entries();
    if (all) return *std::move(all);
    ADD_FAILURE() << all.error().message;
    return {};
  }
  std::vector<JournalAct> journal(std::size_t limit = 10) {
    auto acts = store_->journal(limit);
    if (acts) return *std::move(acts);
    ADD_FAILURE() << acts.error().message;
    return {};
  }

  test::TemporaryDirectory dir_;
  std::unique_ptr<OffsetStore> store_;
};

constexpr std::int64_t kGreatestOffset = std::numeric_limits<std::int64_t>::max();
const TopicPartition kOrders0{"orders", 0};
const TopicPartition kOrders1{"orders", 1};
const TopicPartition kUsers0{"users", 0};

TEST_P(OffsetStoreContract, KeepsAPlaceInBytesApartFromOneInMessages) {
  for (const std::int32_t number : {0, 7}) {
    const TopicPartition messages{"orders", number};
    const TopicPartition bytes{"orders", number, ports::OffsetUnit::kBytes};
    store({{bytes, {1000}}});
    EXPECT_EQ(load_one(messages), std::nullopt);
    store({{messages, {5, 3, {1}}}});
    EXPECT_EQ(load({messages, bytes}), (std::vector<std::optional<Position>>{Position{5, 3, {1}}, Position{1000}}));
    ASSERT_TRUE(store_->change({"alice", "set", {{bytes, Position{1000}, Position{2000}}}, {}}).ok());
    EXPECT_EQ(store_->journal(1)->front().positions,
              (std::vector<PositionChange>{{bytes, Position{1000}, Position{2000}}}));
    ASSERT_TRUE(store_->change({"alice", "undo", {{bytes, Position{2000}, {}}}, {}}).ok());
    EXPECT_EQ(load({messages, bytes}), (std::vector<std::optional<Position>>{Position{5, 3, {1}}, std::nullopt}));
    store({{bytes, {3000}}});
  }
  const std::vector<StoredPosition> all = store_->entries()->positions;
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].partition, (TopicPartition{"orders", 0}));
  EXPECT_EQ(all[1].partition, (TopicPartition{"orders", 0, ports::OffsetUnit::kBytes}));
  EXPECT_EQ(all[3].partition, (TopicPartition{"orders", 7, ports::OffsetUnit::kBytes}));
}

TEST_P(OffsetStoreContract, GivesBackWhatWasStored) {
  const Position position{kGreatestOffset, 7, {1, 2, 3, 0, 255, 16}};
  store({{kOrders0, position}});
  EXPECT_EQ(load_one(kOrders0), position);
}

TEST_P(OffsetStoreContract, KeepsOffsetZeroApartFromNoOffset) {
  store({{kOrders0, {0, -1, {}}}});
  EXPECT_EQ(load_one(kOrders0), (Position{0, -1, {}}));
  EXPECT_EQ(load_one(kOrders1), std::nullopt);
}

TEST_P(OffsetStoreContract, AnswersInTheOrderOfTheQuestion) {
  store({{kOrders0, {10}}, {kUsers0, {30}}});
  const auto loaded = load({kUsers0, kOrders1, kOrders0, kUsers0});
  ASSERT_EQ(loaded.size(), 4u);
  EXPECT_EQ(loaded[0], Position{30});
  EXPECT_EQ(loaded[1], std::nullopt);
  EXPECT_EQ(loaded[2], Position{10});
  EXPECT_EQ(loaded[3], Position{30});
}

TEST_P(OffsetStoreContract, TakesTheLaterPositionForward) {
  store({{kOrders0, {10, 1, {9}}}});
  store({{kOrders0, {20, 2, {8}}}});
  EXPECT_EQ(load_one(kOrders0), (Position{20, 2, {8}}));
}

TEST_P(OffsetStoreContract, TakesAPositionBackForAReset) {
  store({{kOrders0, {20}}});
  store({{kOrders0, {5}}});
  EXPECT_EQ(load_one(kOrders0), Position{5});
}

TEST_P(OffsetStoreContract, LeavesOtherPartitionsAlone) {
  store({{kOrders0, {1}}, {kOrders1, {2}}, {kUsers0, {3}}});
  store({{kOrders1, {20}}});
  EXPECT_EQ(load_one(kOrders0), Position{1});
  EXPECT_EQ(load_one(kUsers0), Position{3});
}

TEST_P(OffsetStoreContract, StoresAllOfARoundOrNothing) {
  store({{kOrders0, {1}}});
  const std::vector<StoredPosition> bad_end{{kOrders0, {2}}, {kOrders1, {2}}, {kUsers0, {-1}}};
  const auto stored = store_->store(bad_end);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(load_one(kOrders0), Position{1});
  EXPECT_EQ(load_one(kOrders1), std::nullopt);
}

TEST_P(OffsetStoreContract, TakesEmptyRoundsAndQuestions) {
  store({});
  EXPECT_TRUE(load({}).empty());
}

TEST_P(OffsetStoreContract, GivesBackWhatIsKnownOfATopic) {
  store_topics({{"orders", {{1, 2, 3}, 12}}, {"empty", {{}, 0}}});
  EXPECT_EQ(load_topics({"empty", "orders", "none"}),
            (std::vector<std::optional<KnownTopic>>{KnownTopic{{}, 0}, KnownTopic{{1, 2, 3}, 12}, std::nullopt}));
}

TEST_P(OffsetStoreContract, TakesTheLaterWordOfATopic) {
  store_topics({{"orders", {{1}, 12}}, {"users", {{5}, 1}}});
  store_topics({{"orders", {{2}, 3}}});
  EXPECT_EQ(load_topics({"orders", "users"}),
            (std::vector<std::optional<KnownTopic>>{KnownTopic{{2}, 3}, KnownTopic{{5}, 1}}));
}

TEST_P(OffsetStoreContract, StoresAllTopicsOrNone) {
  const std::vector<StoredTopic> bad_end{{"orders", {{1}, 12}}, {"users", {{1}, -1}}};
  const auto stored = store_->store_topics(bad_end);
  ASSERT_FALSE(stored.ok());
  EXPECT_EQ(stored.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(load_topics({"orders"}), std::vector<std::optional<KnownTopic>>(1));
}

TEST_P(OffsetStoreContract, ChangesPositionsAndTopicsForAnOperator) {
  store({{kOrders0, {10, 1, {9}}}, {kUsers0, {3}}});
  const auto changed =
      store_->change({"alice",
                      "reset_offsets",
                      {{kOrders0, Position{10, 1, {9}}, Position{4, -1, {8}}}, {kOrders1, {}, Position{0}}},
                      {{"orders", {{8}, 2}}}});
  ASSERT_TRUE(changed.ok()) << changed.error().message;
  EXPECT_EQ(load_one(kOrders0), (Position{4, -1, {8}}));
  EXPECT_EQ(load_one(kOrders1), Position{0});
  EXPECT_EQ(load_one(kUsers0), Position{3});
  EXPECT_EQ(load_topics({"orders"}), (std::vector<std::optional<KnownTopic>>{KnownTopic{{8}, 2}}));
}

TEST_P(OffsetStoreContract, ChangesNothingWhereAPositionIsNotTheOneThatWasSeen) {
  store({{kOrders0, {10}}});
  for (const auto& seen : {std::optional<Position>(), std::optional(Position{9}), std::optional(Position{10, 5})}) {
    const auto refused = store_->change(
        {"alice", "why", {{kOrders1, {}, Position{7}}, {kOrders0, seen, Position{4}}}, {{"orders", {{}, 2}}}});
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_NE(refused.error().message.find("orders/0"), std::string::npos) << refused.error().message;
    EXPECT_EQ(load_one(kOrders0), Position{10});
    EXPECT_EQ(load_one(kOrders1), std::nullopt);
    EXPECT_EQ(load_topics({"orders"}), std::vector<std::optional<KnownTopic>>(1));
  }
}

TEST_P(OffsetStoreContract, ChangesNothingWhereOnePositionIsImpossible) {
  const auto refused =
      store_->change({"alice", "why", {{kOrders0, {}, Position{1}}, {kOrders1, {}, Position{-1}}}, {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(load_one(kOrders0), std::nullopt);
}

TEST_P(OffsetStoreContract, ForgetsAPlaceForAnOperator) {
  store({{kOrders0, {10}}, {kOrders1, {20}}});
  change({"alice", "undo", {{kOrders0, Position{10}, {}}, {kUsers0, {}, {}}}, {}});
  EXPECT_EQ(load({kOrders0, kOrders1, kUsers0}),
            (std::vector<std::optional<Position>>{std::nullopt, Position{20}, std::nullopt}));
}

TEST_P(OffsetStoreContract, ForgetsNothingWhereThePlaceIsNotTheOneThatWasSeen) {
  store({{kOrders0, {10}}, {kOrders1, {20}}});
  const auto refused =
      store_->change({"alice", "undo", {{kOrders0, Position{10}, {}}, {kOrders1, Position{9}, {}}}, {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(load_one(kOrders0), Position{10});
}

TEST_P(OffsetStoreContract, ChangesNothingWhereAPartitionIsNamedTwice) {
  const auto refused = store_->change({"alice", "why", {{kOrders0, {}, Position{1}}, {kOrders0, {}, Position{2}}}, {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(load_one(kOrders0), std::nullopt);
}

TEST_P(OffsetStoreContract, TellsAllThatItHoldsSorted) {
  store({{kUsers0, {3}}, {{"orders", 10}, {5}}, {kOrders1, {20, 2, {9}}}, {kOrders0, {10}}});
  store_topics({{"users", {{5}, 1}}, {"empty", {{}, 0}}});
  const auto all = entries();
  EXPECT_EQ(all.positions, (std::vector<StoredPosition>{
                               {kOrders0, {10}}, {kOrders1, {20, 2, {9}}}, {{"orders", 10}, {5}}, {kUsers0, {3}}}));
  EXPECT_EQ(all.topics, (std::vector<StoredTopic>{{"empty", {{}, 0}}, {"users", {{5}, 1}}}));
}

TEST_P(OffsetStoreContract, HoldsNothingAtFirst) {
  EXPECT_TRUE(entries().positions.empty());
  EXPECT_TRUE(entries().topics.empty());
  EXPECT_TRUE(journal().empty());
}

TEST_P(OffsetStoreContract, KeepsAJournalOfActsTheNewestFirst) {
  store({{kOrders0, {10, 1, {9}}}});
  change({"alice", "zero_offsets", {{kUsers0, {}, Position{0}}, {kOrders0, Position{10, 1, {9}}, Position{0}}}, {}});
  change({"bob", "undo", {{kUsers0, Position{0}, {}}}, {}});
  const auto acts = journal();
  ASSERT_EQ(acts.size(), 2u);
  EXPECT_GT(acts[0].act, acts[1].act);
  EXPECT_EQ(acts[0].who, "bob");
  EXPECT_EQ(acts[0].why, "undo");
  EXPECT_EQ(acts[0].positions, (std::vector<PositionChange>{{kUsers0, Position{0}, {}}}));
  EXPECT_EQ(acts[1].positions,
            (std::vector<PositionChange>{{kOrders0, Position{10, 1, {9}}, Position{0}}, {kUsers0, {}, Position{0}}}));
  const std::regex time("20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\\.[0-9]{3}Z");
  EXPECT_TRUE(std::regex_match(acts[0].at, time)) << acts[0].at;
  EXPECT_EQ(journal(1), std::vector<JournalAct>{acts[0]});
}

TEST_P(OffsetStoreContract, NotesNothingThatItRefusedOrThatChangedNoPosition) {
  EXPECT_FALSE(store_->change({"alice", "why", {{kOrders0, Position{1}, Position{2}}}, {}}).ok());
  EXPECT_FALSE(store_->change({"alice", "why", {{kOrders0, {}, Position{-1}}}, {}}).ok());
  change({"alice", "why", {}, {{"orders", {{1}, 1}}}});
  store({{kOrders0, {1}}});
  EXPECT_TRUE(journal().empty());
}

TEST_P(OffsetStoreContract, LetsTheOldestActGoWhereTheJournalIsFull) {
  for (std::size_t i = 0; i <= ports::kMaxJournalActs; ++i) {
    const auto offset = static_cast<std::int64_t>(i);
    change({"alice", std::to_string(i), {{kOrders0, load_one(kOrders0), Position{offset}}}, {}});
  }
  const auto acts = journal(2 * ports::kMaxJournalActs);
  ASSERT_EQ(acts.size(), ports::kMaxJournalActs);
  EXPECT_EQ(acts.front().why, std::to_string(ports::kMaxJournalActs));
  EXPECT_EQ(acts.back().why, "1");
}

TEST_P(OffsetStoreContract, RefusesToTellMoreThanItsBound) {
  std::vector<StoredPosition> round;
  for (std::size_t i = 0; i < ports::kMaxStoreEntries; ++i) {
    round.push_back({{"topic", static_cast<std::int32_t>(i)}, {1}});
  }
  store(round);
  EXPECT_EQ(entries().positions.size(), ports::kMaxStoreEntries);
  store({{kOrders0, {1}}});
  const auto all = store_->entries();
  ASSERT_FALSE(all.ok());
  EXPECT_EQ(all.error().code, ErrorCode::kLimit);
}

TEST_P(OffsetStoreContract, TellsOnlyWholeActsAndTheNewestAlways) {
  std::vector<PositionChange> positions;
  for (std::size_t i = 0; i < ports::kMaxStoreEntries; ++i) {
    positions.push_back({{"topic", static_cast<std::int32_t>(i)}, {}, Position{1}});
  }
  change({"alice", "small", {{kOrders0, {}, Position{1}}}, {}});
  change({"alice", "large", positions, {}});
  ASSERT_EQ(journal().size(), 1u);
  EXPECT_EQ(journal()[0].positions, positions);
}

TEST_P(OffsetStoreContract, TakesTopicNamesOfAnyBytes) {
  const TopicPartition odd{std::string("a'; DROP TABLE positions --\0\n\xff", 30), 0};
  store({{odd, {4}}});
  EXPECT_EQ(load_one(odd), Position{4});
  EXPECT_EQ(entries().positions, (std::vector<StoredPosition>{{odd, {4}}}));
  EXPECT_EQ(load_one({"a'; DROP TABLE positions --", 0}), std::nullopt);
}

TEST_P(OffsetStoreContract, TakesAThousandPartitionsInOneRound) {
  std::vector<StoredPosition> round;
  std::vector<TopicPartition> partitions;
  for (int i = 0; i < 1000; ++i) {
    round.push_back({{"topic", i}, {i * 1000LL}});
    partitions.push_back({"topic", i});
  }
  store(round);
  const auto loaded = load(partitions);
  ASSERT_EQ(loaded.size(), partitions.size());
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(loaded[static_cast<std::size_t>(i)], Position{i * 1000LL});
}

std::string name_of(const testing::TestParamInfo<Kind>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Store, OffsetStoreContract, testing::Values(kMemory, kSqlite, kRedis, kRedisTls), name_of);

// ---- stores that outlive the process ---------------------------------------------------------------------

class DurableOffsetStoreContract : public OffsetStoreContract {
 protected:
  /// A child process that stores 1, 2, 3… for two partitions at once and tells each one it was promised.
  struct Writer {
    pid_t pid = -1;
    int acknowledged = -1;  ///< read end of a pipe of offsets
  };

  Writer start_writer(std::int64_t from) {
    store_.reset();
    int ends[2];
    if (::pipe(ends) != 0) std::abort();
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(ends[0]);
      write_for_ever(from, ends[1]);
    }
    ::close(ends[1]);
    return {pid, ends[0]};
  }

  /// Lets `acks` arrive, waits for `delay`, kills, and returns the last offset that was acknowledged.
  static std::int64_t kill_after(const Writer& writer, int acks, std::chrono::microseconds delay) {
    std::int64_t last = -1;
    std::int64_t offset = -1;
    for (int i = 0; i < acks; ++i) {
      if (::read(writer.acknowledged, &offset, sizeof offset) == sizeof offset) last = offset;
    }
    ::usleep(static_cast<useconds_t>(delay.count()));  // the random instant of the kill, not a wait for anything
    ::kill(writer.pid, SIGKILL);
    while (::read(writer.acknowledged, &offset, sizeof offset) == sizeof offset) last = offset;
    ::close(writer.acknowledged);
    ::waitpid(writer.pid, nullptr, 0);
    return last;
  }

 private:
  [[noreturn]] void write_for_ever(std::int64_t from, int acknowledge) {
    const auto store = GetParam().open(dir_.path(), "handler");
    if (store == nullptr) ::_exit(1);
    for (std::int64_t offset = from;; ++offset) {
      const std::vector<StoredPosition> round{{kOrders0, {offset}}, {kUsers0, {offset}}};
      if (!store->store(round).ok()) ::_exit(2);
      if (::write(acknowledge, &offset, sizeof offset) != sizeof offset) ::_exit(3);
    }
  }
};

TEST_P(DurableOffsetStoreContract, KeepsPositionsWhenOpenedAgain) {
  const Position position{kGreatestOffset, 3, {0xAB}};
  store({{kOrders0, position}});
  open();
  EXPECT_EQ(load_one(kOrders0), position);
}

TEST_P(DurableOffsetStoreContract, KeepsTopicsAndChangesWhenOpenedAgain) {
  store_topics({{"orders", {{1}, 12}}});
  ASSERT_TRUE(store_->change({"alice", "why", {{kOrders0, {}, Position{7}}}, {{"users", {{2}, 1}}}}).ok());
  open();
  EXPECT_EQ(load_one(kOrders0), Position{7});
  EXPECT_EQ(load_topics({"orders", "users"}),
            (std::vector<std::optional<KnownTopic>>{KnownTopic{{1}, 12}, KnownTopic{{2}, 1}}));
  const auto acts = journal();
  ASSERT_EQ(acts.size(), 1u);
  EXPECT_EQ(acts[0].positions, (std::vector<PositionChange>{{kOrders0, {}, Position{7}}}));
}

TEST_P(DurableOffsetStoreContract, KeepsHandlerNamesApart) {
  open("first");
  store({{kOrders0, {1}}});
  open("second");
  EXPECT_EQ(load_one(kOrders0), std::nullopt);
  store({{kOrders0, {2}}});
  store_topics({{"orders", {{1}, 1}}});
  change({"alice", "why", {{kOrders0, Position{2}, Position{3}}}, {}});
  open("first");
  EXPECT_EQ(load_one(kOrders0), Position{1});
  EXPECT_EQ(entries().positions, (std::vector<StoredPosition>{{kOrders0, {1}}}));
  EXPECT_TRUE(entries().topics.empty());
  EXPECT_TRUE(journal().empty());
}

TEST_P(DurableOffsetStoreContract, KeepsEverythingAcknowledgedWhenKilledAtAnyInstant) {
  const char* given = std::getenv("DUCTUS_TEST_SEED");
  const auto seed =
      given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device()();
  SCOPED_TRACE("DUCTUS_TEST_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  std::int64_t next = 1;
  for (int cycle = 0; cycle < 25; ++cycle) {
    const Writer writer = start_writer(next);
    const int acks = std::uniform_int_distribution(1, 40)(random);
    const std::chrono::microseconds delay(std::uniform_int_distribution(0, 2000)(random));
    const std::int64_t acknowledged = kill_after(writer, acks, delay);
    ASSERT_GE(acknowledged, next) << "the writer did not get to work";
    open();
    const auto orders = load_one(kOrders0);
    const auto users = load_one(kUsers0);
    ASSERT_TRUE(orders.has_value());
    EXPECT_EQ(orders, users) << "half a round";
    EXPECT_GE(orders->next_offset, acknowledged);
    EXPECT_LE(orders->next_offset, acknowledged + 1) << "more than was written";
    next = orders->next_offset + 1;
  }
}

INSTANTIATE_TEST_SUITE_P(Store, DurableOffsetStoreContract, testing::Values(kSqlite, kRedis), name_of);

}  // namespace
}  // namespace ductus
