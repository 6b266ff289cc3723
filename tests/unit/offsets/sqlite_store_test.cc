// What SqliteStore does beyond the contract of all stores: foreign, newer, damaged, full and vanished files.
#include "offsets/sqlite_store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "offsets/open_store.h"
#include "support/temporary_directory.h"

namespace ductus::offsets {
namespace {

using base::LockOwner;
using ports::Position;
using ports::StoredPosition;
using ports::TopicPartition;

const TopicPartition kPartition{"orders", 0};

constexpr const char* kTablesOfSchema2 =
    "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
    "next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, updated_at TEXT NOT NULL, "
    "PRIMARY KEY(handler_name, topic, partition)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE topics(handler_name TEXT NOT NULL, topic TEXT NOT NULL, topic_id BLOB NOT NULL, "
    "partition_count INTEGER NOT NULL, updated_at TEXT NOT NULL, "
    "PRIMARY KEY(handler_name, topic)) STRICT, WITHOUT ROWID;"
    "CREATE TABLE changes(act INTEGER NOT NULL, handler_name TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, "
    "why TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, old_offset INTEGER, old_leader_epoch INTEGER, "
    "old_topic_id BLOB, new_offset INTEGER NOT NULL, new_leader_epoch INTEGER NOT NULL, new_topic_id BLOB NOT NULL, "
    "PRIMARY KEY(act, topic, partition)) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 0x64756374; PRAGMA user_version = 2";

class SqliteStoreTest : public testing::Test {
 protected:
  std::filesystem::path file() const { return dir_ / "offsets.db"; }

  std::unique_ptr<SqliteStore> open() {
    auto store = SqliteStore::open(file(), "handler", LockOwner::kNode);
    if (store) return *std::move(store);
    ADD_FAILURE() << store.error().message;
    return nullptr;
  }
  Error refusal(const std::filesystem::path& path) {
    const auto store = SqliteStore::open(path, "handler", LockOwner::kNode);
    if (!store) return store.error();
    ADD_FAILURE() << "opened";
    return {ErrorCode::kNotNeeded, ""};
  }
  Error refusal() { return refusal(file()); }

  /// Another program's statements, while no store is open.
  void tamper(const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
    char* message = nullptr;
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &message), SQLITE_OK) << (message ? message : "");
    sqlite3_free(message);
    sqlite3_close(handle);
  }
  /// What another program reads, while no store is open: columns divided by '|'.
  std::string rows(const std::string& sql) {
    sqlite3* handle = nullptr;
    EXPECT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
    std::string text;
    const auto take = [](void* into, int columns, char** values, char**) {
      auto& all = *static_cast<std::string*>(into);
      for (int i = 0; i < columns; ++i) all += (i > 0 ? "|" : "") + std::string(values[i] ? values[i] : "NULL");
      all += "\n";
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), take, &text, nullptr), SQLITE_OK) << sqlite3_errmsg(handle);
    sqlite3_close(handle);
    return text;
  }
  void store_one(std::int64_t next_offset) {
    const auto stored = open()->store(std::vector<StoredPosition>{{kPartition, {next_offset}}});
    ASSERT_TRUE(stored.ok()) << stored.error().message;
  }
  static Result<void> store(SqliteStore& store, std::int64_t next_offset) {
    return store.store(std::vector<StoredPosition>{{kPartition, {next_offset}}});
  }
  static Result<std::vector<std::optional<Position>>> load(SqliteStore& store) {
    return store.load(std::vector<TopicPartition>{kPartition});
  }

  test::TemporaryDirectory dir_;
};

TEST_F(SqliteStoreTest, IsForOneProcessWhateverTheHandlerName) {
  const auto first = open();
  const auto second = SqliteStore::open(file(), "another", LockOwner::kVerb);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kRefused);
}

TEST_F(SqliteStoreTest, LetsNoOtherProgramReadOrWriteItsFile) {
  const auto store = open();
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(handle, "SELECT * FROM positions", nullptr, nullptr, nullptr), SQLITE_BUSY);
  sqlite3_close(handle);
}

