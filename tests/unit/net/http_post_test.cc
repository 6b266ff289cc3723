#include "net/http_post.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <thread>

#include "net/socket.h"

namespace ductus::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

/// A server for one request, over real TCP: it reads what comes, and answers as the test says.
class HttpPostTest : public ::testing::Test {
 protected:
  HttpPostTest() : listener_(*listen_on(resolve("127.0.0.1", 0)->front())) {}
  ~HttpPostTest() override {
    ::shutdown(listener_.fd(), SHUT_RDWR);
    if (server_.joinable()) server_.join();
  }

  /// `answer` is sent once the request is whole; then the server waits until the client hangs up, unless it `hangs_up`.
  void serve(std::string answer, bool hangs_up = false) {
    server_ = std::thread([this, answer = std::move(answer), hangs_up] {
      pollfd waits{listener_.fd(), POLLIN, 0};
      ::poll(&waits, 1, -1);
      auto peer = accept_from(listener_);
      if (!peer) return;
      while (!request_.ends_with(kBody) && receive(*peer, request_)) {
      }
      (void)::send(peer->fd(), answer.data(), answer.size(), MSG_NOSIGNAL);
      std::string ignored;
      while (!hangs_up && receive(*peer, ignored)) {
      }
    });
  }
  Result<HttpStatus> post(seconds within = seconds(30)) {
    const std::string at = "http://127.0.0.1:" + std::to_string(local_address(listener_)->port()) + "/v1/metrics?key=k";
    auto status = http_post({.url = *parse_url(at),
                             .ca_file = {},
                             .content_type = "application/json",
                             .credentials = credentials_,
                             .body = std::string(kBody)},
                            steady_clock::now() + within);
    if (server_.joinable()) server_.join();
    return status;
  }

  static constexpr std::string_view kBody = "{\"gauges\":[]}";
  Socket listener_;
  std::thread server_;
  std::string request_;
  std::string credentials_;

 private:
  static bool receive(const Socket& from, std::string& into) {
    pollfd readable{from.fd(), POLLIN, 0};
    ::poll(&readable, 1, -1);
    std::array<char, 4096> bytes;
    const ssize_t got = ::recv(from.fd(), bytes.data(), bytes.size(), 0);
    if (got > 0) into.append(bytes.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
};

TEST_F(HttpPostTest, SendsOneRequestAndTakesTheStatus) {
  credentials_ = "me@example.org:secret";
  serve("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
  const auto status = post();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->code, 202);
  EXPECT_EQ(status->reason, "Accepted");
  EXPECT_TRUE(request_.starts_with("POST /v1/metrics?key=k HTTP/1.1\r\nHost: 127.0.0.1:")) << request_;
  for (const char* field : {"Content-Type: application/json\r\n", "Content-Length: 13\r\n", "Connection: close\r\n",
                            "Authorization: Basic bWVAZXhhbXBsZS5vcmc6c2VjcmV0\r\n"}) {
    EXPECT_NE(request_.find(field), std::string::npos) << field;
  }
  EXPECT_TRUE(request_.ends_with("\r\n\r\n" + std::string(kBody)));
}

TEST_F(HttpPostTest, WithoutCredentialsNoneAreSent) {
  serve("HTTP/1.1 200\r\n\r\n");
  EXPECT_EQ(post()->code, 200);
  EXPECT_EQ(request_.find("Authorization"), std::string::npos);
}

TEST_F(HttpPostTest, AStatusOtherThanSuccessIsAnAnswerToo) {
  serve("HTTP/1.1 503 Gone \x1b[2J fishing\r\n\r\n");
  const auto status = post();
  ASSERT_TRUE(status.ok());
  EXPECT_EQ(status->code, 503);
  EXPECT_EQ(status->reason, "Gone \\x1b[2J fishing") << "harmless for a terminal";
}

TEST_F(HttpPostTest, InterimAnswersArePassedOver) {
  serve("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(post()->code, 204);
}

TEST_F(HttpPostTest, AnAnswerThatIsNoHttpIsCorrupt) {
  for (const char* answer :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 -99 x\r\n\r\n", "\r\n\r\n"}) {
    serve(answer);
    EXPECT_EQ(post().error().code, ErrorCode::kCorrupt) << answer;
    request_.clear();
  }
}

TEST_F(HttpPostTest, AHeadWithoutEndIsCutOff) {
  serve("HTTP/1.1 200 OK\r\nX: " + std::string(2 * kMaxAnswerHeadBytes, 'x'));
  EXPECT_EQ(post().error().code, ErrorCode::kLimit);
}

TEST_F(HttpPostTest, AServerThatHangsUpOrDoesNotAnswerIsAnError) {
  serve("HTTP/1.1 200 OK\r\n", true);
  EXPECT_EQ(post().error().code, ErrorCode::kUnreachable);
  request_.clear();
  serve("");
  const auto begin = steady_clock::now();
  EXPECT_EQ(post(seconds(1)).error().code, ErrorCode::kTimedOut);
  EXPECT_GE(steady_clock::now() - begin, seconds(1) - milliseconds(1));
}

TEST(ParseUrl, TakesHostPortAndPathApart) {
  const auto url = parse_url("https://metrics.example:8443/v1/x?key=secret");
  ASSERT_TRUE(url.ok());
  EXPECT_TRUE(url->tls);
  EXPECT_EQ(url->host, "metrics.example");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->path, "/v1/x?key=secret");
  EXPECT_EQ(url->to_text(), "https://metrics.example:8443/v1/x") << "the query may hold a key";
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("http://h")->path, "/");
  EXPECT_EQ(parse_url("http://h?a=b")->path, "/?a=b");
  EXPECT_EQ(parse_url("http://[::1]:81/")->host, "::1");
  EXPECT_EQ(parse_url("http://[::1]:81/")->to_text(), "http://[::1]:81/");
}

TEST(ParseUrl, RefusesWhatIsNoPlaceToPostTo) {
  for (const char* text :
       {"", "h", "ftp://h", "HTTPS:h", "https://", "https:///path", "https://:80", "https://user:pw@h/", "https://h:0",
        "https://h:65536", "https://h:", "https://h:8x", "https://h/#part", "https://h/a b", "https://h/\r\nX: y",
        "https://h/\xff", "https://[::1", "https://[]:80", "https://[::1]80"}) {
    EXPECT_EQ(parse_url(text).error().code, ErrorCode::kInvalid) << text;
  }
  const std::string path(kMaxUrlBytes, 'x');
  EXPECT_EQ(parse_url("https://h/" + path).error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace ductus::net
