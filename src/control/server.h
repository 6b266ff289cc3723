// Server: answers HTTP on the node's unix socket, whatever else the node is doing.
//
// Its own thread runs an event loop. Only the user that the node runs as, and root, get an answer (else 403).
// Limits: see the constants; a request beyond them is answered 400 or 413, a client too many waits.
// A path that no route has is answered 404, another method than its routes have 405, which says what they have.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "control/request.h"
#include "ductus/result.h"

namespace ductus::control {

/// One thing that can be asked for.
struct Route {
  std::string method;  ///< GET or POST
  std::string path;    ///< segments as they are, or {name}: any one segment, given to `answer` decoded
  /// Called on the server's thread: must not block. An exception is answered 500.
  std::function<Response(const Request&)> answer;
};
/// No two of them match the same method and path.
using Routes = std::vector<Route>;

class Server {
 public:
  static constexpr std::size_t kMaxBodyBytes = 4 * 1024 * 1024;
  static constexpr std::size_t kMaxHeaderBytes = 16 * 1024;
  static constexpr std::size_t kMaxClients = 64;
  static constexpr std::chrono::milliseconds kIdleTimeout{10'000};

  /// Listens at `socket` (mode 0600) and answers from the return on. The socket's folder is made, with
  /// mode 0700, where it is missing.
  /// Errors: kRefused (another process listens there), kLimit, kIo.
  static Result<std::unique_ptr<Server>> start(const std::filesystem::path& socket, Routes routes,
                                               std::chrono::milliseconds idle_timeout = kIdleTimeout);

  /// As stop().
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Ends the thread, hangs up on all clients and removes the socket. A second call does nothing.
  /// Thread: any but the server's own. Blocking: while a route is being answered.
  void stop();

 private:
  struct Loop;
  explicit Server(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace ductus::control
