#include "control/node_process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>

#include "base/clock.h"
#include "net/unix_socket.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;

// By number: the C library of Debian 12 declares these two without extern "C".
int open_process(pid_t id) { return static_cast<int>(::syscall(SYS_pidfd_open, id, 0)); }
int signal_process(int handle, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, handle, signal, nullptr, 0));
}

Result<pid_t> listening_process(const std::filesystem::path& socket) {
  const auto connection = net::connect_unix(socket, milliseconds(1000));
  if (!connection) return connection.error();
  const auto peer = net::peer_of(*connection);
  if (!peer) return peer.error();
  return peer->process;
}

}  // namespace

Result<NodeProcess> NodeProcess::find(const std::filesystem::path& socket) {
  const auto id = listening_process(socket);
  if (!id) return id.error();
  net::Socket handle(open_process(*id));
  const int error = errno;
  // Still the listener now: then the handle, taken in between, refers to it and to no later process of its number.
  const auto still = listening_process(socket);
  if (!still) return still.error();
  if (!handle.is_open() || *still != *id) {
    return Error{ErrorCode::kIo, "cannot get hold of process " + std::to_string(*id) + ": " +
                                     std::generic_category().message(handle.is_open() ? ESRCH : error)};
  }
  return NodeProcess(std::move(handle), *id);
}

bool NodeProcess::wait_for_end(milliseconds timeout) const {
  const base::SystemClock clock;
  const base::Time deadline = clock.now() + timeout;
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - clock.now()).count();
    pollfd ended{handle_.fd(), POLLIN, 0};
    const int ready = ::poll(&ended, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 1'000'000'000)));
    if (ready > 0) return true;
    if (left <= 0) return false;
  }
}

Result<void> NodeProcess::kill() const {
  if (signal_process(handle_.fd(), SIGKILL) != 0 && errno != ESRCH) {
    return Error{ErrorCode::kIo,
                 "cannot end process " + std::to_string(id_) + ": " + std::generic_category().message(errno)};
  }
  return {};
}

}  // namespace ductus::control
