// FileLock: one owner of a node's folder, one process on a SQLite file.
//
// Byte 0 of the file is locked by its owner, byte 1 as well by a node (from before it waits for byte 0): so that who
// meets a lock knows for certain whether to wait for a verb or to give up at a node. The locks are those of open
// file descriptions (F_OFD_SETLK): the kernel drops them with the process, however it dies. The text in the file
// ("node 1234") is for people; nothing is decided by it, and the file is never deleted.
// Source: fcntl(2), "Open file description locks".
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

#include "ductus/result.h"

namespace ductus::base {

/// Who wants a lock: a node keeps it for days, a verb of the command line for moments.
enum class LockOwner : std::uint8_t { kVerb, kNode };

/// Move only. Thread: none of its own. A forked child holds it too, until it has ended or execs.
class FileLock {
 public:
  /// How long a verb is waited for.
  static constexpr std::chrono::milliseconds kPatience{5'000};

  /// Takes the lock; makes the file (mode 0600) in an existing folder.
  /// Blocking: while a verb holds it, at most `patience`.
  /// Errors: kRefused (a node holds it: at once), kTimedOut (a verb, after `patience`), kInvalid (no regular file),
  /// kIo.
  static Result<FileLock> acquire(const std::filesystem::path& path, LockOwner owner,
                                  std::chrono::milliseconds patience = kPatience);

  /// A node holds the lock at `path`, or waits for it. Makes nothing.
  static bool held_by_node(const std::filesystem::path& path);

  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int file) noexcept : file_(file) {}
  int file_ = -1;
};

}  // namespace ductus::base
