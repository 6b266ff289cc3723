#include "daemon/guardian_lock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/escape.h"

namespace ductus::daemon {
namespace {

struct flock whole_file() {
  struct flock range{};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}

Error failed(const std::filesystem::path& path, const char* what) {
  return {ErrorCode::kIo, base::escaped(path.string()) + ": " + what + ": " + std::generic_category().message(errno)};
}

Error refused(const std::filesystem::path& path, pid_t holder) {
  return {ErrorCode::kRefused,
          base::escaped(path.string()) + ": held by a guardian (pid " + std::to_string(holder) + "); stop it first"};
}

// 0: nobody. Not to be asked by the holder itself: it would not see its own lock, and closing the file would end it.
Result<pid_t> holder_of(int file, const std::filesystem::path& path) {
  struct flock range = whole_file();
  if (::fcntl(file, F_GETLK, &range) != 0) return failed(path, "cannot be asked who holds it");
  return range.l_type == F_UNLCK ? 0 : range.l_pid;
}

}  // namespace

Result<net::Socket> become_guardian_of(const std::filesystem::path& node_dir) {
  const auto path = node_dir / "guardian";
  net::Socket file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
  if (!file.is_open()) return failed(path, "cannot be opened");
  struct flock range = whole_file();
  if (::fcntl(file.fd(), F_SETLK, &range) != 0) {
    if (errno != EAGAIN && errno != EACCES) return failed(path, "cannot be locked");
    const auto holder = holder_of(file.fd(), path);
    return refused(path, holder ? *holder : 0);
  }
  return file;
}

Result<std::optional<base::ProcessHandle>> find_guardian(const std::filesystem::path& node_dir) {
  const auto path = node_dir / "guardian";
  const net::Socket file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return std::optional<base::ProcessHandle>();
    return failed(path, "cannot be opened");
  }
  auto holder = holder_of(file.fd(), path);
  while (holder && *holder != 0) {
    auto handle = base::ProcessHandle::open(*holder);
    // Still the holder now: then the handle, taken in between, refers to it and to no later process of its number.
    const auto still = holder_of(file.fd(), path);
    if (still && *still == *holder) {
      if (!handle) return Error{ErrorCode::kIo, handle.error().message};
      return std::optional<base::ProcessHandle>(*std::move(handle));
    }
    holder = still;
  }
  if (!holder) return holder.error();
  return std::optional<base::ProcessHandle>();
}

}  // namespace ductus::daemon
