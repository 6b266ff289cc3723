#include "offsets/sqlite_store.h"

#include <sys/stat.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/escape.h"
#include "offsets/round.h"

namespace ductus::offsets {
namespace {

using ports::Position;
using ports::StoredPosition;
using ports::TopicId;
using ports::TopicPartition;

// "duct": PRAGMA application_id tells our files from those of other programs.
constexpr std::int64_t kApplicationId = 0x64756374;

constexpr const char* kCreate =
    "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
    "next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, updated_at TEXT NOT NULL, "
    "PRIMARY KEY(handler_name, topic, partition)) STRICT, WITHOUT ROWID";

constexpr std::string_view kSelect =
    "SELECT next_offset, leader_epoch, topic_id FROM positions "
    "WHERE handler_name = ?1 AND topic = ?2 AND partition = ?3";

constexpr std::string_view kUpsert =
    "INSERT INTO positions VALUES(?1, ?2, ?3, ?4, ?5, ?6, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) "
    "ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, leader_epoch = excluded.leader_epoch, "
    "topic_id = excluded.topic_id, updated_at = excluded.updated_at";

Error damaged(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCode::kCorrupt, base::escaped(path.string()) + ": damaged: " + base::escaped(what, 400) +
                                   "; restore a copy, or move it away and set the offsets"};
}

Result<void> make_schema(SqliteConnection& connection) {
  return connection.run("BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kApplicationId) +
                        "; PRAGMA user_version = " + std::to_string(SqliteStore::kSchemaVersion) + "; " + kCreate +
                        "; COMMIT");
}

Result<void> check_schema(SqliteConnection& connection) {
  auto application = connection.ask_integer("PRAGMA application_id");
  if (!application) return std::move(application).error();
  auto version = connection.ask_integer("PRAGMA user_version");
  if (!version) return std::move(version).error();
  auto objects = connection.ask_integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) return std::move(objects).error();

  if (*application == 0 && *version == 0 && *objects == 0) return make_schema(connection);
  const std::string name = base::escaped(connection.path().string());
  if (*application != kApplicationId) {
    return Error{ErrorCode::kInvalid, name + ": a SQLite file of another program; name another one in store.url"};
  }
  if (*version > SqliteStore::kSchemaVersion) {
    return Error{ErrorCode::kUnsupported, name + ": written by a newer ductus: schema " + std::to_string(*version) +
                                              ", this one knows " + std::to_string(SqliteStore::kSchemaVersion)};
  }
  auto table = connection.ask_text("SELECT sql FROM sqlite_schema WHERE name = 'positions'");
  if (!table) return std::move(table).error();
  if (*version != SqliteStore::kSchemaVersion || *table != kCreate) {
    return damaged(connection.path(), "its table is not that of schema " + std::to_string(SqliteStore::kSchemaVersion));
  }
  return {};
}

Result<SqliteConnection> open_connection(const std::filesystem::path& path) {
  auto connection = SqliteConnection::open(path);
  if (!connection) return connection;
  // Exclusive before WAL: no shared memory file, and nobody else can open the file. Source: sqlite.org/wal.html §8.
  auto mode = connection->ask_text("PRAGMA locking_mode = EXCLUSIVE");
  if (mode) mode = connection->ask_text("PRAGMA journal_mode = WAL");
  if (!mode) return std::move(mode).error();
  if (*mode != "wal") return Error{ErrorCode::kIo, base::escaped(path.string()) + ": cannot be set to WAL mode"};
  if (auto set = connection->run("PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON"); !set) {
    return std::move(set).error();
  }
  if (auto checked = check_schema(*connection); !checked) return std::move(checked).error();
  auto health = connection->ask_text("PRAGMA quick_check(1)");
  if (!health) return std::move(health).error();
  if (*health != "ok") return damaged(path, *health);
  return connection;
}

// What stands in a row; an error where it could not have been written by store().
Result<Position> read_position(const SqliteStatement& row, const std::filesystem::path& path,
                               const TopicPartition& partition) {
  const auto next_offset = row.integer(0);
  const auto leader_epoch = row.integer(1);
  const auto topic_id = row.bytes(2);
  Position position;
  if (!next_offset || *next_offset < 0 || !leader_epoch || *leader_epoch < -1 ||
      *leader_epoch > std::numeric_limits<std::int32_t>::max() || !topic_id ||
      topic_id->size() != position.topic_id.size()) {
    return damaged(path, "no valid position of " + partition.topic + "/" + std::to_string(partition.partition));
  }
  position.next_offset = *next_offset;
  position.leader_epoch = static_cast<std::int32_t>(*leader_epoch);
  std::copy(topic_id->begin(), topic_id->end(), position.topic_id.begin());
  return position;
}

}  // namespace

