#include "control/server.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <thread>
#include <vector>

#include "control/client.h"
#include "net/unix_socket.h"
#include "support/temporary_directory.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class ServerTest : public ::testing::Test {
 protected:
  void serve(Routes routes, milliseconds idle_timeout = Server::kIdleTimeout) {
    auto server = Server::start(socket(), std::move(routes), idle_timeout);
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }
  std::filesystem::path socket() const { return directory_ / "run/node/control.sock"; }
  Result<HttpAnswer> ask(const std::string& method, const std::string& path, const std::string& body = {}) const {
    return request(socket(), method, path, seconds(20), body);
  }
  /// Answers with all that it was asked, as "path{name=value,…} query{…} body".
  static Response echo(const Request& request) {
    std::string told;
    for (const auto* values : {&request.path, &request.query}) {
      told += values == &request.path ? "path{" : "} query{";
      for (const auto& [name, value] : *values) told += name + "=" + value + ",";
    }
    return {200, told + "} " + request.body, "text/plain"};
  }
  net::Socket connect() const { return net::connect_unix(socket(), seconds(5)).value(); }

  // Sends bytes as they are and reads until the server hangs up.
  std::string raw(const std::string& bytes) const {
    const net::Socket client = connect();
    send_all(client, bytes);
    return read_to_end(client);
  }
  static void send_all(const net::Socket& client, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(client.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent > 0) {
        bytes.remove_prefix(static_cast<std::size_t>(sent));
      } else if (errno != EAGAIN || !wait_for(client, POLLOUT)) {
        return;
      }
    }
  }
  static std::string read_to_end(const net::Socket& client) {
    std::string answer;
    char bytes[4096];
    while (wait_for(client, POLLIN)) {
      const ssize_t got = ::recv(client.fd(), bytes, sizeof bytes, 0);
      if (got <= 0) break;
      answer.append(bytes, static_cast<std::size_t>(got));
    }
    return answer;
  }
  static bool wait_for(const net::Socket& client, short events) {
    pollfd waiting{client.fd(), events, 0};
    return ::poll(&waiting, 1, 20'000) == 1;
  }

  test::TemporaryDirectory directory_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, AnswersByMethodAndPath) {
  serve({{"GET", "/status", [](const Request&) { return Response{200, "{\"a\":1}"}; }},
         {"POST", "/stop", [](const Request&) { return Response{202, "stopping", "text/plain"}; }}});
  const auto status = ask("GET", "/status");
  ASSERT_TRUE(status.ok()) << status.error().message;
  EXPECT_EQ(status->status, 200);
  EXPECT_EQ(status->body, "{\"a\":1}");
  const auto stop = ask("POST", "/stop");
  ASSERT_TRUE(stop.ok());
  EXPECT_EQ(stop->status, 202);
  EXPECT_EQ(stop->body, "stopping");
}

TEST_F(ServerTest, GivesARouteItsPathItsQueryAndItsBody) {
  serve({{"POST", "/partitions/{topic}/{partition}", echo}});
  EXPECT_EQ(ask("POST", "/partitions/orders/7?after=5&word=a+b%26c&word2", "{\"a\":1}")->body,
            "path{partition=7,topic=orders,} query{after=5,word=a b&c,word2=,} {\"a\":1}");
  EXPECT_EQ(ask("POST", "/partitions/a%2Fb%20c/0")->body, "path{partition=0,topic=a/b c,} query{} ");
}

TEST_F(ServerTest, TakesNoPathForOneThatIsLongerOrShorter) {
  serve({{"GET", "/partitions/{topic}", echo}});
  EXPECT_EQ(ask("GET", "/partitions/orders")->status, 200);
  for (const char* path : {"/partitions", "/partitions/", "/partitions/orders/", "/partitions/a/b", "//partitions/a"}) {
    EXPECT_EQ(ask("GET", path)->status, 404) << path;
  }
}

TEST_F(ServerTest, SaysWhichPathItDoesNotHave) {
  serve({{"POST", "/stop", echo}});
  const auto answer = ask("GET", "/go%1B/");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(nlohmann::json::parse(answer->body)["error"], "there is no /go%1B/");
}

TEST_F(ServerTest, SaysWhichMethodsAPathTakes) {
  serve({{"GET", "/offsets", echo}, {"POST", "/offsets", echo}, {"POST", "/stop", echo}});
  for (const char* method : {"GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"}) {
    const std::string answer = raw(std::string(method) + " /stop HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 405")) << answer;
    EXPECT_NE(answer.find("\r\nAllow: POST\r\n"), std::string::npos) << answer;
    EXPECT_NE(answer.find("/stop takes POST, not " + std::string(method)), std::string::npos) << answer;
  }
  EXPECT_NE(raw("HEAD /offsets HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").find("\r\nAllow: GET, POST\r\n"),
            std::string::npos);
  EXPECT_FALSE(raw("BREW /stop HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
}

TEST_F(ServerTest, AnswersWhenARouteThrows) {
  serve({{"GET", "/bad", [](const Request&) -> Response { throw std::runtime_error("out of luck"); }}});
  const auto answer = ask("GET", "/bad");
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 500);
  EXPECT_EQ(nlohmann::json::parse(answer->body)["error"], "out of luck");
}

