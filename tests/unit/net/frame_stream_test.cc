#include "net/frame_stream.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace ductus::net {
namespace {

constexpr std::size_t kMaxFrameBytes = 4 << 20;
constexpr std::size_t kLargeBytes = 40 << 10;  // what sockets take though nobody reads

std::string frame(const std::string& body) {
  const auto size = static_cast<std::uint32_t>(body.size());
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift);
  return bytes + body;
}

/// A stream and a peer that writes what a test says, over real TCP.
class FrameStreamTest : public ::testing::Test {
 protected:
  FrameStreamTest() {
    auto listener = listen_on(resolve("127.0.0.1", 0)->front());
    auto client = start_connect(*local_address(*listener));
    pollfd wait{listener->fd(), POLLIN, 0};
    ::poll(&wait, 1, -1);
    peer_ = std::move(*accept_from(*listener));
    stream_.emplace(std::move(*client), kMaxFrameBytes);
  }

  void peer_sends(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(peer_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      ASSERT_GT(sent, 0);
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void peer_hangs_up() { peer_.close(); }

  /// Reads until a frame is whole or an error comes, asleep in between as a worker would be.
  Result<std::string> next_frame() {
    for (;;) {
      auto body = stream_->read();
      if (!body) return std::move(body).error();
      if (body->has_value()) return std::string(reinterpret_cast<const char*>((**body).data()), (**body).size());
      wait_for(stream_->socket().fd(), POLLIN);
    }
  }
  /// What has come is read; more is missing.
  void read_what_is_there() {
    wait_for(stream_->socket().fd(), POLLIN);
    const auto body = stream_->read();
    ASSERT_TRUE(body.ok());
    ASSERT_FALSE(body->has_value());
  }
  bool would_wake() {
    pollfd wait{stream_->socket().fd(), POLLIN, 0};
    return ::poll(&wait, 1, 0) == 1;
  }
  static void wait_for(int fd, short what) {
    pollfd wait{fd, what, 0};
    ASSERT_EQ(::poll(&wait, 1, 30'000), 1);
  }

  Socket peer_;
  std::optional<FrameStream> stream_;
};

TEST_F(FrameStreamTest, FramesComeOneByOne) {
  peer_sends(frame("one") + frame("") + frame("three"));
  EXPECT_EQ(*next_frame(), "one");
  EXPECT_EQ(*next_frame(), "");
  EXPECT_EQ(*next_frame(), "three");
}

TEST_F(FrameStreamTest, B42_AFrameMayComeByteByByte) {
  const std::string bytes = frame("slow");
  for (std::size_t i = 0; i + 1 < bytes.size(); ++i) {
    peer_sends({&bytes[i], 1});
    ASSERT_FALSE(stream_->read()->has_value());
  }
  peer_sends({&bytes.back(), 1});
  EXPECT_EQ(*next_frame(), "slow");
}

TEST_F(FrameStreamTest, ALargeBodyIsNotWokenForInSmallPieces) {
  const std::string bytes = frame(std::string(kLargeBytes, 'x'));
  peer_sends(std::string_view(bytes).substr(0, 100));
  read_what_is_there();
  peer_sends(std::string_view(bytes).substr(100, 1));
  EXPECT_FALSE(would_wake());
  peer_sends(std::string_view(bytes).substr(101));
  EXPECT_EQ(next_frame()->size(), kLargeBytes);
}

TEST_F(FrameStreamTest, TheEndOfALargeBodyWakesHoweverSmall) {
  const std::string bytes = frame(std::string(kLargeBytes, 'x'));
  peer_sends(std::string_view(bytes).substr(0, bytes.size() - 1));
  read_what_is_there();
  peer_sends(std::string_view(bytes).substr(bytes.size() - 1));
  EXPECT_EQ(next_frame()->size(), kLargeBytes);
}

TEST_F(FrameStreamTest, ASmallFrameBehindALargeOneWakes) {
  const std::string bytes = frame(std::string(kLargeBytes, 'x'));
  peer_sends(std::string_view(bytes).substr(0, 100));
  read_what_is_there();
  peer_sends(std::string_view(bytes).substr(100));
  EXPECT_EQ(next_frame()->size(), kLargeBytes);
  peer_sends(frame(""));
  wait_for(stream_->socket().fd(), POLLIN);
  EXPECT_EQ(*next_frame(), "");
}

TEST_F(FrameStreamTest, APeerThatHangsUpWithinALargeBodyWakes) {
  peer_sends(std::string_view(frame(std::string(kLargeBytes, 'x'))).substr(0, 100));
  read_what_is_there();
  peer_hangs_up();
  EXPECT_EQ(next_frame().error().code, ErrorCode::kUnreachable);
}

TEST_F(FrameStreamTest, B38_AFrameOverTheCapIsRefusedByItsLengthAlone) {
  peer_sends(std::string_view("\x00\x40\x00\x01", 4));  // 4 MiB and a byte
  EXPECT_EQ(next_frame().error().code, ErrorCode::kLimit);
}

TEST_F(FrameStreamTest, B38_ANegativeLengthIsRefused) {
  peer_sends(std::string_view("\xff\xff\xff\xff", 4));
  EXPECT_EQ(next_frame().error().code, ErrorCode::kCorrupt);
}

TEST_F(FrameStreamTest, B38_LengthsOfZeroAndThreeAreFramesAndTheLargestIsNot) {
  peer_sends(frame("") + frame("abc") + "\x7f\xff\xff\xff");
  EXPECT_EQ(*next_frame(), "");
  EXPECT_EQ(*next_frame(), "abc");
  const auto refused = next_frame();
  EXPECT_EQ(refused.error().code, ErrorCode::kLimit);
  EXPECT_NE(refused.error().message.find("fetch.max_frame_bytes"), std::string::npos);
}

TEST_F(FrameStreamTest, B39_ALengthTooLargeTakesWhatComesNextAndOneTooSmallLeavesTheRest) {
  std::string lie = frame("the body");
  lie[3] = static_cast<char>(lie[3] + 2);
  peer_sends(lie + "xyz");
  EXPECT_EQ(*next_frame(), "the bodyxy");
  peer_hangs_up();
  EXPECT_EQ(next_frame().error().code, ErrorCode::kUnreachable);
}

TEST_F(FrameStreamTest, B45_AServerOfHttpIsCalledByItsName) {
  peer_sends("HTTP/1.1 400 Bad Request\r\n\r\n");
  const auto refused = next_frame();
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(refused.error().message.find("HTTP"), std::string::npos);
}

TEST_F(FrameStreamTest, B45_ATlsAlertIsCalledByItsName) {
  peer_sends(std::string_view("\x15\x03\x03\x00\x02\x02\x46", 7));
  const auto refused = next_frame();
  EXPECT_EQ(refused.error().code, ErrorCode::kCorrupt);
  EXPECT_NE(refused.error().message.find("TLS"), std::string::npos);
}

}  // namespace
}  // namespace ductus::net
