// GuardianLock: one guardian for a node's folder, and who it is.
//
// The file `guardian` there is locked by its process (F_SETLK): the kernel drops such a lock with the process, hands it
// to no child, and says who holds it. So no number that a file has kept from an earlier process is ever believed, and
// the file is never deleted. Source: fcntl(2), "Advisory record locking".
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <optional>

#include "base/process_handle.h"
#include "ductus/result.h"
#include "net/socket.h"

namespace ductus::daemon {

/// Held by this process, not by its children, while the descriptor is open.
/// Errors: kRefused (another guardian holds it), kIo.
Result<net::Socket> become_guardian_of(const std::filesystem::path& node_dir);

/// The process that guards the node in this folder; nullopt: none does. Makes nothing. Thread: of another process.
/// Error: kIo.
Result<std::optional<base::ProcessHandle>> find_guardian(const std::filesystem::path& node_dir);

}  // namespace ductus::daemon
