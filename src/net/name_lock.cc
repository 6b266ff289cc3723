#include "net/name_lock.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "net/unix_socket.h"

namespace ductus::net {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kRetryEvery{20};

struct AbstractAddress {
  sockaddr_un address{};
  socklen_t size = 0;

  explicit AbstractAddress(const std::string& name) {
    address.sun_family = AF_UNIX;
    std::copy(name.begin(), name.end(), address.sun_path + 1);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Error io_error(const std::string& what, int error) {
  return {ErrorCode::kIo, what + ": cannot be locked: " + std::generic_category().message(error)};
}

Socket unix_socket() { return Socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

// Not open: somebody else has it.
Result<Socket> try_lock(const std::string& name, const std::string& what) {
  Socket socket = unix_socket();
  if (!socket.is_open()) return io_error(what, errno);
  const AbstractAddress address(name);
  if (::bind(socket.fd(), address.data(), address.size) != 0) {
    if (errno == EADDRINUSE) return Socket();
    return io_error(what, errno);
  }
  if (::listen(socket.fd(), SOMAXCONN) != 0) return io_error(what, errno);
  return socket;
}

// A connection to the holder; where its queue is full, one without a peer.
std::optional<Socket> reach(const std::string& name) {
  Socket socket = unix_socket();
  const AbstractAddress address(name);
  if (!socket.is_open()) return std::nullopt;
  if (::connect(socket.fd(), address.data(), address.size) != 0 && errno != EAGAIN) return std::nullopt;
  return socket;
}

std::string pid_at(const std::string& name) {
  const auto reached = reach(name);
  const auto peer = reached ? peer_of(*reached) : Result<Peer>(Peer{});
  return peer && peer->process > 0 ? " (pid " + std::to_string(peer->process) + ")" : "";
}

std::string node_name(const std::string& name) { return name + ".node"; }

Error refused_by_node(const std::string& name, const std::string& what) {
  return {ErrorCode::kRefused, what + ": held by a running node" + pid_at(node_name(name)) + "; stop it first"};
}

}  // namespace

Result<NameLock> NameLock::acquire(const std::string& name, const std::string& what, base::LockOwner owner,
                                   std::chrono::milliseconds patience) {
  if (name.size() > kMaxNameBytes) return Error{ErrorCode::kLimit, what + ": the name of its lock is too long"};
  NameLock lock;
  if (owner == base::LockOwner::kNode) {
    auto alone = try_lock(node_name(name), what);
    if (!alone) return std::move(alone).error();
    if (!alone->is_open()) return refused_by_node(name, what);
    lock.node_ = *std::move(alone);
  }
  const auto deadline = steady_clock::now() + patience;
  for (;;) {
    auto taken = try_lock(name, what);
    if (!taken) return std::move(taken).error();
    if (taken->is_open()) {
      lock.owner_ = *std::move(taken);
      return lock;
    }
    if (owner == base::LockOwner::kVerb && held_by_node(name)) return refused_by_node(name, what);
    if (steady_clock::now() >= deadline) {
      return Error{ErrorCode::kTimedOut,
                   what + ": held by another command" + pid_at(name) + "; try again when it is done"};
    }
    std::this_thread::sleep_for(std::min<steady_clock::duration>(kRetryEvery, deadline - steady_clock::now()));
  }
}

bool NameLock::held_by_node(const std::string& name) { return reach(node_name(name)).has_value(); }

std::string machine_identity() {
  std::string boot;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot;
  struct stat status{};
  if (boot.empty() || ::stat("/proc/self/ns/net", &status) != 0) return "";
  return boot + "/" + std::to_string(status.st_ino);
}

}  // namespace ductus::net
