// SourceSockets: the connections of one BatchSource, moved by whoever calls settle() and run_once() in turn.
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
#include <type_traits>
#include <utility>
#include <variant>

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

  /// Does what the source asks for in `effects`, and gives what it tells to `listener.on()`, until no more comes of it.
  template <class Listener>
  void settle(ports::SourceEffects& effects, Listener& listener);
  /// A source goes round all the places it knows. It has come back to one that could not be reached, and waits for
  /// nobody else: there is nobody to wait for.
  bool is_hopeless() const noexcept { return hopeless_; }
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

  void open(const ports::OpenConnection& wanted, ports::SourceEffects& out);
  void close(ports::ConnectionId id, ports::SourceEffects& out);
  void send(ports::Send request, ports::SourceEffects& out);
  bool waits() const;
  Result<void> connect_next(Connection& connection);
  Result<void> on_ready(ports::ConnectionId id, Connection& connection, short events, ports::SourceEffects& out);
  Result<void> finish_connect(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out);
  Result<void> receive(ports::ConnectionId id, Connection& connection, ports::SourceEffects& out);
  void lose(ports::ConnectionId id, const Error& why, ports::SourceEffects& out);

  ports::BatchSource& source_;
  const base::Clock& clock_;
  base::Time deadline_;
  std::map<ports::ConnectionId, Connection> connections_;
  std::set<Place> failed_;  ///< could not be reached
  bool hopeless_ = false;
};

template <class Listener>
void SourceSockets::settle(ports::SourceEffects& effects, Listener& listener) {
  do {
    // Effects make further effects, at the end of the list.
    for (std::size_t i = 0; i < effects.size(); ++i) {
      ports::SourceEffect effect = std::move(effects[i]);
      std::visit(
          [&](auto& one) {
            using Effect = std::decay_t<decltype(one)>;
            if constexpr (std::is_same_v<Effect, ports::OpenConnection>) {
              open(one, effects);
            } else if constexpr (std::is_same_v<Effect, ports::CloseConnection>) {
              close(one.connection, effects);
            } else if constexpr (std::is_same_v<Effect, ports::Send>) {
              send(std::move(one), effects);
            } else {
              listener.on(one);
            }
          },
          effect);
    }
    effects.clear();
    source_.flush(clock_.now(), effects);
  } while (!effects.empty());
}

}  // namespace ductus::operate