SqliteStore::SqliteStore(base::FileLock lock, std::filesystem::path path, std::string handler_name)
    : lock_(std::move(lock)), path_(std::move(path)), handler_name_(std::move(handler_name)) {}

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const std::filesystem::path& path,
                                                       const std::string& handler_name, base::LockOwner owner) {
  auto lock = base::FileLock::acquire(path.string() + ".lock", owner);
  if (!lock) return std::move(lock).error();
  std::unique_ptr<SqliteStore> store(new SqliteStore(*std::move(lock), path, handler_name));
  if (auto opened = store->ensure_open(); !opened) return std::move(opened).error();
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) {
    return Error{ErrorCode::kIo, base::escaped(path.string()) + ": vanished while it was opened"};
  }
  store->device_ = status.st_dev;
  store->inode_ = status.st_ino;
  return store;
}

Result<void> SqliteStore::ensure_open() {
  if (inode_ != 0) {
    if (auto ours = check_file_is_ours(); !ours) return ours;
  }
  if (connection_) return {};
  auto connection = open_connection(path_);
  if (!connection) return std::move(connection).error();
  connection_.emplace(*std::move(connection));
  return {};
}

// SQLite would go on writing into a file that has no name any more: durable, and never seen again.
Result<void> SqliteStore::check_file_is_ours() const {
  struct stat status{};
  if (::stat(path_.c_str(), &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) return {};
  return Error{ErrorCode::kIo, base::escaped(path_.string()) +
                                   ": was deleted or replaced while in use; stop the node and put the file back"};
}

Error SqliteStore::noted(Error error) {
  if (error.code == ErrorCode::kIo || error.code == ErrorCode::kCorrupt) connection_.reset();
  return error;
}

Result<std::vector<std::optional<Position>>> SqliteStore::load(std::span<const TopicPartition> partitions) {
  if (auto opened = ensure_open(); !opened) return std::move(opened).error();
  std::vector<std::optional<Position>> found;
  found.reserve(partitions.size());
  auto select = connection_->prepare(kSelect);
  if (!select) return noted(std::move(select).error());
  for (const TopicPartition& partition : partitions) {
    select->bind(1, handler_name_);
    select->bind(2, partition.topic);
    select->bind(3, partition.partition);
    auto row = select->step(path_);
    if (!row) return noted(std::move(row).error());
    if (*row) {
      auto position = read_position(*select, path_, partition);
      if (!position) return std::move(position).error();
      found.emplace_back(*position);
    } else {
      found.emplace_back();
    }
    select->reset();
  }
  return found;
}

Result<void> SqliteStore::store(std::span<const StoredPosition> round) {
  if (auto valid = check_round(round); !valid) return valid;
  if (auto opened = ensure_open(); !opened) return opened;
  auto written = write(round);
  if (written) return written;
  // What SQLite did not roll back by itself goes now; where that fails too, the connection goes with it.
  if (connection_->in_transaction() && !connection_->run("ROLLBACK")) connection_.reset();
  return noted(std::move(written).error());
}

Result<void> SqliteStore::write(std::span<const StoredPosition> round) {
  if (auto begun = connection_->run("BEGIN IMMEDIATE"); !begun) return begun;
  auto upsert = connection_->prepare(kUpsert);
  if (!upsert) return std::move(upsert).error();
  for (const auto& [partition, position] : round) {
    upsert->bind(1, handler_name_);
    upsert->bind(2, partition.topic);
    upsert->bind(3, partition.partition);
    upsert->bind(4, position.next_offset);
    upsert->bind(5, position.leader_epoch);
    upsert->bind(6, std::span<const std::uint8_t>(position.topic_id));
    auto done = upsert->step(path_);
    if (!done) return std::move(done).error();
    upsert->reset();
  }
  return connection_->run("COMMIT");
}

}  // namespace ductus::offsets
