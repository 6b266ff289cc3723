// What both drains do with a socket. A failure ends the program.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace drain {

[[noreturn]] inline void fail(const char* what) {
  std::fprintf(stderr, "bench_drain: %s\n", what);
  std::exit(1);
}

template <class T>
T big_endian(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>((value << 8) | at[i]);
  return value;
}

/// A request that is sent again and again, with another offset each time.
class Request {
 public:
  void put(std::uint64_t value, std::size_t size) {
    bytes_.resize(bytes_.size() + size);
    set(bytes_.size() - size, value, size);
  }
  void put(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void put_offset() {
    offset_at_ = bytes_.size();
    put(0, 8);
  }
  /// After all is put: fills in the length at the start.
  void close() { set(0, bytes_.size() - 4, 4); }

  void send(int fd, std::int64_t offset) {
    set(offset_at_, static_cast<std::uint64_t>(offset), 8);
    if (::send(fd, bytes_.data(), bytes_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes_.size())) fail("send");
  }

 private:
  void set(std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_[at + i] = static_cast<std::uint8_t>(value >> (8 * (size - 1 - i)));
  }

  std::vector<std::uint8_t> bytes_;
  std::size_t offset_at_ = 0;
};

inline int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return fd;
}

inline void receive(int fd, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = ::recv(fd, to, size, MSG_WAITALL);
    if (got <= 0) fail("the broker hung up");
    to += got;
    size -= static_cast<std::size_t>(got);
  }
}

/// The next answer into `answer`, which only grows; its size.
inline std::size_t receive_answer(int fd, std::vector<std::uint8_t>& answer) {
  constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;
  std::uint8_t length[4];
  receive(fd, length, sizeof length);
  const std::size_t size = big_endian<std::uint32_t>(length);
  if (size > kMaxAnswerBytes) fail("an answer that is too large");
  if (answer.size() < size) answer.resize(size);
  receive(fd, answer.data(), size);
  return size;
}

}  // namespace drain
