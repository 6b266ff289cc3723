#include "net/socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

namespace ductus::net {
namespace {

class Tcp : public ::testing::Test {
 protected:
  static Address loopback(std::uint16_t port) { return resolve("127.0.0.1", port)->front(); }

  Address listen() {
    listener_ = listen_on(loopback(0)).value();
    return local_address(listener_).value();
  }
  static bool wait_for(const Socket& socket, short events) {
    pollfd waiting{socket.fd(), events, 0};
    return ::poll(&waiting, 1, 10'000) == 1;
  }

  Socket listener_;
};

TEST_F(Tcp, ConnectsWithoutWaiting) {
  const auto socket = start_connect(listen());
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE(wait_for(*socket, POLLOUT));
  EXPECT_TRUE(connect_result(*socket).ok());
  ASSERT_TRUE(wait_for(listener_, POLLIN));
  EXPECT_TRUE(accept_from(listener_).ok());
}

TEST_F(Tcp, SetsItsSocketsUpForShortRequests) {
  const auto socket = start_connect(listen());
  ASSERT_TRUE(socket.ok());
  EXPECT_NE(::fcntl(socket->fd(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_NE(::fcntl(socket->fd(), F_GETFD) & FD_CLOEXEC, 0);
  int on = 0;
  socklen_t size = sizeof on;
  ASSERT_EQ(::getsockopt(socket->fd(), IPPROTO_TCP, TCP_NODELAY, &on, &size), 0);
  EXPECT_EQ(on, 1);
}

TEST_F(Tcp, SaysThatNobodyListens) {
  const Address gone = listen();
  listener_.close();
  const auto socket = start_connect(gone);
  if (!socket.ok()) {
    EXPECT_EQ(socket.error().code, ErrorCode::kUnreachable);
    return;
  }
  ASSERT_TRUE(wait_for(*socket, POLLOUT));
  EXPECT_EQ(connect_result(*socket).error().code, ErrorCode::kUnreachable);
}

TEST_F(Tcp, SaysThatNoConnectionWaits) {
  listen();
  EXPECT_EQ(accept_from(listener_).error().code, ErrorCode::kTimedOut);
}

TEST_F(Tcp, ClosesWithItsOwnerAndNotTwice) {
  Socket first = start_connect(listen()).value();
  const int fd = first.fd();
  Socket second = std::move(first);
  EXPECT_EQ(second.fd(), fd);
  second.close();
  EXPECT_FALSE(second.is_open());
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

}  // namespace
}  // namespace ductus::net
