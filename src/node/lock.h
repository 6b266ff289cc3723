// lock_node(): one owner of a node's folder, and how the last one ended. The store has a lock of its own
// (offsets/sqlite_store.h).
//
// Thread: any.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "base/file_lock.h"
#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::node {

/// Takes `[node] dir`/lock; makes the folder (mode 0700) where it is missing.
/// Blocking: while a verb holds it, at most `patience`.
/// Errors: kRefused (the node runs), kTimedOut (a verb holds it too long), kIo, kInvalid.
Result<base::FileLock> lock_node(const config::NodeConfig& config, base::LockOwner owner,
                                 std::chrono::milliseconds patience = base::FileLock::kPatience);

/// Whether a node of this config is there: running, or about to, or not yet gone. Makes nothing.
bool node_is_there(const config::NodeConfig& config);

/// Leaves word in the node's folder that `process`, a node or its guardian, ends with calls left behind. `stop` learns
/// it so: nobody but a parent gets an exit code. Forgotten when the next node takes the lock.
void note_forced_end(const config::NodeConfig& config, pid_t process);
/// The process left such word.
bool ended_by_force(const config::NodeConfig& config, pid_t process);

}  // namespace ductus::node
