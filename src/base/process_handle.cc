#include "base/process_handle.h"

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include "base/clock.h"

namespace ductus::base {

// By number: the C library of Debian 12 declares pidfd_open() and pidfd_send_signal() without extern "C".

Result<ProcessHandle> ProcessHandle::open(pid_t id) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, id, 0));
  if (fd >= 0) return ProcessHandle(fd, id);
  return Error{errno == ESRCH ? ErrorCode::kNotFound : ErrorCode::kIo,
               "cannot get hold of process " + std::to_string(id) + ": " + std::generic_category().message(errno)};
}

ProcessHandle::ProcessHandle(ProcessHandle&& other) noexcept : fd_(std::exchange(other.fd_, -1)), id_(other.id_) {}

ProcessHandle& ProcessHandle::operator=(ProcessHandle&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(id_, other.id_);
  return *this;
}

ProcessHandle::~ProcessHandle() {
  if (fd_ >= 0) ::close(fd_);
}

bool ProcessHandle::wait_for_end(std::chrono::milliseconds timeout) const {
  const SystemClock clock;
  const Time deadline = clock.now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock.now()).count();
    pollfd ended{fd_, POLLIN, 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000)));
    if (ready > 0) return true;
    if (left <= 0) return false;
  }
}

Result<void> ProcessHandle::signal(int number) const {
  if (::syscall(SYS_pidfd_send_signal, fd_, number, nullptr, 0) == 0 || errno == ESRCH) return {};
  return Error{ErrorCode::kIo,
               "cannot signal process " + std::to_string(id_) + ": " + std::generic_category().message(errno)};
}

}  // namespace ductus::base
