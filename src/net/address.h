// Address: a place to connect to by TCP, and finding the addresses of a name.
//
// Thread: any.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "ductus/result.h"

namespace ductus::net {

/// An IPv4 or IPv6 address with its port.
class Address {
 public:
  Address() = default;
  /// Copies `size` bytes of a socket address, at most sizeof(sockaddr_storage).
  Address(const sockaddr* address, socklen_t size);

  const sockaddr* data() const noexcept { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const noexcept { return size_; }
  int family() const noexcept { return storage_.ss_family; }
  std::uint16_t port() const noexcept;
  /// "127.0.0.1:9092", "[::1]:9092".
  std::string to_text() const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// The addresses of a name, or of a number in text, in the order that the system gives them; never empty.
/// Blocking: at most `timeout` (a number: not at all). The system's resolver cannot be interrupted: after a
/// time-out its thread goes on until the resolver itself gives up, and its answer is dropped.
/// Errors: kNotFound (no such name), kUnreachable (no name server answered), kTimedOut, kInvalid (no name at all).
Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port,
                                     std::chrono::milliseconds timeout = std::chrono::seconds(10));

/// The same addresses in the same order, begun with one that depends on the number of the attempt: one that never
/// answers, and so uses up all the time that there is, is not the first one for ever.
std::vector<Address> in_turn(std::vector<Address> addresses, std::uint64_t attempt);

}  // namespace ductus::net
