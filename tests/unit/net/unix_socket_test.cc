#include "net/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <vector>

#include "support/temporary_directory.h"

namespace ductus::net {
namespace {

using std::chrono::milliseconds;

class UnixSocket : public ::testing::Test {
 protected:
  // Far beyond the 107 bytes of a socket address.
  std::filesystem::path long_path() const {
    const auto folder = directory_ / std::string(200, 'd');
    std::filesystem::create_directories(folder);
    return folder / "control.sock";
  }

  test::TemporaryDirectory directory_;
};

TEST_F(UnixSocket, TellsWhoIsAtTheOtherEnd) {
  const auto path = directory_ / "s";
  const auto listener = listen_unix(path);
  ASSERT_TRUE(listener.ok());
  const auto client = connect_unix(path, milliseconds(1000));
  ASSERT_TRUE(client.ok());
  const auto peer = peer_of(*client);
  ASSERT_TRUE(peer.ok());
  EXPECT_EQ(peer->user, ::geteuid());
  EXPECT_EQ(peer->process, ::getpid());
}

TEST_F(UnixSocket, IsForItsUserOnly) {
  const auto path = directory_ / "s";
  const auto listener = listen_unix(path);
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(UnixSocket, WorksOnALongPath) {
  const auto path = long_path();
  const auto listener = listen_unix(path);
  ASSERT_TRUE(listener.ok()) << listener.error().message;
  EXPECT_TRUE(std::filesystem::is_socket(path));
  EXPECT_TRUE(connect_unix(path, milliseconds(1000)).ok());
}

TEST_F(UnixSocket, RefusesAFileNameThatCannotFit) {
  EXPECT_EQ(listen_unix(directory_ / std::string(200, 's')).error().code, ErrorCode::kLimit);
}

TEST_F(UnixSocket, ReplacesTheSocketOfADeadProcess) {
  const auto path = directory_ / "s";
  listen_unix(path).value().close();
  ASSERT_TRUE(std::filesystem::is_socket(path));
  EXPECT_TRUE(listen_unix(path).ok());
}

TEST_F(UnixSocket, LeavesALivingListenerAlone) {
  const auto path = directory_ / "s";
  const auto first = listen_unix(path);
  EXPECT_EQ(listen_unix(path).error().code, ErrorCode::kRefused);
  EXPECT_TRUE(connect_unix(path, milliseconds(1000)).ok());
}

TEST_F(UnixSocket, NeverRemovesWhatIsNoSocket) {
  const auto path = directory_.write("s", "precious");
  EXPECT_EQ(listen_unix(path).error().code, ErrorCode::kRefused);
  EXPECT_EQ(directory_.read("s"), "precious");
}

TEST_F(UnixSocket, SaysThatNobodyListens) {
  EXPECT_EQ(connect_unix(directory_ / "s", milliseconds(1000)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(connect_unix(directory_ / "no-folder/s", milliseconds(1000)).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(connect_unix(directory_ / std::string(200, 'd') / "s", milliseconds(1000)).error().code,
            ErrorCode::kNotFound);
  listen_unix(directory_ / "s").value().close();
  EXPECT_EQ(connect_unix(directory_ / "s", milliseconds(1000)).error().code, ErrorCode::kNotFound);
}

TEST_F(UnixSocket, GivesUpOnAListenerThatAcceptsNothing) {
  const auto path = directory_ / "s";
  const auto listener = listen_unix(path);
  ASSERT_EQ(::listen(listener->fd(), 0), 0);  // a backlog of one
  std::vector<Socket> waiting;
  for (int i = 0; i < 8; ++i) {
    auto client = connect_unix(path, milliseconds(50));
    if (!client.ok()) {
      EXPECT_EQ(client.error().code, ErrorCode::kTimedOut);
      return;
    }
    waiting.push_back(*std::move(client));
  }
  FAIL() << "the backlog never filled";
}

}  // namespace
}  // namespace ductus::net
