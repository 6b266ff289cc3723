// Connection: one client: its requests in, one after the other, and the answers out.
//
// As with a real broker a connection is deaf while an answer is being sent or a Fetch waits for messages. What the
// script of faults wants of an answer happens here. Blocking: never. Thread: one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "net/socket.h"
#include "sandbox/conversation.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

class Connection {
 public:
  /// `node_id`: the broker that the client has connected to.
  Connection(net::Socket socket, std::unique_ptr<Conversation> conversation, std::int32_t node_id)
      : socket_(std::move(socket)), conversation_(std::move(conversation)), node_id_(node_id) {}

  std::int32_t node_id() const noexcept { return node_id_; }
  /// Nothing is read or answered from now on.
  void fall_silent() noexcept { silent_ = true; }
  /// Goes as far as the socket lets it. To be called when the socket may have become readable or writable, and
  /// when wake_at() has come. Errors end the connection: kUnreachable (the client hung up, or the script does), or a
  /// bad request.
  Result<void> go_on(base::Time now);
  /// When an answer that waits or is held back is to be looked at again; nullopt: there is none.
  std::optional<base::Time> wake_at() const;
  /// A part of an answer has not left yet.
  bool is_sending() const { return !silent_ && !answer_.unsent().empty(); }

 private:
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
  void set_answer(Answer answer, base::Time now);

  net::Socket socket_;
  std::unique_ptr<Conversation> conversation_;
  const std::int32_t node_id_;
  std::vector<std::uint8_t> received_;  // received_[taken_..) is not yet handled
  std::size_t taken_ = 0;
  Frame answer_;

  bool silent_ = false;
  bool ends_with_answer_ = false;
  base::Time held_until_ = base::Time::min();
  std::optional<Dribble> dribble_;
  std::size_t piece_left_ = 0;  // of it
};

}  // namespace ductus::sandbox
