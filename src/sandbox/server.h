// Server: the sandbox's one listener and its clients, in one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/catalog.h"
#include "sandbox/connection.h"

namespace ductus::sandbox {

/// Further clients are hung up on at once.
inline constexpr std::size_t kMaxConnections = 512;

class Server {
 public:
  /// Listens on 127.0.0.1; port 0: a free one. `catalog` and `clock` must outlive the server. Error: kIo.
  static Result<std::unique_ptr<Server>> listen(std::uint16_t port, const Catalog& catalog, const base::Clock& clock);

  std::uint16_t port() const noexcept { return port_; }
  std::size_t connections() const noexcept { return connections_.size(); }
  /// The descriptor ends serve(): once it is readable, that returns false. Error: kIo.
  Result<void> stop_when_readable(int fd);

  /// Does what can be done now; where that is nothing, waits for it, at most `max_wait` (nullopt: for ever).
  /// A client's misdeeds end only its own connection. False: told to stop. Error: kIo (epoll itself failed).
  Result<bool> serve(std::optional<std::chrono::milliseconds> max_wait);

 private:
  Server(net::Socket listener, net::Socket epoll, std::uint16_t port, const Catalog& catalog, const base::Clock& clock);
  Result<void> watch(int fd, std::uint32_t events);
  int wait_ms(std::optional<std::chrono::milliseconds> max_wait) const;
  void accept_waiting();
  void go_on(int fd, base::Time now);
  void wake_due(base::Time now);

  net::Socket listener_;
  net::Socket epoll_;
  const std::uint16_t port_;
  const Catalog& catalog_;
  const base::Clock& clock_;
  int stop_fd_ = -1;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace ductus::sandbox
