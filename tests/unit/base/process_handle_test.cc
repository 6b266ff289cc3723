#include "base/process_handle.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ductus::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

pid_t start_child() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) ::pause();
  }
  return child;
}

TEST(ProcessHandle, SignalsItsProcessAndSeesItsEnd) {
  const pid_t child = start_child();
  const auto handle = ProcessHandle::open(child);
  ASSERT_TRUE(handle.ok()) << handle.error().message;
  EXPECT_EQ(handle->id(), child);
  EXPECT_FALSE(handle->wait_for_end(milliseconds(20)));
  EXPECT_TRUE(handle->signal(SIGKILL).ok());
  EXPECT_TRUE(handle->wait_for_end(seconds(20)));
  EXPECT_TRUE(handle->has_ended());
  ::waitpid(child, nullptr, 0);
}

TEST(ProcessHandle, DoesNothingToAProcessThatHasEnded) {
  const pid_t child = start_child();
  const auto handle = ProcessHandle::open(child);
  ASSERT_TRUE(handle.ok()) << handle.error().message;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(handle->has_ended());
  EXPECT_TRUE(handle->signal(SIGKILL).ok());
}

TEST(ProcessHandle, SaysThatThereIsNoSuchProcess) {
  const pid_t child = start_child();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto handle = ProcessHandle::open(child);
  ASSERT_FALSE(handle.ok());
  EXPECT_EQ(handle.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace ductus::base
