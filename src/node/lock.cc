#include "node/lock.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/escape.h"

namespace ductus::node {

Result<base::FileLock> lock_node(const config::NodeConfig& config, base::LockOwner owner,
                                 std::chrono::milliseconds patience) {
  std::error_code failure;
  std::filesystem::create_directories(config.dir.parent_path(), failure);
  if (!failure && ::mkdir(config.dir.c_str(), 0750) != 0 && errno != EEXIST) {
    failure.assign(errno, std::generic_category());
  }
  if (failure) {
    return Error{ErrorCode::kIo, base::escaped(config.dir.string()) + ": cannot be made: " + failure.message()};
  }
  return base::FileLock::acquire(config.dir / "lock", owner, patience);
}

}  // namespace ductus::node