TEST_F(ServerTest, CarriesALargeAnswer) {
  const std::string large(3'000'000, 'x');
  serve({{"GET", "/status", [&](const Request&) { return Response{200, large}; }}});
  EXPECT_EQ(ask("GET", "/status")->body, large);
}

TEST_F(ServerTest, AnswersManyAtOnce) {
  serve({{"GET", "/status", [](const Request&) { return Response{200, "fine"}; }}});
  std::vector<std::jthread> askers;
  std::atomic<int> fine = 0;
  for (int i = 0; i < 8; ++i) {
    askers.emplace_back([&] {
      for (int n = 0; n < 20; ++n) fine += ask("GET", "/status")->body == "fine" ? 1 : 0;
    });
  }
  askers.clear();
  EXPECT_EQ(fine, 160);
}

TEST_F(ServerTest, RefusesABodyBeyondItsLimit) {
  serve({{"POST", "/stop", [](const Request&) { return Response{}; }}});
  const std::string head = "POST /stop HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ";
  const auto answer_to = [&](std::size_t body_bytes) {
    return raw(head + std::to_string(body_bytes) + "\r\n\r\n" + std::string(body_bytes, 'b'));
  };
  EXPECT_TRUE(answer_to(Server::kMaxBodyBytes).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(answer_to(Server::kMaxBodyBytes + 1).starts_with("HTTP/1.1 413"));
}

TEST_F(ServerTest, RefusesAHeadBeyondItsLimit) {
  serve({{"GET", "/status", [](const Request&) { return Response{}; }}});
  // Its lines count without what ends them.
  const auto answer_to = [&](std::size_t head_bytes) {
    const std::string first = "GET /status HTTP/1.1";
    const std::string second = "Connection: close";
    const std::string third = "X: " + std::string(head_bytes - first.size() - second.size() - 3, 'h');
    return raw(first + "\r\n" + second + "\r\n" + third + "\r\n\r\n");
  };
  EXPECT_TRUE(answer_to(Server::kMaxHeaderBytes).starts_with("HTTP/1.1 200"));
  EXPECT_TRUE(answer_to(Server::kMaxHeaderBytes + 1).starts_with("HTTP/1.1 400"));
}

TEST_F(ServerTest, SurvivesWhatIsNoHttp) {
  serve({{"GET", "/status", [](const Request&) { return Response{}; }}});
  EXPECT_FALSE(raw(std::string("\0\x16\x03\x01 nonsense\r\n\r\n", 18)).starts_with("HTTP/1.1 200"));
  EXPECT_EQ(ask("GET", "/status")->status, 200);
}

TEST_F(ServerTest, SurvivesAClientThatHangsUpBeforeTheAnswer) {
  serve({{"GET", "/status", [](const Request&) { return Response{200, std::string(1'000'000, 'x')}; }}});
  for (int i = 0; i < 10; ++i) send_all(connect(), "GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(ask("GET", "/status")->status, 200);
}

TEST_F(ServerTest, LetsAClientTooManyWaitUntilAnotherLeaves) {
  serve({{"GET", "/status", [](const Request&) { return Response{}; }}});
  std::vector<net::Socket> idle;
  for (std::size_t i = 0; i < Server::kMaxClients; ++i) idle.push_back(connect());
  EXPECT_EQ(request(socket(), "GET", "/status", milliseconds(300)).error().code, ErrorCode::kTimedOut);
  idle.clear();
  EXPECT_EQ(ask("GET", "/status")->status, 200);
}

TEST_F(ServerTest, HangsUpOnAnIdleClient) {
  serve({{"GET", "/status", [](const Request&) { return Response{}; }}}, milliseconds(50));
  EXPECT_EQ(read_to_end(connect()), "");
  const auto half = connect();
  send_all(half, "GET /status HT");
  EXPECT_EQ(read_to_end(half), "");
  EXPECT_EQ(ask("GET", "/status")->status, 200);
}

TEST_F(ServerTest, KeepsItsFolderAndSocketToItsUser) {
  serve({});
  struct stat status{};
  ASSERT_EQ(::stat(socket().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(socket().parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(ServerTest, LeavesNothingBehindWhenItStops) {
  serve({{"GET", "/status", [](const Request&) { return Response{}; }}});
  const auto client = connect();
  server_->stop();
  server_->stop();
  EXPECT_FALSE(std::filesystem::exists(socket()));
  EXPECT_EQ(ask("GET", "/status").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(read_to_end(client), "");
  serve({{"GET", "/status", [](const Request&) { return Response{200, "again"}; }}});
  EXPECT_EQ(ask("GET", "/status")->body, "again");
}

TEST_F(ServerTest, DoesNotTakeASocketFromALivingServer) {
  serve({{"GET", "/status", [](const Request&) { return Response{200, "first"}; }}});
  EXPECT_EQ(Server::start(socket(), {}).error().code, ErrorCode::kRefused);
  EXPECT_EQ(ask("GET", "/status")->body, "first");
}

}  // namespace
}  // namespace ductus::control
