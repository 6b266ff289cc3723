// Connection: one client: its requests in, one after the other, and the answers out.
//
// As with a real broker a connection is deaf while an answer is being sent or a Fetch waits for messages.
// Blocking: never. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/catalog.h"
#include "sandbox/fetch.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// A longer request ends its connection.
inline constexpr std::size_t kMaxRequestBytes = 4 * 1024 * 1024;

class Connection {
 public:
  /// `catalog` must outlive it. `port` is where the broker says that it listens.
  Connection(net::Socket socket, const Catalog& catalog, std::uint16_t port)
      : socket_(std::move(socket)), catalog_(catalog), port_(port) {}

  /// Goes as far as the socket lets it. To be called when the socket may have become readable or writable, and
  /// when wake_at() has come. Errors end the connection: kUnreachable (the client hung up), or a bad request.
  Result<void> go_on(base::Time now);
  /// When a waiting Fetch is to be looked at again; nullopt: none waits.
  std::optional<base::Time> wake_at() const;

 private:
  struct Waiting {
    FetchRequest request;
    base::Time deadline;
    std::optional<base::Time> grows_at;
  };

  /// False: the socket takes no more for now.
  Result<bool> flush();
  /// False: nothing more is there for now.
  Result<bool> receive();
  /// Answers the first whole request in the buffer. False: there is none.
  Result<bool> take_request(base::Time now);
  Result<void> handle(base::ByteView request, base::Time now);
  /// False: it goes on waiting.
  bool try_fetch(base::Time now);

  net::Socket socket_;
  const Catalog& catalog_;
  const std::uint16_t port_;
  std::vector<std::uint8_t> received_;  // received_[taken_..) is not yet handled
  std::size_t taken_ = 0;
  Frame answer_;
  std::optional<Waiting> waiting_;
};

}  // namespace ductus::sandbox
