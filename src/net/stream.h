// Stream: bytes to and from a server, over TCP, a unix socket or TLS, with a deadline on every call.
//
// TLS is 1.2 or newer; the server's chain and name are verified, always. Thread: one at a time.
// Blocking: each call at most until its deadline. Nothing raises SIGPIPE.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ductus/result.h"
#include "net/socket.h"

namespace ductus::net {

/// PEM files. The client's certificate and key are both given, or neither.
struct TlsSettings {
  std::filesystem::path ca_file;    ///< who may have signed the server's certificate; empty: whom the system trusts
  std::filesystem::path cert_file;  ///< the client's certificate, then its chain; empty: the client shows none
  std::filesystem::path key_file;   ///< the key of `cert_file`, without a passphrase
};

/// Where a stream leads.
struct StreamTarget {
  std::string host;                 ///< a name or a number; with TLS the certificate must be made out to it
  std::uint16_t port = 0;           ///< of `host`
  std::filesystem::path unix_path;  ///< not empty: the unix socket to connect to; then `host` only names the server
  std::optional<TlsSettings> tls;

  /// "redis.example:6379", "[::1]:6379", or the path; escaped.
  std::string to_text() const;
};

class Stream {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  /// Connects, to one address of the name after the other, and shakes hands. With TLS the server is verified here;
  /// whether it takes the client's certificate may first be seen by a read.
  /// Errors: kUnreachable, kTimedOut, kNotFound (no such name), kRefused (the server's certificate is not accepted, or
  /// the server wants another one from us), kCorrupt (no TLS is spoken there), kInvalid (a file of `tls`), kIo.
  static Result<Stream> connect(const StreamTarget& to, Deadline deadline);

  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;
  ~Stream();

  /// Sends all of `bytes`. After an error the stream is of no use: how much was sent is not known.
  /// Errors: kUnreachable (the peer hung up), kTimedOut, kCorrupt (TLS).
  Result<void> write_all(std::string_view bytes, Deadline deadline);

  /// Waits for bytes and reads what there is, at most to.size() and at least one. 0: the peer ended the stream
  /// properly. Errors: as write_all(); kUnreachable also where TLS is cut off without its end, kRefused (the server
  /// turns down the client's certificate).
  Result<std::size_t> read_some(std::span<char> to, Deadline deadline);

  /// Ends the stream; TLS is told without waiting. The destructor does the same.
  void close() noexcept;

 private:
  struct Tls;
  Stream(Socket socket, std::string name);
  Result<void> wait_for(short events, Deadline deadline) const;
  Result<void> shake_hands(const StreamTarget& to, Deadline deadline);
  /// What an answer of OpenSSL other than success means: waits where it wants to, otherwise the error.
  Result<void> after_tls(int answer, const char* what, Deadline deadline);
  Error lost(const char* what, int error) const;

  Socket socket_;
  std::string name_;  ///< of the peer, for errors
  std::unique_ptr<Tls> tls_;
};

}  // namespace ductus::net
