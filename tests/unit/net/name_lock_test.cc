#include "net/name_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <optional>

namespace ductus::net {
namespace {

using base::LockOwner;
using namespace std::chrono_literals;

class NameLockTest : public testing::Test {
 protected:
  Result<NameLock> acquire(LockOwner owner, std::chrono::milliseconds patience = 50ms) const {
    return NameLock::acquire(name_, "the store", owner, patience);
  }
  const std::string name_ = "ductus-test-" + std::to_string(::getpid());
};

TEST_F(NameLockTest, RefusesASecondNodeAndAVerbAtOnceAndNamesTheProcess) {
  std::optional<Result<NameLock>> node(acquire(LockOwner::kNode));
  ASSERT_TRUE(node->ok()) << node->error().message;
  for (const LockOwner owner : {LockOwner::kNode, LockOwner::kVerb}) {
    const auto second = acquire(owner, 1h);
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().code, ErrorCode::kRefused);
    EXPECT_NE(second.error().message.find("(pid " + std::to_string(::getpid()) + ")"), std::string::npos);
  }
  EXPECT_TRUE(NameLock::held_by_node(name_));
  node.reset();
  EXPECT_FALSE(NameLock::held_by_node(name_));
  EXPECT_TRUE(acquire(LockOwner::kNode).ok());
}

TEST_F(NameLockTest, WaitsForAVerbForItsPatience) {
  std::optional<Result<NameLock>> verb(acquire(LockOwner::kVerb));
  ASSERT_TRUE(verb->ok());
  EXPECT_FALSE(NameLock::held_by_node(name_));
  for (const LockOwner owner : {LockOwner::kNode, LockOwner::kVerb}) {
    EXPECT_EQ(acquire(owner).error().code, ErrorCode::kTimedOut);
  }
  verb.reset();
  EXPECT_TRUE(acquire(LockOwner::kVerb).ok());
}

TEST_F(NameLockTest, EndsWithItsProcess) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = acquire(LockOwner::kNode);
    ::_exit(held.ok() ? 0 : 1);  // without any destructor
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(acquire(LockOwner::kNode).ok());
}

TEST_F(NameLockTest, RefusesANameThatCannotFit) {
  const std::string name(NameLock::kMaxNameBytes + 1, 'x');
  EXPECT_EQ(NameLock::acquire(name, "the store", LockOwner::kVerb).error().code, ErrorCode::kLimit);
}

}  // namespace
}  // namespace ductus::net
