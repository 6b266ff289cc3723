// Sockets: every connection of a node and the one epoll they share; also the timer, the wake-up and the signals.
//
// It moves bytes and decides nothing: what a source wants sent goes out, whole answers come back with their tags.
// A connection is armed for one event at a time (EPOLLONESHOT), so exactly one worker reads it.
// Thread: any, unless said otherwise. Blocking: only wait() and dial().
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "net/address.h"
#include "net/frame_stream.h"
#include "net/socket.h"
#include "ports/batch_source.h"

namespace ductus::node {

/// A whole answer, as read from a connection.
struct Frame {
  ports::RequestTag tag;
  base::Buffer body;
};

/// What wait() saw.
struct SocketEvent {
  enum class Kind : std::uint8_t { kNothing, kTimer, kSignal, kOpened, kReadable, kLost };
  Kind kind = Kind::kNothing;
  ports::ConnectionId connection = 0;
  int signal = 0;    ///< kSignal
  pid_t sender = 0;  ///< kSignal: the process; 0: the kernel, for a terminal
  Error error{};     ///< kLost
};

class Sockets {
 public:
  /// `signals`: read through a signalfd; the caller has blocked them in every thread.
  static Result<std::unique_ptr<Sockets>> open(std::size_t max_frame_bytes, const std::vector<int>& signals);
  ~Sockets();

  /// One event. One thread at a time. `timeout` < 0: until something comes.
  SocketEvent wait(std::chrono::milliseconds timeout);
  /// Makes wait() return kNothing.
  void wake();
  /// wait() returns kTimer at `at`; an earlier call is replaced.
  void set_timer(base::Time at, base::Time now);

  /// Finds the address and starts to connect; kOpened or kLost follow from wait(). Blocking: the name look-up.
  Result<void> dial(const ports::OpenConnection& to);
  void close(ports::ConnectionId connection);
  /// A connection that does not take it is reported as lost by wait().
  void send(ports::Send request);
  /// The next whole answer of a readable connection; nullopt: none yet. Only by the worker that got kReadable, until
  /// it calls rearm(). An answer that nobody asked for is kCorrupt.
  Result<std::optional<Frame>> read(ports::ConnectionId connection);
  /// The worker is done with the connection: the next event may go to another one.
  void rearm(ports::ConnectionId connection);

 private:
  struct Connection;

  Sockets(std::size_t max_frame_bytes, net::Socket epoll, net::Socket timer, net::Socket wake, net::Socket signals);
  std::shared_ptr<Connection> find(ports::ConnectionId id);
  Result<void> start_connect(Connection& connection);
  SocketEvent on_connection(const std::shared_ptr<Connection>& connection, std::uint32_t events);
  void arm(Connection& connection, int operation);

  std::size_t max_frame_bytes_;
  net::Socket epoll_;
  net::Socket timer_;
  net::Socket wake_;
  net::Socket signals_;
  std::mutex mutex_;  // guards connections_
  std::unordered_map<ports::ConnectionId, std::shared_ptr<Connection>> connections_;
};

}  // namespace ductus::node
