// FrameStream: length-prefixed frames over a non-blocking socket, each body in one buffer.
//
//   frame = size:int32 (big-endian, of what follows) body
//
// Thread: one reader at a time and one writer at a time; they may be two threads. Blocking: no.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "ductus/result.h"
#include "net/socket.h"

namespace ductus::net {

class FrameStream {
 public:
  /// A frame whose body is larger than `max_frame_bytes` is refused before memory is taken for it.
  FrameStream(Socket socket, std::size_t max_frame_bytes)
      : socket_(std::move(socket)), max_frame_bytes_(max_frame_bytes) {}

  const Socket& socket() const noexcept { return socket_; }

  /// The body of the next whole frame; nullopt: not all of it has come yet.
  /// Errors: kUnreachable (the peer hung up), kCorrupt (a negative size, HTTP, TLS), kLimit (the cap).
  Result<std::optional<base::Buffer>> read();

  /// Sends `bytes`, or keeps what the socket does not take for flush(). Errors: kUnreachable.
  Result<void> write(std::vector<std::uint8_t> bytes);
  /// Sends what write() kept.
  Result<void> flush();
  /// Something waits for the socket to become writable.
  bool has_unsent() const noexcept { return unsent_at_ < unsent_.size(); }

 private:
  /// Bytes read into `to`; nullopt: none now.
  Result<std::optional<std::size_t>> receive(std::uint8_t* to, std::size_t size);
  /// The socket counts as readable once `missing_bytes` have come, or as many of them as are worth a wake-up.
  void wake_at(std::size_t missing_bytes);

  static constexpr std::size_t kWakeBytes = 160 << 10;

  Socket socket_;
  std::size_t max_frame_bytes_;
  std::uint8_t prefix_[4] = {};
  std::size_t prefix_got_ = 0;
  base::Buffer body_;
  std::size_t body_got_ = 0;
  int wake_bytes_ = 1;  ///< SO_RCVLOWAT as it is set
  std::vector<std::uint8_t> unsent_;
  std::size_t unsent_at_ = 0;
};

}  // namespace ductus::net
