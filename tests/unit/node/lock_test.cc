#include "node/lock.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temporary_directory.h"

namespace ductus::node {
namespace {

using namespace std::chrono_literals;

class NodeLockTest : public testing::Test {
 protected:
  NodeLockTest() { config_.dir = dir_ / "run/local"; }
  Result<base::FileLock> lock(base::LockOwner owner) { return lock_node(config_, owner, 0ms); }

  test::TemporaryDirectory dir_;
  config::NodeConfig config_;
};

TEST_F(NodeLockTest, MakesTheFolderOfTheNode) {
  ASSERT_TRUE(lock(base::LockOwner::kNode).ok());
  struct stat status{};
  ASSERT_EQ(::stat(config_.dir.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0007, 0u) << "open to everybody";
  EXPECT_TRUE(std::filesystem::exists(config_.dir / "lock"));
}

TEST_F(NodeLockTest, RefusesASecondNode) {
  const auto first = lock(base::LockOwner::kNode);
  ASSERT_TRUE(first.ok());
  const auto second = lock(base::LockOwner::kNode);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kRefused);
}

TEST_F(NodeLockTest, TellsWhetherANodeIsThereAndMakesNothing) {
  EXPECT_FALSE(node_is_there(config_));
  EXPECT_FALSE(std::filesystem::exists(config_.dir));
  {
    const auto verb = lock(base::LockOwner::kVerb);
    EXPECT_FALSE(node_is_there(config_));
  }
  const auto node = lock(base::LockOwner::kNode);
  EXPECT_TRUE(node_is_there(config_));
}

TEST_F(NodeLockTest, RemembersWhichProcessWasEndedByForce) {
  {
    const auto node = lock(base::LockOwner::kNode);
    EXPECT_FALSE(ended_by_force(config_, ::getpid()));
    note_forced_end(config_, ::getpid());
  }
  EXPECT_TRUE(ended_by_force(config_, ::getpid()));
  EXPECT_FALSE(ended_by_force(config_, ::getpid() + 1));
  const auto next = lock(base::LockOwner::kNode);
  EXPECT_FALSE(ended_by_force(config_, ::getpid())) << "a later process may have the same number";
}

TEST_F(NodeLockTest, SaysWhichFolderCannotBeMade) {
  dir_.write("run", "a file in its place");
  const auto refused = lock(base::LockOwner::kNode);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kIo);
  EXPECT_NE(refused.error().message.find("run/local"), std::string::npos) << refused.error().message;
}

}  // namespace
}  // namespace ductus::node
