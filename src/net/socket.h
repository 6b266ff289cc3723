// Socket: a descriptor that is closed with its owner, and connecting it without waiting.
//
// Every socket made here is non-blocking and close-on-exec. Thread: one owner at a time.
#pragma once

#include <utility>

#include "ductus/result.h"
#include "net/address.h"

namespace ductus::net {

class Socket {
 public:
  Socket() = default;
  /// Takes over `fd`; negative: none.
  explicit Socket(int fd) noexcept : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(other.release()) {}
  Socket& operator=(Socket&& other) noexcept {
    if (this != &other) {
      close();
      fd_ = other.release();
    }
    return *this;
  }
  ~Socket() { close(); }

  /// -1 where there is none.
  int fd() const noexcept { return fd_; }
  bool is_open() const noexcept { return fd_ >= 0; }
  void close() noexcept;
  /// Gives the descriptor away: the caller closes it.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// Starts to connect by TCP, with TCP_NODELAY. Once the socket is writable, connect_result() tells how it went.
/// Blocking: no. Errors: kUnreachable, kIo (no descriptor left).
Result<Socket> start_connect(const Address& to);

/// The outcome of start_connect(), to be asked when the socket is writable. Errors: kUnreachable, kTimedOut.
Result<void> connect_result(const Socket& socket);

/// Listens by TCP, with SO_REUSEADDR. Port 0: a free one, which local_address() tells. Error: kIo.
Result<Socket> listen_on(const Address& at);

/// The next connection of a listener, with TCP_NODELAY. Error: kTimedOut (none waits), kIo.
Result<Socket> accept_from(const Socket& listener);

/// The address that a bound socket has. Error: kIo.
Result<Address> local_address(const Socket& socket);

}  // namespace ductus::net
