#include "offsets/sqlite_store.h"

#include <sys/stat.h>

#include <utility>

#include "base/escape.h"
#include "offsets/journal.h"
#include "offsets/round.h"
#include "offsets/sqlite_journal.h"
#include "offsets/sqlite_rows.h"
#include "offsets/sqlite_schema.h"

namespace ductus::offsets {
namespace {

using ports::KnownTopic;
using ports::OperatorChange;
using ports::Position;
using ports::PositionChange;
using ports::StoredPosition;
using ports::StoredTopic;
using ports::TopicPartition;

constexpr std::string_view kSelect =
    "SELECT next_offset, leader_epoch, topic_id FROM positions "
    "WHERE handler_name = ?1 AND topic = ?2 AND partition = ?3 AND unit = ?4";

constexpr std::string_view kUpsert =
    "INSERT INTO positions VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) "
    "ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, leader_epoch = excluded.leader_epoch, "
    "topic_id = excluded.topic_id, updated_at = excluded.updated_at";

constexpr std::string_view kSelectTopic =
    "SELECT topic_id, partition_count FROM topics WHERE handler_name = ?1 AND topic = ?2";

constexpr std::string_view kUpsertTopic =
    "INSERT INTO topics VALUES(?1, ?2, ?3, ?4, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) "
    "ON CONFLICT DO UPDATE SET topic_id = excluded.topic_id, partition_count = excluded.partition_count, "
    "updated_at = excluded.updated_at";

constexpr std::string_view kForget =
    "DELETE FROM positions WHERE handler_name = ?1 AND topic = ?2 AND partition = ?3 AND unit = ?4";

constexpr std::string_view kAllPositions =
    "SELECT topic, partition, unit, next_offset, leader_epoch, topic_id FROM positions "
    "WHERE handler_name = ?1 ORDER BY topic, partition, unit DESC";

constexpr std::string_view kAllTopics =
    "SELECT topic, topic_id, partition_count FROM topics WHERE handler_name = ?1 ORDER BY topic";

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
  if (auto checked = prepare_schema(*connection); !checked) return std::move(checked).error();
  auto health = connection->ask_text("PRAGMA quick_check(1)");
  if (!health) return std::move(health).error();
  if (*health != "ok") return damaged(path, *health);
  return connection;
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
    auto position = select_position(*select, partition);
    if (!position) return noted(std::move(position).error());
    found.push_back(*position);
  }
  return found;
}

void SqliteStore::bind_place(SqliteStatement& statement, const TopicPartition& partition) const {
  statement.bind(1, handler_name_);
  statement.bind(2, partition.topic);
  statement.bind(3, partition.partition);
  statement.bind(4, name_of(partition.unit));
}

Result<std::optional<Position>> SqliteStore::select_position(SqliteStatement& select,
                                                             const TopicPartition& partition) const {
  bind_place(select, partition);
  auto row = select.step(path_);
  if (!row) return std::move(row).error();
  std::optional<Position> found;
  if (*row) {
    auto position = read_position(select, 0, path_, partition);
    if (!position) return std::move(position).error();
    found = *position;
  }
  select.reset();
  return found;
}

Result<std::vector<std::optional<KnownTopic>>> SqliteStore::load_topics(std::span<const std::string> topics) {
  if (auto opened = ensure_open(); !opened) return std::move(opened).error();
  std::vector<std::optional<KnownTopic>> found;
  found.reserve(topics.size());
  auto select = connection_->prepare(kSelectTopic);
  if (!select) return noted(std::move(select).error());
  for (const std::string& topic : topics) {
    select->bind(1, handler_name_);
    select->bind(2, topic);
    auto row = select->step(path_);
    if (!row) return noted(std::move(row).error());
    found.emplace_back();
    if (*row) {
      auto known = read_topic(*select, 0, path_, topic);
      if (!known) return noted(std::move(known).error());
      found.back() = *known;
    }
    select->reset();
  }
  return found;
}

Result<ports::StoreEntries> SqliteStore::entries() {
  if (auto opened = ensure_open(); !opened) return std::move(opened).error();
  ports::StoreEntries all;
  if (auto read = read_all_positions(all.positions); !read) return noted(std::move(read).error());
  if (auto read = read_all_topics(all.topics); !read) return noted(std::move(read).error());
  return all;
}

Result<void> SqliteStore::read_all_positions(std::vector<StoredPosition>& all) {
  auto select = connection_->prepare(kAllPositions);
  if (!select) return std::move(select).error();
  select->bind(1, handler_name_);
  for (auto row = select->step(path_);; row = select->step(path_)) {
    if (!row) return std::move(row).error();
    if (!*row) return {};
    if (all.size() == ports::kMaxStoreEntries) return too_many_entries();
    auto partition = read_partition(*select, 0, path_);
    if (!partition) return std::move(partition).error();
    auto position = read_position(*select, kPartitionColumns, path_, *partition);
    if (!position) return std::move(position).error();
    all.push_back({*std::move(partition), *position});
  }
}

