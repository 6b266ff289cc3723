#include "node/lock.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "base/escape.h"

namespace ductus::node {
namespace {

std::filesystem::path forced_end_file(const config::NodeConfig& config) { return config.dir / "forced_end"; }

}  // namespace

Result<base::FileLock> lock_node(const config::NodeConfig& config, base::LockOwner owner,
                                 std::chrono::milliseconds patience) {
  std::error_code failure;
  std::filesystem::create_directories(config.dir.parent_path(), failure);
  if (!failure && ::mkdir(config.dir.c_str(), 0700) != 0 && errno != EEXIST) {
    failure.assign(errno, std::generic_category());
  }
  if (failure) {
    return Error{ErrorCode::kIo, base::escaped(config.dir.string()) + ": cannot be made: " + failure.message()};
  }
  auto lock = base::FileLock::acquire(config.dir / "lock", owner, patience);
  if (lock && owner == base::LockOwner::kNode) std::filesystem::remove(forced_end_file(config), failure);
  return lock;
}

bool node_is_there(const config::NodeConfig& config) { return base::FileLock::held_by_node(config.dir / "lock"); }

void note_forced_end(const config::NodeConfig& config, pid_t process) {
  std::ofstream(forced_end_file(config), std::ios::trunc) << process << "\n";
}

bool ended_by_force(const config::NodeConfig& config, pid_t process) {
  std::ifstream file(forced_end_file(config));
  pid_t left_by = -1;
  return file >> left_by && left_by == process;
}

}  // namespace ductus::node
