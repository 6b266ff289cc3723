#include "net/tls_context.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <system_error>

#include "base/escape.h"

namespace ductus::net {
namespace {

// ---- a BIO over send() and recv(): OpenSSL's own one raises SIGPIPE ----------------------------------------

int fd_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(::BIO_get_data(bio))); }

int send_bytes(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_retry_flags(bio);
  const auto sent = ::send(fd_of(bio), bytes, static_cast<std::size_t>(size), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int receive_bytes(BIO* bio, char* to, int size) {
  ::BIO_clear_retry_flags(bio);
  const auto got = ::recv(fd_of(bio), to, static_cast<std::size_t>(size), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  if (got == 0) ::BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  return static_cast<int>(got);
}

long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return ::BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

const BIO_METHOD* socket_method() {
  // Made once and never freed: what uses it may end after every destructor.
  static const BIO_METHOD* const kMethod = [] {
    BIO_METHOD* const method = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ductus socket");
    if (method == nullptr) return method;
    ::BIO_meth_set_write(method, send_bytes);
    ::BIO_meth_set_read(method, receive_bytes);
    ::BIO_meth_set_ctrl(method, control);
    return method;
  }();
  return kMethod;
}

// ---- settings ----------------------------------------------------------------------------------------------

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { ::SSL_CTX_free(context); }
};
using ContextPointer = std::unique_ptr<SSL_CTX, FreeContext>;

Error cannot(const std::string& what) { return {ErrorCode::kIo, "cannot " + what + ": " + tls_reason(nullptr)}; }

Error bad_file(const char* what, const std::filesystem::path& file) {
  return {ErrorCode::kInvalid,
          std::string("cannot use ") + what + " " + base::escaped(file.string()) + ": " + tls_reason(nullptr)};
}

// A key with a passphrase must not ask for it on some terminal.
int no_passphrase(char* /*to*/, int /*size*/, int /*writing*/, void* /*data*/) { return 0; }

Result<void> load_files(SSL_CTX* context, const TlsSettings& settings) {
  if (settings.ca_file.empty()) {
    if (::SSL_CTX_set_default_verify_paths(context) != 1) return cannot("load the system's certificates");
  } else if (::SSL_CTX_load_verify_file(context, settings.ca_file.c_str()) != 1) {
    return bad_file("the CA file", settings.ca_file);
  }
  if (settings.cert_file.empty() != settings.key_file.empty()) {
    return Error{ErrorCode::kInvalid, "a client certificate needs both its file and that of its key"};
  }
  if (settings.cert_file.empty()) return {};
  ::SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (::SSL_CTX_use_certificate_chain_file(context, settings.cert_file.c_str()) != 1) {
    return bad_file("the client certificate", settings.cert_file);
  }
  if (::SSL_CTX_use_PrivateKey_file(context, settings.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return bad_file("the client key", settings.key_file);
  }
  return {};
}

// The certificate must be made out to `host`: by an address where it is a number, otherwise by name.
bool verify_host(SSL* ssl, const std::string& host) {
  ::SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  std::array<unsigned char, sizeof(in6_addr)> number{};
  const bool is_number =
      ::inet_pton(AF_INET, host.c_str(), number.data()) == 1 || ::inet_pton(AF_INET6, host.c_str(), number.data()) == 1;
  if (is_number) return ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(ssl), host.c_str()) == 1;
  return ::SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

}  // namespace

std::string tls_reason(const SSL* ssl) {
  // The first error is the cause, what follows are those who passed it on.
  const unsigned long first = ::ERR_get_error();
  ::ERR_clear_error();
  const long verified = ssl == nullptr ? X509_V_OK : ::SSL_get_verify_result(ssl);
  if (verified != X509_V_OK) return ::X509_verify_cert_error_string(verified);
  if (first == 0) return "no reason given";
  if (ERR_SYSTEM_ERROR(first)) return std::generic_category().message(ERR_GET_REASON(first));
  const char* const reason = ::ERR_reason_error_string(first);
  return reason != nullptr ? reason : "OpenSSL error " + std::to_string(first);
}

Result<SslPointer> make_tls_client(const TlsSettings& settings, const std::string& host, int fd) {
  ::ERR_clear_error();
  if (host.empty()) return Error{ErrorCode::kInvalid, "TLS needs the host name that the certificate is made out to"};
  const ContextPointer context(::SSL_CTX_new(::TLS_client_method()));
  if (context == nullptr) return cannot("set up TLS");
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1) return cannot("ask for TLS 1.2");
  ::SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  ::SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (auto loaded = load_files(context.get(), settings); !loaded) return std::move(loaded).error();

  SslPointer ssl(::SSL_new(context.get()));
  if (ssl == nullptr) return cannot("set up TLS");
  if (!verify_host(ssl.get(), host)) return cannot("have '" + base::escaped(host, 255) + "' verified");
  SSL_set_mode(ssl.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  const BIO_METHOD* const method = socket_method();
  BIO* const bio = method == nullptr ? nullptr : ::BIO_new(method);
  if (bio == nullptr) return cannot("set up TLS");
  ::BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(fd)));
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(ssl.get(), bio, bio);  // which takes it over
  return ssl;
}

}  // namespace ductus::net