TEST_F(SqliteStoreTest, RefusesAFileThatAnotherProgramHolds) {
  store_one(1);
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(file().c_str(), &handle), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(handle, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  EXPECT_EQ(refusal().code, ErrorCode::kRefused);
  sqlite3_close(handle);
}

TEST_F(SqliteStoreTest, LeavesNoSharedMemoryFile) {
  const auto store = open();
  ASSERT_TRUE(SqliteStoreTest::store(*store, 1).ok());
  EXPECT_FALSE(std::filesystem::exists(dir_ / "offsets.db-shm"));
}

TEST_F(SqliteStoreTest, RefusesANewerSchemaAndNamesBothNumbers) {
  store_one(1);
  tamper("PRAGMA user_version = 41");
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kUnsupported);
  EXPECT_NE(error.message.find("schema 41, this one knows 4"), std::string::npos) << error.message;
}

TEST_F(SqliteStoreTest, BringsAFileOfTheFirstSchemaUpToTodays) {
  tamper(
      "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
      "next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, updated_at TEXT NOT NULL, "
      "PRIMARY KEY(handler_name, topic, partition)) STRICT, WITHOUT ROWID;"
      "INSERT INTO positions VALUES('handler', 'orders', 0, 42, 7, zeroblob(16), '2026-01-01T00:00:00.000Z');"
      "PRAGMA application_id = 0x64756374; PRAGMA user_version = 1");
  const auto store = open();
  EXPECT_EQ(load(*store)->front(), (Position{42, 7, {}}));
  const std::vector<ports::StoredTopic> topics{{"orders", {{1}, 3}}};
  EXPECT_TRUE(store->store_topics(topics).ok());
}

TEST_F(SqliteStoreTest, BringsTheJournalOfTheSecondSchemaUpToTodays) {
  tamper(kTablesOfSchema2);
  tamper(
      "INSERT INTO positions VALUES('handler', 'orders', 0, 42, 7, zeroblob(16), '2026-01-01T00:00:00.000Z');"
      "INSERT INTO topics VALUES('handler', 'orders', zeroblob(16), 3, '2026-01-01T00:00:00.000Z');"
      "INSERT INTO changes VALUES(4, 'handler', '2026-01-01T00:00:00.000Z', 'alice', 'zero_offsets', 'orders', 0, "
      "NULL, "
      "NULL, NULL, 42, 7, zeroblob(16))");
  const auto store = open();
  EXPECT_EQ(load(*store)->front(), (Position{42, 7, {}}));
  EXPECT_EQ(*store->journal(9),
            (std::vector<ports::JournalAct>{
                {4, "2026-01-01T00:00:00.000Z", "alice", "zero_offsets", {{kPartition, {}, Position{42, 7, {}}}}}}));
  ASSERT_TRUE(store->change({"bob", "undo", {{kPartition, Position{42, 7, {}}, {}}}, {}}).ok());
  EXPECT_EQ(store->journal(1)->front().act, 5);
  EXPECT_EQ(store->entries()->topics.size(), 1u);
}

TEST_F(SqliteStoreTest, TakesWhatTheThirdSchemaHeldForOffsetsOfMessages) {
  tamper(
      "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
      "next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, updated_at TEXT NOT NULL, "
      "PRIMARY KEY(handler_name, topic, partition)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE topics(handler_name TEXT NOT NULL, topic TEXT NOT NULL, topic_id BLOB NOT NULL, "
      "partition_count INTEGER NOT NULL, updated_at TEXT NOT NULL, "
      "PRIMARY KEY(handler_name, topic)) STRICT, WITHOUT ROWID;"
      "CREATE TABLE changes(act INTEGER NOT NULL, handler_name TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, "
      "why TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, old_offset INTEGER, "
      "old_leader_epoch INTEGER, old_topic_id BLOB, new_offset INTEGER, new_leader_epoch INTEGER, new_topic_id BLOB, "
      "PRIMARY KEY(act, topic, partition)) STRICT, WITHOUT ROWID;"
      "INSERT INTO positions VALUES('handler', 'orders', 0, 42, 7, zeroblob(16), '2026-01-01T00:00:00.000Z');"
      "INSERT INTO changes VALUES(4, 'handler', '2026-01-01T00:00:00.000Z', 'alice', 'undo', 'orders', 0, "
      "42, 7, zeroblob(16), NULL, NULL, NULL);"
      "PRAGMA application_id = 0x64756374; PRAGMA user_version = 3");
  const auto store = open();
  EXPECT_EQ(store->entries()->positions, (std::vector<StoredPosition>{{kPartition, Position{42, 7, {}}}}));
  EXPECT_EQ(store->journal(9)->front().positions,
            (std::vector<ports::PositionChange>{{kPartition, Position{42, 7, {}}, {}}}));
}

