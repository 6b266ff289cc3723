#include "net/socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace ductus::net {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

Error io_error(const char* what, int error) {
  return {ErrorCode::kIo, std::string("cannot ") + what + ": " + reason(error)};
}

Error connect_error(const std::string& to, int error) {
  const ErrorCode code = error == ETIMEDOUT ? ErrorCode::kTimedOut : ErrorCode::kUnreachable;
  return {code, "cannot connect" + to + ": " + reason(error)};
}

// A small request must leave at once: the answer to it is waited for.
bool send_at_once(const Socket& socket) {
  const int on = 1;
  return ::setsockopt(socket.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0;
}

Result<Socket> tcp_socket(int family) {
  Socket socket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket.is_open()) return io_error("make a TCP socket", errno);
  return socket;
}

}  // namespace

void Socket::close() noexcept {
  // Not repeated on EINTR: Linux has closed the descriptor all the same.
  if (const int fd = release(); fd >= 0) ::close(fd);
}

Result<Socket> start_connect(const Address& to) {
  auto socket = tcp_socket(to.family());
  if (!socket) return socket;
  if (!send_at_once(*socket)) return io_error("set TCP_NODELAY", errno);
  if (::connect(socket->fd(), to.data(), to.size()) != 0 && errno != EINPROGRESS && errno != EINTR) {
    return connect_error(" to " + to.to_text(), errno);
  }
  return socket;
}

Result<void> connect_result(const Socket& socket) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return connect_error("", error);
  return {};
}

Result<Socket> listen_on(const Address& at) {
  auto socket = tcp_socket(at.family());
  if (!socket) return socket;
  const int on = 1;
  ::setsockopt(socket->fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket->fd(), at.data(), at.size()) != 0 || ::listen(socket->fd(), SOMAXCONN) != 0) {
    const int error = errno;
    return io_error(("listen on " + at.to_text()).c_str(), error);
  }
  return socket;
}

Result<Socket> accept_from(const Socket& listener) {
  Socket socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!socket.is_open()) {
    const int error = errno;
    const bool none = error == EAGAIN || error == EINTR || error == ECONNABORTED;
    if (none) return Error{ErrorCode::kTimedOut, "no connection waits"};
    return io_error("accept a connection", error);
  }
  if (!send_at_once(socket)) return io_error("set TCP_NODELAY", errno);
  return socket;
}

Result<Address> local_address(const Socket& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket.fd(), address, &size) != 0) return io_error("read a socket's address", errno);
  return Address(address, size);
}

}  // namespace ductus::net
