#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "base/escape.h"

namespace ductus::base {
namespace {

using std::chrono::steady_clock;

constexpr off_t kOwnerByte = 0;
constexpr off_t kNodeByte = 1;
constexpr std::chrono::milliseconds kRetryEvery{20};

struct flock range_of(off_t byte) {
  struct flock range{};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  range.l_start = byte;
  range.l_len = 1;
  return range;
}

// True: locked. False: somebody else has it.
Result<bool> try_lock(int file, off_t byte, const std::string& name) {
  struct flock range = range_of(byte);
  if (::fcntl(file, F_OFD_SETLK, &range) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  return Error{ErrorCode::kIo, name + ": cannot be locked: " + std::generic_category().message(errno)};
}

bool is_locked_by_other(int file, off_t byte) {
  struct flock range = range_of(byte);
  return ::fcntl(file, F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK;
}

// " (pid 1234)", as the owner wrote it; empty where it has written nothing yet.
std::string pid_in(int file) {
  std::array<char, 64> text{};
  const ssize_t size = ::pread(file, text.data(), text.size(), 0);
  if (size <= 0) return "";
  const std::string_view line(text.data(), static_cast<std::size_t>(size));
  std::string digits;
  for (const char c : line.substr(std::min(line.find(' '), line.size()))) {
    if (c >= '0' && c <= '9') digits += c;
  }
  return digits.empty() ? "" : " (pid " + digits + ")";
}

void write_owner(int file, LockOwner owner) {
  const std::string line = (owner == LockOwner::kNode ? "node " : "verb ") + std::to_string(::getpid()) + "\n";
  // For people only: a full disk is no reason to refuse.
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, line.data(), line.size(), 0) < 0) return;
}

Error refused_by_node(int file, const std::string& name) {
  return {ErrorCode::kRefused, name + ": held by a running node" + pid_in(file) + "; stop it first"};
}

}  // namespace

Result<FileLock> FileLock::acquire(const std::filesystem::path& path, LockOwner owner,
                                   std::chrono::milliseconds patience) {
  const std::string name = escaped(path.string());
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
  if (file < 0) return Error{ErrorCode::kIo, name + ": cannot be opened: " + std::generic_category().message(errno)};
  FileLock lock(file);
  struct stat status{};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    return Error{ErrorCode::kInvalid, name + ": not a regular file"};
  }

  if (owner == LockOwner::kNode) {
    auto alone = try_lock(file, kNodeByte, name);
    if (!alone) return std::move(alone).error();
    if (!*alone) return refused_by_node(file, name);
  }
  const auto deadline = steady_clock::now() + patience;
  for (;;) {
    auto taken = try_lock(file, kOwnerByte, name);
    if (!taken) return std::move(taken).error();
    if (*taken) break;
    if (owner == LockOwner::kVerb && is_locked_by_other(file, kNodeByte)) return refused_by_node(file, name);
    if (steady_clock::now() >= deadline) {
      return Error{ErrorCode::kTimedOut,
                   name + ": held by another command" + pid_in(file) + "; try again when it is done"};
    }
    std::this_thread::sleep_for(std::min<steady_clock::duration>(kRetryEvery, deadline - steady_clock::now()));
  }
  write_owner(file, owner);
  return lock;
}

bool FileLock::held_by_node(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (file < 0) return false;
  const FileLock closes_it(file);
  return is_locked_by_other(file, kNodeByte);
}

FileLock::FileLock(FileLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace ductus::base
