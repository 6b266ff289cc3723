// SourceSockets: the connections of one BatchSource, moved by whoever calls run_once().
//
// Thread: one. A connection holds one answer at a time in memory, of at most kMaxAnswerBytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/clock.h"
#include "net/address.h"
#include "net/frame_stream.h"
#include "ports/batch_source.h"

namespace ductus::operate {

class SourceSockets {
 public:
  static constexpr std::size_t kMaxAnswerBytes = 16u << 20;

  /// Both outlive it. Names are resolved, and everything waits, until `deadline` at most.
  SourceSockets(ports::BatchSource& source, const base::Clock& clock, base::Time deadline)
      : source_(source), clock_(clock), deadline_(deadline) {}

  void open(const ports::OpenConnection& wanted, ports::SourceEffects& out);
  void close(ports::ConnectionId id, ports::SourceEffects& out);
  void send(ports::Send request, ports::SourceEffects& out);
  /// A connection to the same place could not be opened before.
  bool has_failed(const ports::OpenConnection& wanted) const { return failed_.contains({wanted.host, wanted.port}); }
  /// A connection is being opened, or owes an answer.
  bool waits() const;
  /// Waits until a socket is ready, the source's next tick or the deadline, and tells the source of it.
  void run_once(ports::SourceEffects& out);

 private:
  using Place = std::pair<std::string, std::uint16_t>;
  struct Connection {
    Place place;
    std::optional<net::FrameStream> stream;
    std::deque<net::Address> untried;
    bool opened = false;
    std::deque<ports::RequestTag> asked;
  };

  Result<void> connect_next(Connection& connection);
  Result<void> on_ready(ports::ConnectionId id, Connection& connection, short events, ports::SourceEffects& out);
  Result<void> finish_connect(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out);
  Result<void> receive(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out);
  void lose(ports::ConnectionId id, const Error& why, ports::SourceEffects& out);

  ports::BatchSource& source_;
  const base::Clock& clock_;
  base::Time deadline_;
  std::map<ports::ConnectionId, Connection> connections_;
  std::set<Place> failed_;
};

}  // namespace ductus::operate
