#include "net/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <system_error>
#include <utility>

#include "base/escape.h"
#include "net/address.h"
#include "net/tls_context.h"
#include "net/unix_socket.h"

namespace ductus::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What is left of the time, rounded up: a wait must not end before its deadline and spin.
milliseconds left_until(Stream::Deadline deadline) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  return std::clamp(left, milliseconds(0), milliseconds(std::numeric_limits<int>::max()));
}

// kTimedOut: nothing happened. The caller says with whom.
Result<void> wait_on(const Socket& socket, short events, Stream::Deadline deadline) {
  for (;;) {
    const auto left = left_until(deadline);
    // Asked first: a peer that is always ready, but never done, is cut off as well.
    if (left == left.zero()) return Error{ErrorCode::kTimedOut, "no answer in time"};
    pollfd watched{socket.fd(), events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
    if (ready > 0) return {};
    if (ready < 0 && errno != EINTR) {
      return Error{ErrorCode::kIo, "cannot wait for a socket: " + std::generic_category().message(errno)};
    }
  }
}

Result<Socket> connect_tcp(const Address& to, Stream::Deadline deadline) {
  auto socket = start_connect(to);
  if (!socket) return socket;
  if (auto writable = wait_on(*socket, POLLOUT, deadline); !writable) return std::move(writable).error();
  if (auto connected = connect_result(*socket); !connected) return std::move(connected).error();
  return socket;
}

// An address that never answers leaves time for those after it.
Result<Socket> connect_tcp(const StreamTarget& to, Stream::Deadline deadline) {
  const auto addresses = resolve(to.host, to.port, left_until(deadline));
  if (!addresses) return addresses.error();
  Result<Socket> socket = Error{ErrorCode::kUnreachable, ""};
  for (std::size_t i = 0; i < addresses->size(); ++i) {
    const auto share = (deadline - steady_clock::now()) / static_cast<int>(addresses->size() - i);
    socket = connect_tcp((*addresses)[i], steady_clock::now() + share);
    if (socket) break;
  }
  return socket;
}

Result<Socket> connect_socket(const StreamTarget& to, Stream::Deadline deadline) {
  if (to.unix_path.empty()) return connect_tcp(to, deadline);
  return connect_unix(to.unix_path, left_until(deadline));
}

}  // namespace

std::string StreamTarget::to_text() const {
  if (!unix_path.empty()) return base::escaped(unix_path.string());
  const std::string name = base::escaped(host, 255);
  return (host.find(':') == host.npos ? name : "[" + name + "]") + ":" + std::to_string(port);
}

struct Stream::Tls {
  SslPointer ssl;
  bool broken = false;  // after a fatal error nothing more may be asked of it
};

Stream::Stream(Socket socket, std::string name) : socket_(std::move(socket)), name_(std::move(name)) {}
Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    socket_ = std::move(other.socket_);
    name_ = std::move(other.name_);
    tls_ = std::move(other.tls_);
  }
  return *this;
}
Stream::~Stream() { close(); }

void Stream::close() noexcept {
  if (tls_ != nullptr && !tls_->broken) {
    ::SSL_shutdown(tls_->ssl.get());
    ::ERR_clear_error();
  }
  tls_.reset();
  socket_.close();
}

Result<Stream> Stream::connect(const StreamTarget& to, Deadline deadline) {
  auto socket = connect_socket(to, deadline);
  if (!socket) {
    Error error = std::move(socket).error();
    // Whoever asks for a server cares that it is away, not whether its socket has a file.
    if (error.code == ErrorCode::kNotFound && !to.unix_path.empty()) error.code = ErrorCode::kUnreachable;
    error.message = to.to_text() + ": " + error.message;
    return error;
  }
  Stream stream(*std::move(socket), to.to_text());
  if (to.tls) {
    if (auto shaken = stream.shake_hands(to, deadline); !shaken) return std::move(shaken).error();
  }
  return stream;
}

Error Stream::lost(const char* what, int error) const {
  return {ErrorCode::kUnreachable, name_ + ": lost the connection " + what + ": " +
                                       (error == 0 ? "the peer hung up" : std::generic_category().message(error))};
}

