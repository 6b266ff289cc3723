// lock_node(): one owner of a node's folder. The store has a lock of its own (offsets/sqlite_store.h).
//
// Thread: any.
#pragma once

#include <chrono>

#include "base/file_lock.h"
#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::node {

/// Takes `[node] dir`/lock; makes the folder (mode 0750) where it is missing.
/// Blocking: while a verb holds it, at most `patience`.
/// Errors: kRefused (the node runs, or a verb holds it too long), kIo, kInvalid.
Result<base::FileLock> lock_node(const config::NodeConfig& config, base::LockOwner owner,
                                 std::chrono::milliseconds patience = base::FileLock::kPatience);

}  // namespace ductus::node
