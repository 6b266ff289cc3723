// Server: the listeners of the sandbox, one for each of its brokers, and their clients, in one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/answering.h"
#include "sandbox/catalog.h"
#include "sandbox/connection.h"
#include "sandbox/faults/faults.h"
#include "sandbox/leaders.h"

namespace ductus::sandbox {

/// Further clients are hung up on at once.
inline constexpr std::size_t kMaxConnections = 512;

inline constexpr std::int32_t kMaxListeners = 64;

class Server {
 public:
  struct Options {
    std::uint16_t port = 0;      ///< of the first listener, the others follow it; 0: free ones
    std::int32_t listeners = 1;  ///< brokers, at most kMaxListeners
    std::vector<FaultRule> faults;
  };
  /// Listens on 127.0.0.1. `catalog` and `clock` must outlive the server. Error: kIo.
  static Result<std::unique_ptr<Server>> listen(Options options, const Catalog& catalog, const base::Clock& clock);

  /// Of the brokers 1, 2, …
  const std::vector<std::uint16_t>& ports() const noexcept { return brokers_.ports; }
  std::size_t connections() const noexcept { return connections_.size(); }
  /// The descriptor ends serve(): once it is readable, that returns false. Error: kIo.
  Result<void> stop_when_readable(int fd);

  /// Does what can be done now; where that is nothing, waits for it, at most `max_wait` (nullopt: for ever).
  /// A client's misdeeds end only its own connection. False: told to stop. Error: kIo (epoll itself failed).
  Result<bool> serve(std::optional<std::chrono::milliseconds> max_wait);

 private:
  Server(Options options, net::Socket epoll, const Catalog& catalog, const base::Clock& clock);
  Result<void> open_listener(std::uint16_t port);
  Result<void> watch(int fd, std::uint32_t events);
  int wait_ms(std::optional<std::chrono::milliseconds> max_wait) const;
  void accept_waiting(std::int32_t node_id, base::Time now);
  void go_on(int fd, base::Time now);
  /// Hangs up on the clients of brokers that the script has taken down.
  void drop_clients_of_downed(base::Time now);
  void wake_due(base::Time now);

  Leaders leaders_;
  Faults faults_;
  Brokers brokers_;
  std::vector<net::Socket> listeners_;
  net::Socket epoll_;
  const base::Clock& clock_;
  int stop_fd_ = -1;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace ductus::sandbox
