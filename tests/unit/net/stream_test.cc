#include "net/stream.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <thread>
#include <vector>

#include "net/unix_socket.h"
#include "support/servers/child_process.h"
#include "support/servers/tls_certificates.h"
#include "support/temporary_directory.h"

namespace ductus::net {
namespace {

using namespace std::chrono_literals;

Stream::Deadline in(std::chrono::milliseconds time) { return std::chrono::steady_clock::now() + time; }

Address loopback() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return {reinterpret_cast<const sockaddr*>(&address), sizeof address};
}

// Somebody who listens, and does by hand what the test wants.
class Listener {
 public:
  std::uint16_t port() const { return local_address(socket_)->port(); }
  Socket accept() const {
    pollfd watched{socket_.fd(), POLLIN, 0};
    ::poll(&watched, 1, 10'000);
    auto accepted = accept_from(socket_);
    return accepted ? *std::move(accepted) : Socket();
  }

 private:
  Socket socket_ = *listen_on(loopback());
};

StreamTarget plain(std::uint16_t port) { return {"127.0.0.1", port, {}, {}}; }

std::string read_all(Stream& stream) {
  std::string all;
  std::array<char, 1000> bytes{};
  for (;;) {
    const auto got = stream.read_some(bytes, in(10s));
    if (!got) return all + " then " + got.error().message;
    if (*got == 0) return all;
    all.append(bytes.data(), *got);
  }
}

TEST(Stream, CarriesBytesBothWays) {
  const Listener listener;
  auto stream = Stream::connect(plain(listener.port()), in(10s));
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  const Socket peer = listener.accept();
  ASSERT_TRUE(stream->write_all("ping", in(10s)).ok());
  std::array<char, 4> got{};
  pollfd watched{peer.fd(), POLLIN, 0};
  ASSERT_EQ(::poll(&watched, 1, 10'000), 1);
  ASSERT_EQ(::recv(peer.fd(), got.data(), got.size(), 0), 4);
  ASSERT_EQ(::send(peer.fd(), "pong", 4, 0), 4);
  ::shutdown(peer.fd(), SHUT_WR);
  EXPECT_EQ(read_all(*stream), "pong");
}

TEST(Stream, CarriesBytesOverAUnixSocket) {
  const test::TemporaryDirectory directory;
  const auto listener = listen_unix(directory / "s");
  auto stream = Stream::connect({"", 0, directory / "s", {}}, in(10s));
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  Socket peer(::accept(listener->fd(), nullptr, nullptr));
  ASSERT_EQ(::send(peer.fd(), "pong", 4, 0), 4);
  peer.close();
  EXPECT_EQ(read_all(*stream), "pong");
}

TEST(Stream, SaysThatNobodyListens) {
  std::uint16_t port = 0;
  {
    port = Listener().port();
  }
  const auto refused = Stream::connect(plain(port), in(10s));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnreachable);
  EXPECT_NE(refused.error().message.find("127.0.0.1:" + std::to_string(port)), std::string::npos);
  EXPECT_EQ(Stream::connect({"", 0, "/nowhere/at/all", {}}, in(10s)).error().code, ErrorCode::kUnreachable);
}

TEST(Stream, GivesUpOnAStalledPeerAtTheDeadline) {
  const Listener listener;
  auto stream = Stream::connect(plain(listener.port()), in(10s));
  ASSERT_TRUE(stream.ok());
  std::array<char, 10> bytes{};
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(stream->read_some(bytes, in(50ms)).error().code, ErrorCode::kTimedOut);
  // More than any socket buffer takes.
  EXPECT_EQ(stream->write_all(std::string(64 << 20, 'x'), in(50ms)).error().code, ErrorCode::kTimedOut);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST(Stream, SaysThatThePeerHungUp) {
  const Listener listener;
  auto stream = Stream::connect(plain(listener.port()), in(10s));
  ASSERT_TRUE(stream.ok());
  {
    const Socket peer = listener.accept();
    const linger at_once{1, 0};
    ::setsockopt(peer.fd(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  }
  std::array<char, 10> bytes{};
  EXPECT_EQ(stream->read_some(bytes, in(10s)).error().code, ErrorCode::kUnreachable);
  EXPECT_EQ(stream->write_all("x", in(10s)).error().code, ErrorCode::kUnreachable);
}

// ---- TLS, against OpenSSL's own server -----------------------------------------------------------------------

class TlsStream : public testing::Test {
 protected:
  static void SetUpTestSuite() { made = std::make_unique<Made>(); }
  static void TearDownTestSuite() { made.reset(); }

  struct Made {
    test::TlsCertificates certificates;
    test::TlsCertificates::Files ca = certificates.authority("ca");
    test::TlsCertificates::Files other_ca = certificates.authority("other");
    test::TlsCertificates::Files local = certificates.certificate("local", ca, "DNS:localhost,IP:127.0.0.1");
    test::TlsCertificates::Files elsewhere = certificates.certificate("elsewhere", ca, "DNS:elsewhere.example");
    test::TlsCertificates::Files expired = certificates.certificate("expired", ca, "IP:127.0.0.1", -1);
    test::TlsCertificates::Files client = certificates.certificate("client", ca, "DNS:client");
  };

  /// `openssl s_server` that sends back each line reversed, on a port of its own.
  void serve(const test::TlsCertificates::Files& files, std::vector<std::string> more = {"-rev"}) {
    std::vector<std::string> arguments{"openssl", "s_server", "-accept", "127.0.0.1:0",
                                       "-cert",   files.cert, "-key",    files.key};
    arguments.insert(arguments.end(), more.begin(), more.end());
    server_ = std::make_unique<test::ChildProcess>(arguments);
    const std::string at = server_->line_after("ACCEPT ");
    port_ = static_cast<std::uint16_t>(std::stoi(at.substr(at.rfind(':') + 1)));
  }
  StreamTarget target(const std::string& host = "127.0.0.1") const {
    return {host, port_, {}, TlsSettings{made->ca.cert, {}, {}}};
  }
  static std::string reversed(const StreamTarget& to, const std::string& line) {
    auto stream = Stream::connect(to, in(10s));
    if (!stream) return stream.error().message;
    if (auto sent = stream->write_all(line + "\n", in(10s)); !sent) return sent.error().message;
    std::string answer;
    std::array<char, 100> bytes{};
    while (answer.find('\n') == answer.npos) {
      const auto got = stream->read_some(bytes, in(10s));
      if (!got) return got.error().message;
      answer.append(bytes.data(), *got);
    }
    return answer;
  }
  static Error refusal(const StreamTarget& to) {
    const auto stream = Stream::connect(to, in(10s));
    if (!stream) return stream.error();
    ADD_FAILURE() << "it connected";
    return {ErrorCode::kInvalid, ""};
  }

  static inline std::unique_ptr<Made> made;
  std::unique_ptr<test::ChildProcess> server_;
  std::uint16_t port_ = 0;
};

TEST_F(TlsStream, CarriesBytesToANameAndToANumber) {
  serve(made->local);
  EXPECT_EQ(reversed(target("127.0.0.1"), "stream"), "maerts\n");
  EXPECT_EQ(reversed(target("localhost"), "stream"), "maerts\n");
}

TEST_F(TlsStream, SpeaksTls12AndNothingOlder) {
  serve(made->local, {"-rev", "-tls1_2"});
  EXPECT_EQ(reversed(target(), "stream"), "maerts\n");
  serve(made->local, {"-rev", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"});
  EXPECT_EQ(refusal(target()).code, ErrorCode::kCorrupt);
}

TEST_F(TlsStream, RefusesACertificateOfAnotherHost) {
  serve(made->elsewhere);
  Error error = refusal(target("127.0.0.1"));
  EXPECT_EQ(error.code, ErrorCode::kRefused);
  EXPECT_NE(error.message.find("certificate is not accepted: IP address mismatch"), error.message.npos)
      << error.message;
  error = refusal(target("localhost"));
  EXPECT_NE(error.message.find("hostname mismatch"), error.message.npos) << error.message;
}

TEST_F(TlsStream, RefusesAnUnknownAuthority) {
  serve(made->local);
  StreamTarget to = target();
  for (const auto& ca : {made->other_ca.cert, std::filesystem::path()}) {  // empty: whom the system trusts
    to.tls->ca_file = ca;
    const Error error = refusal(to);
    EXPECT_EQ(error.code, ErrorCode::kRefused);
    EXPECT_NE(error.message.find("unable to get local issuer certificate"), error.message.npos) << error.message;
  }
}

TEST_F(TlsStream, RefusesAnExpiredCertificate) {
  serve(made->expired);
  const Error error = refusal(target());
  EXPECT_EQ(error.code, ErrorCode::kRefused);
  EXPECT_NE(error.message.find("certificate has expired"), error.message.npos) << error.message;
}

TEST_F(TlsStream, ShowsAClientCertificateWhereOneIsWanted) {
  serve(made->local, {"-rev", "-Verify", "1", "-verify_return_error", "-CAfile", made->ca.cert});
  StreamTarget to = target();
  EXPECT_NE(reversed(to, "stream").find("client certificate"), std::string::npos) << reversed(to, "stream");
  to.tls->cert_file = made->client.cert;
  to.tls->key_file = made->client.key;
  EXPECT_EQ(reversed(to, "stream"), "maerts\n");
}

TEST_F(TlsStream, SaysWhichFileIsOfNoUse) {
  const test::TemporaryDirectory directory;
  const Listener listener;
  port_ = listener.port();
  StreamTarget to = target();
  to.tls->ca_file = directory.write("not.pem", "no certificate");
  EXPECT_EQ(refusal(to).code, ErrorCode::kInvalid);
  EXPECT_NE(refusal(to).message.find("not.pem"), std::string::npos);
  to = target();
  to.tls->cert_file = made->client.cert;
  EXPECT_NE(refusal(to).message.find("needs both"), std::string::npos);
  to.tls->key_file = made->local.key;
  EXPECT_NE(refusal(to).message.find("client key"), std::string::npos);
}

TEST_F(TlsStream, SaysThatNoTlsIsSpokenThere) {
  const Listener listener;
  port_ = listener.port();
  std::thread plain_server([&] {
    const Socket peer = listener.accept();
    ::send(peer.fd(), "-ERR unknown command\r\n", 22, MSG_NOSIGNAL);
    std::array<char, 2000> hello{};
    pollfd watched{peer.fd(), POLLIN, 0};
    ::poll(&watched, 1, 10'000);
    ::recv(peer.fd(), hello.data(), hello.size(), 0);  // unread bytes would make a reset of the end
  });
  const Error error = refusal(target());
  plain_server.join();
  EXPECT_EQ(error.code, ErrorCode::kCorrupt);
  EXPECT_NE(error.message.find("no TLS is spoken there"), error.message.npos) << error.message;
}

TEST_F(TlsStream, GivesUpOnAStalledHandshakeAndOnOneThatTrickles) {
  const Listener listener;
  port_ = listener.port();
  auto stalled = Stream::connect(target(), in(50ms));
  EXPECT_EQ(stalled.error().code, ErrorCode::kTimedOut);
  std::thread trickler([&] {
    listener.accept();  // the one above
    const Socket peer = listener.accept();
    // The head of a large handshake record, then its body byte by byte until the client has had enough.
    ::send(peer.fd(), "\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", 9, MSG_NOSIGNAL);
    while (::send(peer.fd(), "\x03", 1, MSG_NOSIGNAL) == 1) std::this_thread::yield();
  });
  const auto trickled = Stream::connect(target(), in(50ms));
  EXPECT_FALSE(trickled.ok());
  trickler.join();
}

TEST_F(TlsStream, TellsACutFromAnEnd) {
  serve(made->local);
  auto stream = Stream::connect(target(), in(10s));
  ASSERT_TRUE(stream.ok()) << stream.error().message;
  ::kill(server_->pid(), SIGKILL);
  std::array<char, 10> bytes{};
  const auto cut = stream->read_some(bytes, in(10s));
  ASSERT_FALSE(cut.ok());
  EXPECT_EQ(cut.error().code, ErrorCode::kUnreachable);
}

}  // namespace
}  // namespace ductus::net
