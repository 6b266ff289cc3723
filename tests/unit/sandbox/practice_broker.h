// A sandbox server and clients of it in one thread: nothing moves but what a test moves, time included.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "kafka/wire.h"
#include "net/socket.h"
#include "sandbox/catalog.h"
#include "sandbox/server.h"

namespace ductus::sandbox {

using Bytes = std::vector<std::uint8_t>;

inline constexpr std::int64_t kStartMs = 1'700'000'000'000;

/// A request behind its length: header, then whatever the test writes.
inline kafka::Writer request(std::int16_t api, std::int16_t version, bool flexible, std::int32_t correlation_id = 7) {
  kafka::Writer out;
  out.i16(api);
  out.i16(version);
  out.i32(correlation_id);
  out.string("test", false);
  out.no_tags(flexible);
  return out;
}

class Client {
 public:
  explicit Client(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_.fd(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }

  void send_raw(base::ByteView bytes) {
    ASSERT_EQ(::send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  void send(const kafka::Writer& request) {
    kafka::Writer framed;
    framed.i32(static_cast<std::int32_t>(request.size()));
    framed.raw(request.bytes());
    send_raw(framed.bytes());
  }
  void send_no_more() { ASSERT_EQ(::shutdown(socket_.fd(), SHUT_WR), 0); }
  void hang_up() { socket_.close(); }

  /// An answer behind its length, once it is there whole.
  std::optional<Bytes> answer() {
    receive();
    kafka::Reader reader(received_);
    const std::uint32_t size = reader.u32();
    const base::ByteView body = reader.raw(size);
    if (!reader.ok()) return std::nullopt;
    Bytes answer(body.begin(), body.end());
    received_.erase(received_.begin(), received_.begin() + 4 + static_cast<std::ptrdiff_t>(size));
    return answer;
  }
  /// What has come and was not taken as an answer.
  const Bytes& received() const noexcept { return received_; }
  void forget_received() { received_.clear(); }
  bool was_hung_up_on() {
    receive();
    return hung_up_on_;
  }

 private:
  void receive() {
    std::array<std::uint8_t, 65536> some{};
    for (;;) {
      const ssize_t size = ::recv(socket_.fd(), some.data(), some.size(), MSG_DONTWAIT);
      if (size == 0 || (size < 0 && errno == ECONNRESET)) hung_up_on_ = true;
      if (size <= 0) return;
      received_.insert(received_.end(), some.begin(), some.begin() + size);
    }
  }

  net::Socket socket_;
  Bytes received_;
  bool hung_up_on_ = false;
};

class PracticeBroker : public testing::Test {
 protected:
  void serve_events(std::string_view words) {
    const Result<void> added = catalog.add_events(words, {clock.now(), kStartMs});
    ASSERT_TRUE(added) << added.error().message;
  }
  void serve_prebuilt(std::string_view words) {
    const Result<void> added = catalog.add_prebuilt(words);
    ASSERT_TRUE(added) << added.error().message;
  }

  Client connect(std::int32_t node_id = 1) {
    if (!server) server = *Server::listen(std::move(options), catalog, clock);
    return Client(server->ports().at(static_cast<std::size_t>(node_id - 1)));
  }

  /// Lets the server do all that it can do now.
  void settle() {
    for (int turn = 0; turn < 20; ++turn) ASSERT_TRUE(*server->serve(std::chrono::milliseconds(0)));
  }

  Bytes ask(Client& client, const kafka::Writer& request) {
    client.send(request);
    return await_answer(client);
  }
  Bytes await_answer(Client& client) {
    for (int turn = 0; turn < kPatientTurns; ++turn) {
      EXPECT_TRUE(*server->serve(std::chrono::milliseconds(1)));
      if (auto answer = client.answer()) return *std::move(answer);
    }
    ADD_FAILURE() << "no answer";
    return {};
  }
  bool is_hung_up_on(Client& client) {
    for (int turn = 0; turn < kPatientTurns; ++turn) {
      EXPECT_TRUE(*server->serve(std::chrono::milliseconds(1)));
      if (client.was_hung_up_on()) return true;
    }
    return false;
  }
  bool still_answers(Client& client) { return !ask(client, request(18, 0, false)).empty(); }

  base::ManualClock clock;
  Catalog catalog;
  Server::Options options;  ///< of the server that the first connect() starts
  std::unique_ptr<Server> server;

 private:
  static constexpr int kPatientTurns = 5000;
};

}  // namespace ductus::sandbox
