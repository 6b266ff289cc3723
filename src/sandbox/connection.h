// Connection: one client: its requests in, one after the other, and the answers out.
//
// As with a real broker a connection is deaf while an answer is being sent or a Fetch waits for messages. What the
// script of faults wants of an answer happens here. Blocking: never. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/answering.h"
#include "sandbox/fetch.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// A longer request ends its connection.
inline constexpr std::size_t kMaxRequestBytes = 4 * 1024 * 1024;

class Connection {
 public:
  /// `brokers` must outlive it. `node_id`: the broker that the client has connected to.
  Connection(net::Socket socket, const Brokers& brokers, std::int32_t node_id)
      : socket_(std::move(socket)), brokers_(brokers), node_id_(node_id) {}

  std::int32_t node_id() const noexcept { return node_id_; }
  /// Nothing is read or answered from now on.
  void fall_silent() noexcept { silent_ = true; }
  /// Goes as far as the socket lets it. To be called when the socket may have become readable or writable, and
  /// when wake_at() has come. Errors end the connection: kUnreachable (the client hung up, or the script does), or a
  /// bad request.
  Result<void> go_on(base::Time now);
  /// When a waiting Fetch or an answer that is held back is to be looked at again; nullopt: there is none.
  std::optional<base::Time> wake_at() const;

 private:
  struct Waiting {
    FetchRequest request;
    base::Time deadline;
    std::optional<base::Time> grows_at;
  };

  /// False: the socket takes no more for now, or it is not time yet.
  Result<bool> flush(base::Time now);
  /// How much of the answer may leave now; 0: nothing yet.
  std::size_t may_send(base::Time now);
  /// A piece of a dribbling answer has left in part, or wholly.
  void count_piece(std::size_t sent_bytes, base::Time now);
  /// False: nothing more is there for now.
  Result<bool> receive();
  /// Answers the first whole request in the buffer. False: there is none.
  Result<bool> take_request(base::Time now);
  Result<void> handle(base::ByteView request, base::Time now);
  /// False: it goes on waiting.
  bool try_fetch(base::Time now);
  void meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now);
  void set_answer(Frame answer, base::Time now);
  Answering answering(base::Time now) const { return {brokers_, node_id_, fate_, now}; }

  net::Socket socket_;
  const Brokers& brokers_;
  const std::int32_t node_id_;
  std::vector<std::uint8_t> received_;  // received_[taken_..) is not yet handled
  std::size_t taken_ = 0;
  Frame answer_;
  std::optional<Waiting> waiting_;

  Fate fate_;  // of the request at hand
  bool silent_ = false;
  bool ends_with_answer_ = false;
  base::Time held_until_ = base::Time::min();
  std::size_t piece_left_ = 0;  // of a dribble
};

}  // namespace ductus::sandbox
