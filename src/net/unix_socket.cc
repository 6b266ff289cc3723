#include "net/unix_socket.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace ductus::net {
namespace {

using std::chrono::milliseconds;

Error io_error(const char* what, const std::filesystem::path& path, int error) {
  return {ErrorCode::kIo, std::string(what) + " " + path.string() + ": " + std::generic_category().message(error)};
}

// The address of `path`; `folder` keeps the descriptor that a long one goes through, and must live as long.
struct UnixAddress {
  Socket folder;
  sockaddr_un address{};

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&address); }
};

Result<UnixAddress> address_of(const std::filesystem::path& path) {
  UnixAddress made;
  made.address.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.size() >= sizeof made.address.sun_path) {
    made.folder = Socket(::open(path.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!made.folder.is_open()) {
      const int error = errno;
      if (error == ENOENT || error == ENOTDIR) {
        return Error{ErrorCode::kNotFound, "there is no folder " + path.parent_path().string()};
      }
      return io_error("cannot open", path.parent_path(), error);
    }
    text = "/proc/self/fd/" + std::to_string(made.folder.fd()) + "/" + path.filename().string();
  }
  if (text.empty() || text.size() >= sizeof made.address.sun_path) {
    return Error{ErrorCode::kLimit, "the file name of the socket " + path.string() + " is empty or too long"};
  }
  std::copy(text.begin(), text.end(), made.address.sun_path);
  return made;
}

Result<Socket> unix_socket(int flags) {
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket.is_open()) return io_error("cannot make a", "unix socket", errno);
  return socket;
}

// Connecting is the only test of whether a socket file is alive.
Result<void> remove_if_dead(const std::filesystem::path& path) {
  struct stat status{};
  if (::lstat(path.c_str(), &status) != 0) return {};
  if (!S_ISSOCK(status.st_mode)) {
    return Error{ErrorCode::kRefused, path.string() + " is there and is no socket: move it away"};
  }
  const auto alive = connect_unix(path, milliseconds(1000));
  if (alive || alive.error().code == ErrorCode::kTimedOut) {
    return Error{ErrorCode::kRefused, "another process listens at " + path.string()};
  }
  if (alive.error().code != ErrorCode::kNotFound) return alive.error();
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return io_error("cannot remove", path, errno);
  return {};
}

}  // namespace

Result<Socket> listen_unix(const std::filesystem::path& path) {
  if (auto removed = remove_if_dead(path); !removed) return std::move(removed).error();
  auto address = address_of(path);
  if (!address) return std::move(address).error();
  auto socket = unix_socket(SOCK_NONBLOCK);
  if (!socket) return socket;
  // The file gets the mode of the socket: narrowed before bind(), it is never open to others.
  if (::fchmod(socket->fd(), 0600) != 0) return io_error("cannot set the mode of", path, errno);
  if (::bind(socket->fd(), address->data(), sizeof address->address) != 0) {
    return io_error("cannot listen at", path, errno);
  }
  if (::listen(socket->fd(), SOMAXCONN) != 0) return io_error("cannot listen at", path, errno);
  return socket;
}

Result<Socket> connect_unix(const std::filesystem::path& path, milliseconds timeout) {
  auto address = address_of(path);
  if (!address) return std::move(address).error();
  auto socket = unix_socket(0);
  if (!socket) return socket;
  // A full backlog makes connect() wait as long as a send may take; zero would mean for ever.
  const auto wait = std::max(timeout, milliseconds(1));
  const timeval limit{wait.count() / 1000, wait.count() % 1000 * 1000};
  if (::setsockopt(socket->fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) != 0) {
    return io_error("cannot set a time-out for", path, errno);
  }
  if (::connect(socket->fd(), address->data(), sizeof address->address) != 0) {
    const int error = errno;
    if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR) {
      return Error{ErrorCode::kNotFound, "nobody listens at " + path.string()};
    }
    if (error == EAGAIN || error == EINTR) {
      return Error{ErrorCode::kTimedOut, "the process at " + path.string() + " accepts no connection"};
    }
    return io_error("cannot connect to", path, error);
  }
  const int flags = ::fcntl(socket->fd(), F_GETFL);
  if (flags < 0 || ::fcntl(socket->fd(), F_SETFL, flags | O_NONBLOCK) != 0) {
    return io_error("cannot set up the connection to", path, errno);
  }
  return socket;
}

Result<Peer> peer_of(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return io_error("cannot ask who is at", "a unix socket", errno);
  }
  return Peer{peer.pid, peer.uid};
}

}  // namespace ductus::net