Result<void> Stream::wait_for(short events, Deadline deadline) const {
  auto ready = wait_on(socket_, events, deadline);
  if (ready) return ready;
  return Error{ready.error().code, name_ + ": " + ready.error().message};
}

Result<void> Stream::shake_hands(const StreamTarget& to, Deadline deadline) {
  auto ssl = make_tls_client(*to.tls, to.host, socket_.fd());
  if (!ssl) return Error{ssl.error().code, name_ + ": " + ssl.error().message};
  tls_ = std::make_unique<Tls>(Tls{*std::move(ssl), false});
  for (;;) {
    ::ERR_clear_error();
    const int answer = ::SSL_connect(tls_->ssl.get());
    if (answer == 1) return {};
    if (auto waited = after_tls(answer, "in the TLS handshake", deadline); !waited) return waited;
  }
}

Result<void> Stream::after_tls(int answer, const char* what, Deadline deadline) {
  const int system_error = errno;
  const int outcome = ::SSL_get_error(tls_->ssl.get(), answer);
  if (outcome == SSL_ERROR_WANT_READ) return wait_for(POLLIN, deadline);
  if (outcome == SSL_ERROR_WANT_WRITE) return wait_for(POLLOUT, deadline);
  tls_->broken = true;
  if (outcome == SSL_ERROR_ZERO_RETURN) return lost(what, 0);
  if (outcome == SSL_ERROR_SYSCALL && ::ERR_peek_error() == 0) return lost(what, answer == 0 ? 0 : system_error);
  const int reason = ERR_GET_REASON(::ERR_peek_error());
  if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    ::ERR_clear_error();
    return lost(what, 0);
  }
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return Error{ErrorCode::kRefused, name_ + ": its certificate is not accepted: " + tls_reason(tls_->ssl.get())};
  }
  // The server's alerts, as numbers above 1000: those about a certificate are about ours.
  const bool ours = reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
                    reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA || reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED ||
                    reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN;
  if (ours) {
    return Error{ErrorCode::kRefused, name_ + ": it does not accept our client certificate: " + tls_reason(nullptr)};
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER) {
    ::ERR_clear_error();
    return Error{ErrorCode::kCorrupt, name_ + ": no TLS is spoken there"};
  }
  return Error{ErrorCode::kCorrupt, name_ + ": TLS failed " + what + ": " + tls_reason(nullptr)};
}

Result<void> Stream::write_all(std::string_view bytes, Deadline deadline) {
  if (!socket_.is_open()) return lost("before writing", 0);
  while (!bytes.empty()) {
    if (tls_ != nullptr) {
      ::ERR_clear_error();
      const auto size = std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max());
      const int sent = ::SSL_write(tls_->ssl.get(), bytes.data(), static_cast<int>(size));
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
        continue;
      }
      if (auto waited = after_tls(sent, "while writing", deadline); !waited) return waited;
      continue;
    }
    const auto sent = ::send(socket_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
      continue;
    }
    if (errno != EAGAIN && errno != EINTR) return lost("while writing", errno);
    if (auto waited = wait_for(POLLOUT, deadline); !waited) return waited;
  }
  return {};
}

Result<std::size_t> Stream::read_some(std::span<char> to, Deadline deadline) {
  if (!socket_.is_open()) return lost("before reading", 0);
  for (;;) {
    if (tls_ != nullptr) {
      ::ERR_clear_error();
      const auto size = std::min<std::size_t>(to.size(), std::numeric_limits<int>::max());
      const int got = ::SSL_read(tls_->ssl.get(), to.data(), static_cast<int>(size));
      if (got > 0) return static_cast<std::size_t>(got);
      if (::SSL_get_error(tls_->ssl.get(), got) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
      if (auto waited = after_tls(got, "while reading", deadline); !waited) return std::move(waited).error();
      continue;
    }
    const auto got = ::recv(socket_.fd(), to.data(), to.size(), MSG_DONTWAIT);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EAGAIN && errno != EINTR) return lost("while reading", errno);
    if (auto waited = wait_for(POLLIN, deadline); !waited) return std::move(waited).error();
  }
}

}  // namespace ductus::net
