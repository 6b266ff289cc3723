#include "control/client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <thread>

#include "net/unix_socket.h"
#include "support/temporary_directory.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A server of one connection that says what the test wants it to, whatever it is asked.
class ClientTest : public ::testing::Test {
 protected:
  ClientTest() : listener_(net::listen_unix(path()).value()) {}

  std::filesystem::path path() const { return directory_ / "s"; }

  Result<HttpAnswer> ask_one_that_says(const std::string& answer) {
    std::jthread server([&] {
      const net::Socket client(accept_one());
      read_request(client);
      std::string_view left = answer;
      while (!left.empty()) {
        const ssize_t sent = ::send(client.fd(), left.data(), left.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        left.remove_prefix(static_cast<std::size_t>(sent));
      }
    });
    return request(path(), "GET", "/", seconds(20));
  }

  test::TemporaryDirectory directory_;
  net::Socket listener_;

 private:
  // Hanging up on a request that was not read would reset the connection.
  static void read_request(const net::Socket& client) {
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && ::recv(client.fd(), &byte, 1, 0) == 1) request += byte;
  }
  int accept_one() const {
    pollfd waiting{listener_.fd(), POLLIN, 0};
    ::poll(&waiting, 1, 20'000);
    return ::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC);
  }
};

TEST_F(ClientTest, ReadsStatusAndBody) {
  const auto answer = ask_one_that_says("HTTP/1.1 200 OK\r\ncontent-LENGTH:  5 \r\n\r\nhello");
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(ClientTest, TakesAnEmptyBody) {
  EXPECT_EQ(ask_one_that_says("HTTP/1.0 202\r\nContent-Length: 0\r\n\r\n")->status, 202);
}

TEST_F(ClientTest, NoticesAnAnswerThatIsCutOff) {
  EXPECT_EQ(ask_one_that_says("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello").error().code,
            ErrorCode::kUnreachable);
  EXPECT_EQ(ask_one_that_says("HTTP/1.1 20").error().code, ErrorCode::kUnreachable);
  EXPECT_EQ(ask_one_that_says("").error().code, ErrorCode::kUnreachable);
}

TEST_F(ClientTest, RefusesWhatIsNoHttpWithALength) {
  for (const char* answer : {"SSH-2.0-x\r\n\r\n", "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
                             "HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
                             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"}) {
    EXPECT_EQ(ask_one_that_says(answer).error().code, ErrorCode::kCorrupt) << answer;
  }
}

TEST_F(ClientTest, RefusesAnAnswerBeyondItsLimits) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: ";
  const auto most =
      ask_one_that_says(head + std::to_string(kMaxAnswerBytes) + "\r\n\r\n" + std::string(kMaxAnswerBytes, 'b'));
  ASSERT_TRUE(most.ok()) << most.error().message;
  EXPECT_EQ(most->body.size(), kMaxAnswerBytes);
  EXPECT_EQ(ask_one_that_says(head + std::to_string(kMaxAnswerBytes + 1) + "\r\n\r\n").error().code, ErrorCode::kLimit);

  const std::string rest = "0\r\nX: ";
  const std::string longest = head + rest + std::string(kMaxHeadBytes - head.size() - rest.size(), 'x');
  EXPECT_TRUE(ask_one_that_says(longest + "\r\n\r\n").ok());
  EXPECT_EQ(ask_one_that_says(longest + "x").error().code, ErrorCode::kCorrupt) << "its end is not waited for";
}

TEST_F(ClientTest, GivesUpInTime) {
  // The kernel accepts the connection; nobody ever answers it.
  EXPECT_EQ(request(path(), "GET", "/", milliseconds(50)).error().code, ErrorCode::kTimedOut);
}

TEST_F(ClientTest, SaysThatNobodyListens) {
  EXPECT_EQ(request(directory_ / "none", "GET", "/", seconds(1)).error().code, ErrorCode::kNotFound);
  listener_.close();
  EXPECT_EQ(request(path(), "GET", "/", seconds(1)).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ductus::control
