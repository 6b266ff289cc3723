#include "net/frame_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace ductus::net {

namespace {

Error broken(int error) {
  return {ErrorCode::kUnreachable, std::string("the connection broke: ") + std::strerror(error)};
}

// A size beyond all measure is text of another protocol as a rule: what its servers say to who does not speak it.
Error too_large(const std::uint8_t (&prefix)[4], std::int32_t size, std::size_t cap) {
  if (std::memcmp(prefix, "HTTP", sizeof prefix) == 0) {
    return {ErrorCode::kCorrupt, "the peer speaks HTTP, not Kafka's protocol: is this the right port?"};
  }
  const bool is_tls = (prefix[0] == 0x15 || prefix[0] == 0x16) && prefix[1] == 0x03;  // an alert or a handshake
  if (is_tls) return {ErrorCode::kCorrupt, "the peer speaks TLS: the plaintext listener has another port"};
  return {ErrorCode::kLimit, "a frame of " + std::to_string(size) + " bytes is over the cap of " + std::to_string(cap) +
                                 " (fetch.max_frame_bytes)"};
}

}  // namespace

Result<std::optional<std::size_t>> FrameStream::receive(std::uint8_t* to, std::size_t size) {
  for (;;) {
    const ssize_t got = ::recv(socket_.fd(), to, size, 0);
    if (got > 0) return std::optional(static_cast<std::size_t>(got));
    if (got == 0) return Error{ErrorCode::kUnreachable, "the peer closed the connection"};
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return std::optional<std::size_t>();
    return broken(errno);
  }
}

// Of a large body the kernel is asked to gather some first: a wake-up for every segment costs more than its bytes.
void FrameStream::wake_at(std::size_t missing_bytes) {
  const int bytes = static_cast<int>(std::clamp<std::size_t>(missing_bytes, 1, kWakeBytes));
  if (bytes == std::exchange(wake_bytes_, bytes)) return;
  ::setsockopt(socket_.fd(), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

Result<std::optional<base::Buffer>> FrameStream::read() {
  while (prefix_got_ < sizeof prefix_) {
    auto got = receive(prefix_ + prefix_got_, sizeof prefix_ - prefix_got_);
    if (!got) return std::move(got).error();
    if (!got->has_value()) return std::optional<base::Buffer>();
    prefix_got_ += **got;
    if (prefix_got_ < sizeof prefix_) continue;
    const auto size = static_cast<std::int32_t>(std::uint32_t{prefix_[0]} << 24 | std::uint32_t{prefix_[1]} << 16 |
                                                std::uint32_t{prefix_[2]} << 8 | std::uint32_t{prefix_[3]});
    if (size < 0) return Error{ErrorCode::kCorrupt, "a frame of " + std::to_string(size) + " bytes: not this protocol"};
    if (static_cast<std::size_t>(size) > max_frame_bytes_) return too_large(prefix_, size, max_frame_bytes_);
    body_ = base::Buffer(static_cast<std::size_t>(size));
    body_got_ = 0;
  }
  while (body_got_ < body_.size()) {
    auto got = receive(body_.data() + body_got_, body_.size() - body_got_);
    if (!got) return std::move(got).error();
    if (!got->has_value()) {
      wake_at(body_.size() - body_got_);
      return std::optional<base::Buffer>();
    }
    body_got_ += **got;
  }
  wake_at(1);
  prefix_got_ = 0;
  return std::optional(std::move(body_));
}

Result<void> FrameStream::write(std::vector<std::uint8_t> bytes) {
  if (has_unsent()) {
    unsent_.insert(unsent_.end(), bytes.begin(), bytes.end());
    return {};
  }
  unsent_ = std::move(bytes);
  unsent_at_ = 0;
  return flush();
}

Result<void> FrameStream::flush() {
  while (has_unsent()) {
    const ssize_t sent = ::send(socket_.fd(), unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL);
    if (sent >= 0) {
      unsent_at_ += static_cast<std::size_t>(sent);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return {};
    } else if (errno != EINTR) {
      return broken(errno);
    }
  }
  return {};
}

}  // namespace ductus::net