Result<void> SqliteStore::read_all_topics(std::vector<StoredTopic>& all) {
  auto select = connection_->prepare(kAllTopics);
  if (!select) return std::move(select).error();
  select->bind(1, handler_name_);
  for (auto row = select->step(path_);; row = select->step(path_)) {
    if (!row) return std::move(row).error();
    if (!*row) return {};
    if (all.size() == ports::kMaxStoreEntries) return too_many_entries();
    std::string topic(select->text(0).value_or(""));
    auto known = read_topic(*select, 1, path_, topic);
    if (!known) return std::move(known).error();
    all.push_back({std::move(topic), *known});
  }
}

Result<std::vector<ports::JournalAct>> SqliteStore::journal(std::size_t limit) {
  if (auto opened = ensure_open(); !opened) return std::move(opened).error();
  auto acts = read_acts(*connection_, handler_name_, limit);
  if (!acts) return noted(std::move(acts).error());
  return acts;
}

// ---- writing ---------------------------------------------------------------------------------------------

Result<void> SqliteStore::store(std::span<const StoredPosition> round) {
  if (auto valid = check_round(round); !valid) return valid;
  return in_transaction([&] { return write(round); });
}

Result<void> SqliteStore::store_topics(std::span<const StoredTopic> topics) {
  if (auto valid = check_topics(topics); !valid) return valid;
  return in_transaction([&] { return write_topics(topics); });
}

Result<void> SqliteStore::change(const OperatorChange& change) {
  if (auto valid = check_change(change); !valid) return valid;
  const auto round = round_of(change);
  return in_transaction([&]() -> Result<void> {
    if (auto seen = check_before(change); !seen) return seen;
    if (auto noted = note_act(*connection_, handler_name_, change); !noted) return noted;
    if (auto written = write(round); !written) return written;
    if (auto forgotten = forget(change); !forgotten) return forgotten;
    return write_topics(change.topics);
  });
}

template <class Body>
Result<void> SqliteStore::in_transaction(const Body& body) {
  if (auto opened = ensure_open(); !opened) return opened;
  Result<void> done = connection_->run("BEGIN IMMEDIATE");
  if (done) done = body();
  if (done) done = connection_->run("COMMIT");
  if (done) return done;
  // What SQLite did not roll back by itself goes now; where that fails too, the connection goes with it.
  if (connection_->in_transaction() && !connection_->run("ROLLBACK")) connection_.reset();
  return noted(std::move(done).error());
}

Result<void> SqliteStore::write(std::span<const StoredPosition> round) {
  auto upsert = connection_->prepare(kUpsert);
  if (!upsert) return std::move(upsert).error();
  for (const auto& [partition, position] : round) {
    bind_place(*upsert, partition);
    upsert->bind(5, position.next_offset);
    upsert->bind(6, position.leader_epoch);
    upsert->bind(7, std::span<const std::uint8_t>(position.topic_id));
    auto done = upsert->step(path_);
    if (!done) return std::move(done).error();
    upsert->reset();
  }
  return {};
}

Result<void> SqliteStore::write_topics(std::span<const StoredTopic> topics) {
  auto upsert = connection_->prepare(kUpsertTopic);
  if (!upsert) return std::move(upsert).error();
  for (const auto& [topic, known] : topics) {
    upsert->bind(1, handler_name_);
    upsert->bind(2, topic);
    upsert->bind(3, std::span<const std::uint8_t>(known.topic_id));
    upsert->bind(4, known.partition_count);
    auto done = upsert->step(path_);
    if (!done) return std::move(done).error();
    upsert->reset();
  }
  return {};
}

Result<void> SqliteStore::forget(const OperatorChange& change) {
  auto forget = connection_->prepare(kForget);
  if (!forget) return std::move(forget).error();
  for (const PositionChange& one : change.positions) {
    if (one.after) continue;
    bind_place(*forget, one.partition);
    auto done = forget->step(path_);
    if (!done) return std::move(done).error();
    forget->reset();
  }
  return {};
}

// Before anything is written.
Result<void> SqliteStore::check_before(const OperatorChange& change) {
  auto select = connection_->prepare(kSelect);
  if (!select) return std::move(select).error();
  for (const PositionChange& one : change.positions) {
    auto found = select_position(*select, one.partition);
    if (!found) return std::move(found).error();
    if (*found != one.before) return changed_meanwhile(one, *found);
  }
  return {};
}

}  // namespace ductus::offsets