TEST_F(SqliteStoreTest, LeavesNothingOfAnOlderSchemaBehind) {
  tamper(kTablesOfSchema2);
  open();
  EXPECT_EQ(rows("SELECT name FROM sqlite_schema ORDER BY name"), "changes\npositions\ntopics\n");
  EXPECT_EQ(rows("PRAGMA user_version"), "4\n");
  open();
}

TEST_F(SqliteStoreTest, NeverReadsAMalformedRowAsAnAct) {
  for (const char* change : {"old_offset = -1", "new_offset = NULL", "new_topic_id = x'01'", "partition = -1"}) {
    SCOPED_TRACE(change);
    store_one(5);
    ASSERT_TRUE(open()->change({"alice", "why", {{kPartition, Position{5}, Position{6}}}, {}}).ok());
    tamper(std::string("UPDATE changes SET ") + change);
    const auto acts = open()->journal(1);
    ASSERT_FALSE(acts.ok());
    EXPECT_EQ(acts.error().code, ErrorCode::kCorrupt);
    tamper("DELETE FROM changes");
  }
}

TEST_F(SqliteStoreTest, RefusesAnOlderSchemaWhoseTableIsNotItsOwn) {
  tamper("CREATE TABLE positions(x); PRAGMA application_id = 0x64756374; PRAGMA user_version = 1");
  EXPECT_EQ(refusal().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteStoreTest, KeepsAJournalOfWhatOperatorsChange) {
  store_one(5);
  const TopicPartition other{"orders", 1};
  const Position before{5};
  const Position after{9, 3, {1}};
  ASSERT_TRUE(open()->change({"alice", "reset_offsets", {{kPartition, before, after}, {other, {}, after}}, {}}).ok());
  ASSERT_TRUE(open()->change({"bob", "zero_offsets", {{kPartition, after, Position{}}}, {}}).ok());
  EXPECT_EQ(
      rows("SELECT act, handler_name, who, why, topic, partition, old_offset, old_leader_epoch, hex(old_topic_id), "
           "new_offset, new_leader_epoch, hex(new_topic_id) FROM changes"),
      "1|handler|alice|reset_offsets|orders|0|5|-1|00000000000000000000000000000000|9|3|"
      "01000000000000000000000000000000\n"
      "1|handler|alice|reset_offsets|orders|1|NULL|NULL||9|3|01000000000000000000000000000000\n"
      "2|handler|bob|zero_offsets|orders|0|9|3|01000000000000000000000000000000|0|-1|"
      "00000000000000000000000000000000\n");
}

TEST_F(SqliteStoreTest, NotesNothingOfAChangeThatWasRefused) {
  store_one(5);
  const auto refused =
      open()->change({"alice", "reset_offsets", {{{"orders", 1}, {}, Position{1}}, {kPartition, {}, Position{9}}}, {}});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
  EXPECT_EQ(rows("SELECT * FROM changes"), "");
}

TEST_F(SqliteStoreTest, RefusesAFileOfAnotherProgramAndLeavesItAsItIs) {
  tamper("CREATE TABLE contacts(name)");
  EXPECT_EQ(refusal().code, ErrorCode::kInvalid);
  tamper("INSERT INTO contacts VALUES('still there')");
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNoDatabase) {
  dir_.write("offsets.db", std::string(8192, 'x'));
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kInvalid);
  EXPECT_NE(error.message.find("no SQLite file"), std::string::npos) << error.message;
}

TEST_F(SqliteStoreTest, RefusesADamagedFile) {
  store_one(1);
  // The second page holds the positions; its header tells how it is to be read.
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(64, '\xEE');
  const Error error = refusal();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("move it away"), std::string::npos) << error.message;
}

