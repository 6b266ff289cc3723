#include "control/node_process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/unix_socket.h"
#include "support/temporary_directory.h"

namespace ductus::control {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class NodeProcessTest : public ::testing::Test {
 protected:
  ~NodeProcessTest() override {
    if (child_ > 0) {
      ::kill(child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
    }
  }

  // A process that listens and never answers.
  void start_child() {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    child_ = ::fork();
    ASSERT_GE(child_, 0);
    if (child_ == 0) {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      const auto listener = net::listen_unix(socket_path(directory_.path()));
      const char byte = listener.ok() ? '+' : '-';
      if (::write(ready[1], &byte, 1) == 1) {
        for (;;) ::pause();
      }
      ::_exit(1);
    }
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, '+');
    ::close(ready[0]);
    ::close(ready[1]);
  }

  test::TemporaryDirectory directory_;
  pid_t child_ = -1;
};

TEST_F(NodeProcessTest, FindsWaitsForAndEndsTheListener) {
  start_child();
  const auto process = NodeProcess::find(socket_path(directory_.path()));
  ASSERT_TRUE(process.ok()) << process.error().message;
  EXPECT_EQ(process->id(), child_);
  EXPECT_FALSE(process->wait_for_end(milliseconds(20)));
  EXPECT_TRUE(process->kill().ok());
  EXPECT_TRUE(process->wait_for_end(seconds(20)));
  EXPECT_TRUE(process->kill().ok());
}

TEST_F(NodeProcessTest, SaysThatNoneRuns) {
  EXPECT_EQ(NodeProcess::find(socket_path(directory_.path())).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ductus::control
