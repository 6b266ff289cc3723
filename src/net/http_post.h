// http_post(): one HTTP/1.1 POST to a server, and the status that it answers with.
//
// Thread: any. Blocking: at most until the deadline.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "ductus/result.h"
#include "net/stream.h"

namespace ductus::net {

/// Of an http:// or https:// address; IPv6 in brackets.
struct Url {
  bool tls = false;
  std::string host;
  std::uint16_t port = 0;
  std::string path;  ///< with the query; "/" where none is given

  /// "https://host:8443/path", escaped; without the query, which may hold a key.
  std::string to_text() const;
};

constexpr std::size_t kMaxUrlBytes = 2048;
/// Of an answer: its status and header fields, interim answers included.
constexpr std::size_t kMaxAnswerHeadBytes = 16 << 10;

/// Errors: kInvalid (another scheme, user:password@, a fragment, what may not stand in an address), kLimit.
Result<Url> parse_url(std::string_view text);

struct HttpPost {
  Url url;
  std::filesystem::path
      ca_file;  ///< https: who may have signed the server's certificate; empty: whom the system trusts
  std::string content_type;
  /// Basic authentication as "user:password"; empty: none. Never part of an error.
  std::string credentials;
  std::string body;
};

struct HttpStatus {
  int code = 0;
  std::string reason;  ///< the server's words, escaped
};

/// The body of the answer is not read, and no redirection is followed: 3xx is an answer like any other.
/// Errors: of Stream; kCorrupt (no HTTP is spoken there), kLimit (a head without end).
Result<HttpStatus> http_post(const HttpPost& post, Stream::Deadline deadline);

}  // namespace ductus::net
