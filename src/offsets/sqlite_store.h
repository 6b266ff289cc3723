// SqliteStore: positions in one SQLite file, the default. WAL with synchronous=FULL: what store() has acknowledged
// survives a kill and a power loss.
//
// One connection, which keeps SQLite's own lock on the file for as long as it is open, and PATH.lock beside it:
// no other process reads, writes or checkpoints the file meanwhile. Not to be carried over a fork.
// Thread: one at a time. Blocking: on disk.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "offsets/sqlite_connection.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

class SqliteStore final : public ports::OffsetStore {
 public:
  /// Opens the file, or makes it in an existing folder. Blocking: as FileLock::acquire().
  /// Errors: kRefused (a running node or another program holds the file), kUnsupported (a newer schema), kInvalid
  /// (a file of another kind), kCorrupt, kIo.
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& path, const std::string& handler_name,
                                                   base::LockOwner owner);

  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;

  /// After an error of the disk the file is opened anew by the next call: SQLite must not go on with pages that the
  /// system may have dropped when a sync failed.
  Result<void> store(std::span<const ports::StoredPosition> round) override;

  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> topics) override;
  Result<void> store_topics(std::span<const ports::StoredTopic> topics) override;
  Result<void> change(const ports::OperatorChange& change) override;
  Result<ports::StoreEntries> entries() override;
  Result<std::vector<ports::JournalAct>> journal(std::size_t limit) override;

 private:
  SqliteStore(base::FileLock lock, std::filesystem::path path, std::string handler_name);
  Result<void> ensure_open();
  Result<void> check_file_is_ours() const;
  /// Runs `body` within a transaction of its own, which is rolled back where it fails.
  template <class Body>
  Result<void> in_transaction(const Body& body);
  /// To ?1 to ?4.
  void bind_place(SqliteStatement& statement, const ports::TopicPartition& partition) const;
  Result<std::optional<ports::Position>> select_position(SqliteStatement& select,
                                                         const ports::TopicPartition& partition) const;
  Result<void> write(std::span<const ports::StoredPosition> round);
  Result<void> write_topics(std::span<const ports::StoredTopic> topics);
  Result<void> forget(const ports::OperatorChange& change);
  Result<void> check_before(const ports::OperatorChange& change);
  Result<void> read_all_positions(std::vector<ports::StoredPosition>& all);
  Result<void> read_all_topics(std::vector<ports::StoredTopic>& all);
  /// Drops the connection where `error` says that disk and memory may differ.
  Error noted(Error error);

  base::FileLock lock_;
  std::filesystem::path path_;
  std::string handler_name_;
  std::optional<SqliteConnection> connection_;  ///< none after an error of the disk
  dev_t device_ = 0;                            ///< of the file that was opened first
  ino_t inode_ = 0;
};

}  // namespace ductus::offsets