TEST_F(SqliteStoreTest, RefusesAChangedTable) {
  store_one(1);
  tamper("ALTER TABLE positions ADD COLUMN extra TEXT");
  EXPECT_EQ(refusal().code, ErrorCode::kCorrupt);
}

TEST_F(SqliteStoreTest, RunsNoTriggerThatSomebodyPutIntoTheFile) {
  store_one(1);
  tamper("CREATE TRIGGER evil AFTER UPDATE ON positions BEGIN UPDATE positions SET next_offset = 666; END");
  store_one(2);
  EXPECT_EQ(load(*open())->front(), Position{2});
}

TEST_F(SqliteStoreTest, NeverReadsAMalformedRowAsAnOffset) {
  for (const char* change :
       {"next_offset = -1", "leader_epoch = -2", "leader_epoch = 5000000000", "topic_id = x'0102'"}) {
    SCOPED_TRACE(change);
    store_one(5);
    tamper(std::string("UPDATE positions SET ") + change);
    const auto loaded = load(*open());
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
    EXPECT_NE(loaded.error().message.find("orders/0"), std::string::npos) << loaded.error().message;
  }
}

TEST_F(SqliteStoreTest, NeverReadsAMalformedRowAsATopic) {
  for (const char* change : {"partition_count = -1", "partition_count = 5000000000", "topic_id = x'01'"}) {
    SCOPED_TRACE(change);
    ASSERT_TRUE(open()->store_topics(std::vector<ports::StoredTopic>{{"orders", {{1}, 3}}}).ok());
    tamper(std::string("UPDATE topics SET ") + change);
    const auto loaded = open()->load_topics(std::vector<std::string>{"orders"});
    ASSERT_FALSE(loaded.ok());
    EXPECT_EQ(loaded.error().code, ErrorCode::kCorrupt);
  }
}

TEST_F(SqliteStoreTest, SaysSoWhenTheFolderIsMissingOrTheFileIsAFolder) {
  EXPECT_EQ(refusal(dir_ / "none/offsets.db").code, ErrorCode::kIo);
  std::filesystem::create_directory(file());
  EXPECT_EQ(refusal().code, ErrorCode::kIo);
}

TEST_F(SqliteStoreTest, StoresNothingOnAFullDiskAndGoesOnWhenThereIsRoom) {
  const auto store = open();
  ASSERT_TRUE(SqliteStoreTest::store(*store, 1).ok());
  {
    // No file may grow: to SQLite a write that fails, as on a full disk.
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
    rlimit small = before;
    small.rlim_cur = 1;
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    const auto stored = SqliteStoreTest::store(*store, 2);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().code, ErrorCode::kIo);
    EXPECT_NE(stored.error().message.find("offsets.db"), std::string::npos) << stored.error().message;
    EXPECT_NE(stored.error().message.find("look at its room"), std::string::npos) << stored.error().message;
  }
  EXPECT_EQ(load(*store)->front(), Position{1});
  const auto again = SqliteStoreTest::store(*store, 3);
  ASSERT_TRUE(again.ok()) << again.error().message;
  EXPECT_EQ(load(*store)->front(), Position{3});
}

TEST_F(SqliteStoreTest, NoticesThatItsFileWasDeletedOrReplaced) {
  const auto store = open();
  ASSERT_TRUE(SqliteStoreTest::store(*store, 1).ok());
  std::filesystem::remove(file());
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto stored = SqliteStoreTest::store(*store, 2);
    ASSERT_FALSE(stored.ok());
    EXPECT_EQ(stored.error().code, ErrorCode::kIo);
    EXPECT_FALSE(load(*store).ok());
    dir_.write("offsets.db", "");
  }
}

TEST_F(SqliteStoreTest, OpensByUrl) {
  StoreSettings settings;
  settings.url = "memory:";
  EXPECT_TRUE(open_store(settings).ok());
  settings.url = "sqlite:offsets.db";
  settings.path = file();
  EXPECT_TRUE(open_store(settings).ok());
  EXPECT_TRUE(std::filesystem::exists(file()));
  settings.url = "postgres://localhost";
  const auto other = open_store(settings);
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace ductus::offsets
