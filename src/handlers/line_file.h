// LineFile: a file that the handlers of one or more partitions append whole lines to.
//
// Opened when it is first written to, and again after it was closed. What stands behind the last "\n" at that time is
// a line that a crash tore, and is cut off. What a full disk let through of a batch is cut off again. A failed sync is
// never tried again on the same descriptor (the kernel has forgotten what it lost): the file is cut back to what was
// durable, closed, and all that write to it are told: each must fail and be given its messages again.
// One process may write to a file at a time (flock).
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <vector>

#include "ductus/batch.h"
#include "ductus/module.h"
#include "ductus/result.h"
#include "handlers/line_writer.h"

namespace ductus::handlers {

class OpenFiles;

/// Thread: any; calls wait for each other.
class LineFile {
 public:
  /// A longer last line than this is not cut: such a file is not one of ours.
  static constexpr std::int64_t kMaxTornBytes = std::int64_t{128} << 20;

  /// Touches no disk. `files` outlives it. `log`: what was cut.
  LineFile(std::filesystem::path path, OpenFiles& files, Logger log);
  ~LineFile();
  LineFile(const LineFile&) = delete;
  LineFile& operator=(const LineFile&) = delete;

  /// Opens it (mode 0640, missing folders 0755) where it is closed. Returns how many syncs have failed so far:
  /// the `failed_syncs` of later calls, which fail once there are more.
  /// Errors: kLimit (no space, no quota, no free descriptor: it may heal), kRefused (another process writes to it; no
  /// regular file), kIo.
  Result<std::uint64_t> open();
  /// Appends all of the batch or nothing. Blocking: disk. Errors as open().
  Result<void> append(const Batch& batch, LineWriter& writer, std::uint64_t failed_syncs);
  /// Makes durable what was appended, and the folder entries that lead to a file that was opened for the first time.
  Result<void> sync(std::uint64_t failed_syncs);

  const std::filesystem::path& path() const noexcept { return path_; }

 private:
  friend class OpenFiles;

  /// A file or folder, and the folder that is to be synced for it to be found after a power cut.
  struct NewEntry {
    std::filesystem::path entry;
    std::filesystem::path folder;
  };

  // All with mutex_ held.
  Result<std::int64_t> ensure_open();
  Result<std::int64_t> open_descriptor();
  Result<std::int64_t> check_descriptor();
  Result<std::int64_t> cut_torn_line(std::int64_t size);
  Result<void> check_syncs(std::uint64_t failed_syncs) const;
  Result<void> sync_now();
  Result<void> make_folder(const std::filesystem::path& folder);
  void note_new_entries();
  Result<void> sync_folders();
  Error roll_back(std::int64_t size, int cause);
  Error lose_unsynced(int cause);
  Error error(const char* what, int cause) const;
  void close_descriptor();
  void leave();

  const std::filesystem::path path_;
  OpenFiles& files_;
  const Logger log_;

  std::mutex mutex_;  // guards what follows
  int file_ = -1;
  bool known_ = false;              ///< was opened before: its folder entry is durable, or in folders_to_sync_
  bool dirty_ = false;              ///< appended to since the last sync
  std::int64_t durable_bytes_ = 0;  ///< its size at the last good sync
  std::uint64_t failed_syncs_ = 0;
  std::vector<NewEntry> folders_to_sync_;
  std::atomic<std::uint64_t> used_at_{0};  ///< tick of the last use; read by OpenFiles without mutex_
};

}  // namespace ductus::handlers
