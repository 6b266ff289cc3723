// What every TLS connection of ours is set to: TLS 1.2 or newer, the server verified, bytes over a socket of ours.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "ductus/result.h"
#include "net/stream.h"

namespace ductus::net {

struct FreeSsl {
  void operator()(SSL* ssl) const noexcept { ::SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, FreeSsl>;

/// A client's side of TLS over the non-blocking socket `fd`, which outlives it; `host` is verified, and sent as SNI
/// where it is a name. Errors: kInvalid (a file cannot be read or does not fit), kIo.
Result<SslPointer> make_tls_client(const TlsSettings& settings, const std::string& host, int fd);

/// Takes what OpenSSL has queued on this thread, and says it in words. `ssl`: where a verification may have failed.
std::string tls_reason(const SSL* ssl);

}  // namespace ductus::net
