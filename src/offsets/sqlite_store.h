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
  /// What stands in `PRAGMA user_version`. A file with a higher one is refused.
  static constexpr int kSchemaVersion = 1;

  /// Opens the file, or makes it in an existing folder. Blocking: as FileLock::acquire().
  /// Errors: kRefused (a running node or another program holds the file), kUnsupported (a newer schema), kInvalid
  /// (a file of another kind), kCorrupt, kIo.
  static Result<std::unique_ptr<SqliteStore>> open(const std::filesystem::path& path, const std::string& handler_name,
                                                   base::LockOwner owner);

  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;

  /// After an error of the disk the file is opened anew by the next call: SQLite must not go on with pages that the
  /// system may have dropped when a sync failed.
  Result<void> store(std::span<const ports::StoredPosition> round) override;

 private:
  SqliteStore(base::FileLock lock, std::filesystem::path path, std::string handler_name);
  Result<void> ensure_open();
  Result<void> check_file_is_ours() const;
  Result<void> write(std::span<const ports::StoredPosition> round);
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
