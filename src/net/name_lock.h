// NameLock: one owner of a name on this machine, as base/file_lock.h has it for a file: a node keeps it for days, a
// verb for moments.
//
// A lock is an abstract unix socket that is bound: the kernel frees it with the process, however it dies. A node holds
// two, and whether it is there is seen by connecting. Such names belong to a network namespace, and any user of the
// machine may take one. Source: unix(7), "Abstract sockets".
#pragma once

#include <chrono>
#include <string>

#include "base/file_lock.h"
#include "ductus/result.h"
#include "net/socket.h"

namespace ductus::net {

/// Move only. Thread: none of its own. A forked child holds it too, until it has ended or execs.
class NameLock {
 public:
  /// `name`: at most kMaxNameBytes; `what` is said in errors. Blocking: while a verb holds it, at most `patience`.
  /// Errors: kRefused (a node holds it: at once), kTimedOut (a verb, after `patience`), kLimit, kIo.
  static Result<NameLock> acquire(const std::string& name, const std::string& what, base::LockOwner owner,
                                  std::chrono::milliseconds patience = base::FileLock::kPatience);

  /// A node holds the lock, or waits for it.
  static bool held_by_node(const std::string& name);

  static constexpr std::size_t kMaxNameBytes = 100;

 private:
  NameLock() = default;
  Socket node_;
  Socket owner_;
};

/// What tells this machine from others, and from itself before its last boot, as far as such names reach:
/// boot id and network namespace. Empty where the system does not say.
std::string machine_identity();

}  // namespace ductus::net
