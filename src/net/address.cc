#include "net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace ductus::net {
namespace {

using Addresses = Result<std::vector<Address>>;

Error resolve_error(const std::string& host, int code, int system_error) {
  const bool no_such_name = code == EAI_NONAME || code == EAI_NODATA;
  const std::string why =
      code == EAI_SYSTEM ? std::generic_category().message(system_error) : std::string(::gai_strerror(code));
  return {no_such_name ? ErrorCode::kNotFound : ErrorCode::kUnreachable,
          "cannot find the address of '" + host + "': " + why};
}

Addresses look_up(const std::string& host, std::uint16_t port, int flags) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0) {
    return resolve_error(host, code, errno);
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  std::vector<Address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    addresses.emplace_back(at->ai_addr, at->ai_addrlen);
  }
  if (addresses.empty()) return resolve_error(host, EAI_NONAME, 0);
  return addresses;
}

// Shared with a thread that may outlive the question.
struct Question {
  std::mutex mutex;
  std::condition_variable answered;
  std::optional<Addresses> answer;
};

}  // namespace

Address::Address(const sockaddr* address, socklen_t size) : size_(std::min<socklen_t>(size, sizeof storage_)) {
  std::memcpy(&storage_, address, size_);
}

std::uint16_t Address::port() const noexcept {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string Address::to_text() const {
  std::array<char, NI_MAXHOST> host{};
  if (::getnameinfo(data(), size_, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0) return "?";
  const std::string number = host.data();
  return (family() == AF_INET6 ? "[" + number + "]" : number) + ":" + std::to_string(port());
}

Result<std::vector<Address>> resolve(const std::string& host, std::uint16_t port, std::chrono::milliseconds timeout) {
  if (host.empty() || host.find('\0') != std::string::npos) {
    return Error{ErrorCode::kInvalid, "a host name is empty or holds a zero byte"};
  }
  if (auto number = look_up(host, port, AI_NUMERICHOST)) return number;

  const auto question = std::make_shared<Question>();
  try {
    std::thread([question, host, port] {
      auto answer = look_up(host, port, 0);
      const std::lock_guard lock(question->mutex);
      question->answer = std::move(answer);
      question->answered.notify_all();
    }).detach();
  } catch (const std::system_error& error) {
    return Error{ErrorCode::kIo, std::string("cannot start a thread to find '") + host + "': " + error.what()};
  }
  std::unique_lock lock(question->mutex);
  if (!question->answered.wait_for(lock, timeout, [&] { return question->answer.has_value(); })) {
    return Error{ErrorCode::kTimedOut, "cannot find the address of '" + host + "': no name server answered in " +
                                           std::to_string(timeout.count()) + " ms"};
  }
  return *std::move(question->answer);
}

std::vector<Address> in_turn(std::vector<Address> addresses, std::uint64_t attempt) {
  // Scattered: who counts in steps meets them all too.
  constexpr std::uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;
  const auto first = static_cast<std::ptrdiff_t>((attempt * kGoldenRatio >> 32) % addresses.size());
  std::rotate(addresses.begin(), addresses.begin() + first, addresses.end());
  return addresses;
}

}  // namespace ductus::net
