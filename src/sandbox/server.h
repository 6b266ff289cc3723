// Server: the listeners of the sandbox, one for each of its brokers, and their clients, in one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/catalog.h"
#include "sandbox/connection.h"
#include "sandbox/faults/faults.h"
#include "sandbox/leaders.h"

namespace ductus::sandbox {

namespace legacy {
class Broker;
}

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
  /// The same for the old line; as many brokers as listeners.
  static Result<std::unique_ptr<Server>> listen(Options options, std::span<legacy::Broker> brokers,
                                                const base::Clock& clock);

  /// Of the brokers 1, 2, …
  const std::vector<std::uint16_t>& ports() const noexcept { return ports_; }
  std::size_t connections() const noexcept { return connections_.size(); }
  /// The descriptor ends serve(): once it is readable, that returns false. Error: kIo.
  Result<void> stop_when_readable(int fd);

  /// Does what can be done now; where that is nothing, waits for it, at most `max_wait` (nullopt: for ever).
  /// A client's misdeeds end only its own connection. False: told to stop. Error: kIo (epoll itself failed).
  Result<bool> serve(std::optional<std::chrono::milliseconds> max_wait);

 private:
  Server(Options options, net::Socket epoll, const base::Clock& clock);
  static Result<std::unique_ptr<Server>> listen(Options options, const base::Clock& clock);
  Result<void> open_listener(std::uint16_t port);
  Result<void> watch(int fd, std::uint32_t events);
  int wait_ms(std::optional<std::chrono::milliseconds> max_wait) const;
  void accept_waiting(std::int32_t node_id, base::Time now);
  void go_on(int fd, base::Time now);
  /// A client that sends no more is forgotten, once it has the answers to what it has sent.
  void drop_unless_sending(int fd);
  /// Hangs up on the clients of brokers that the script has taken down.
  void drop_clients_of_downed(base::Time now);
  void wake_due(base::Time now);

  Leaders leaders_;
  Faults faults_;
  std::function<std::unique_ptr<Conversation>(std::int32_t node_id)> converse_;
  std::vector<std::uint16_t> ports_;
  std::vector<net::Socket> listeners_;
  net::Socket epoll_;
  const base::Clock& clock_;
  int stop_fd_ = -1;
  std::map<int, std::unique_ptr<Connection>> connections_;
};

}  // namespace ductus::sandbox
