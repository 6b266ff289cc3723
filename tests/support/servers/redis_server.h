// RedisServer: a real redis-server for a test, on a free port and a unix socket; it dies with the test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/servers/child_process.h"
#include "support/servers/tls_certificates.h"
#include "support/temporary_directory.h"

namespace ductus::test {

class RedisServer {
 public:
  /// With `certificates` it speaks TLS on its port, and wants a client certificate of their authority.
  struct Tls {
    TlsCertificates::Files authority;
    TlsCertificates::Files server;
    TlsCertificates::Files client;
  };

  explicit RedisServer(std::vector<std::string> more = {}, std::optional<Tls> tls = std::nullopt)
      : more_(std::move(more)), tls_(std::move(tls)) {
    start();
  }

  /// Where it was, with what it saved.
  void start() {
    for (int tries = 0;; ++tries) {
      // Chosen once: who has connected before must find it again.
      if (port_ == 0) port_ = free_port();
      std::vector<std::string> arguments{"redis-server", "--dir",  directory_.path(), "--unixsocket",
                                         socket_path(),  "--bind", "127.0.0.1"};
      const std::string port = std::to_string(port_);
      const auto add = [&](std::vector<std::string> words) {
        arguments.insert(arguments.end(), words.begin(), words.end());
      };
      if (tls_) {
        add({"--port", "0", "--tls-port", port, "--tls-cert-file", tls_->server.cert, "--tls-key-file",
             tls_->server.key, "--tls-ca-cert-file", tls_->authority.cert});
      } else {
        add({"--port", port});
      }
      add(more_);
      try {
        process_ = std::make_unique<ChildProcess>(arguments);
        process_->line_after("Ready to accept connections");
        return;
      } catch (const std::runtime_error&) {
        if (tries == 3) throw;
        port_ = 0;  // somebody was faster
      }
    }
  }
  void kill() { process_.reset(); }
  void send(int signal) const { ::kill(process_->pid(), signal); }

  std::uint16_t port() const { return port_; }
  std::string socket_path() const { return directory_ / "socket"; }
  const std::optional<Tls>& tls() const { return tls_; }

  /// What `redis-cli` prints for a command, without the line end.
  std::string cli(const std::vector<std::string>& command) const {
    std::vector<std::string> arguments{"redis-cli", "-s", socket_path()};
    arguments.insert(arguments.end(), command.begin(), command.end());
    ChildProcess process(arguments);
    std::string printed = process.all();
    while (printed.ends_with('\n')) printed.pop_back();
    return printed;
  }

 private:
  static std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw std::runtime_error("no socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const bool bound = ::bind(socket, generic, size) == 0 && ::getsockname(socket, generic, &size) == 0;
    ::close(socket);
    if (!bound) throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
  }

  TemporaryDirectory directory_;
  std::vector<std::string> more_;
  std::optional<Tls> tls_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace ductus::test
