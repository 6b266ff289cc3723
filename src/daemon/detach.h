// detach(): a process that nothing ties to the terminal, the shell and the folder that it was started from.
#pragma once

#include <filesystem>

#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::daemon {

/// Where a daemon of this config writes what it says: `[log] file`, by default `ductus.log` in the node's folder.
std::filesystem::path log_file(const config::NodeConfig& config);

/// From now on stdout and stderr of this process go to the end of `log`, which is made (mode 0640) in an existing
/// folder. Again after a rotation: then to the new file. Error: kIo.
Result<void> say_into(const std::filesystem::path& log);

/// A session of its own, `/` as working directory, umask 022, /dev/null as stdin, `log` as stdout and stderr, every
/// other descriptor closed but `keep`, which is given back under its new number. What asks a process to end is no
/// longer ignored where the caller did. Thread: the only one of a child of fork(). Error: kIo; stderr may still be that
/// of the caller.
Result<int> detach(const std::filesystem::path& log, int keep);

}  // namespace ductus::daemon
