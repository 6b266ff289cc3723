#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <optional>
#include <string>

#include "support/temporary_directory.h"

namespace ductus::base {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

class FileLockTest : public testing::Test {
 protected:
  Result<FileLock> acquire(LockOwner owner, milliseconds patience = 0ms) {
    return FileLock::acquire(file(), owner, patience);
  }
  std::filesystem::path file() const { return dir_ / "lock"; }
  std::string content() const { return dir_.read("lock"); }

  /// A child process that holds the lock; it is killed with its guard.
  class Child {
   public:
    Child(const std::filesystem::path& file, LockOwner owner) {
      int ends[2];
      if (::pipe(ends) != 0) std::abort();
      pid_ = ::fork();
      if (pid_ == 0) {
        const auto lock = FileLock::acquire(file, owner, 0ms);
        const char answer = lock.ok() ? 'y' : 'n';
        if (::write(ends[1], &answer, 1) != 1) ::_exit(1);
        for (;;) ::pause();
      }
      char answer = 'n';
      holds_ = ::read(ends[0], &answer, 1) == 1 && answer == 'y';
      ::close(ends[0]);
      ::close(ends[1]);
    }
    ~Child() { kill(); }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    bool holds() const { return holds_; }
    pid_t pid() const { return pid_; }
    void kill() {
      if (pid_ <= 0) return;
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
      pid_ = -1;
    }

   private:
    pid_t pid_ = -1;
    bool holds_ = false;
  };

  test::TemporaryDirectory dir_;
};

TEST_F(FileLockTest, SaysWhoHoldsIt) {
  const auto lock = acquire(LockOwner::kNode);
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  EXPECT_EQ(content(), "node " + std::to_string(::getpid()) + "\n");
}

TEST_F(FileLockTest, IsFreeAgainAfterItsOwner) {
  for (const LockOwner owner : {LockOwner::kNode, LockOwner::kVerb, LockOwner::kNode}) {
    EXPECT_TRUE(acquire(owner).ok());
  }
}

TEST_F(FileLockTest, MovesWithItsOwner) {
  auto first = acquire(LockOwner::kVerb);
  ASSERT_TRUE(first.ok());
  std::optional<FileLock> second(*std::move(first));
  EXPECT_FALSE(acquire(LockOwner::kVerb).ok());
  second.reset();
  EXPECT_TRUE(acquire(LockOwner::kVerb).ok());
}

TEST_F(FileLockTest, RefusesEverybodyAtOnceWhileANodeHoldsIt) {
  const Child node(file(), LockOwner::kNode);
  ASSERT_TRUE(node.holds());
  for (const LockOwner owner : {LockOwner::kVerb, LockOwner::kNode}) {
    // An hour: it would show if it were waited for.
    const auto refused = acquire(owner, 1h);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::kRefused);
    EXPECT_NE(refused.error().message.find("running node (pid " + std::to_string(node.pid()) + ")"), std::string::npos)
        << refused.error().message;
  }
}

TEST_F(FileLockTest, WaitsForAVerb) {
  auto verb = acquire(LockOwner::kVerb);
  ASSERT_TRUE(verb.ok());
  auto node = std::async(std::launch::async, [&] { return acquire(LockOwner::kNode, 1h); });
  {
    const FileLock ended = *std::move(verb);
  }
  EXPECT_TRUE(node.get().ok());
}

TEST_F(FileLockTest, GivesUpOnAVerbThatHoldsItTooLong) {
  const Child verb(file(), LockOwner::kVerb);
  ASSERT_TRUE(verb.holds());
  const auto start = std::chrono::steady_clock::now();
  const auto refused = FileLock::acquire(file(), LockOwner::kNode);
  ASSERT_FALSE(refused.ok());
  EXPECT_GE(std::chrono::steady_clock::now() - start, FileLock::kPatience);
  EXPECT_EQ(refused.error().code, ErrorCode::kTimedOut);
  EXPECT_NE(refused.error().message.find("another command"), std::string::npos) << refused.error().message;
}

TEST_F(FileLockTest, IsFreeAfterItsOwnerWasKilledWhateverTheFileSays) {
  Child node(file(), LockOwner::kNode);
  ASSERT_TRUE(node.holds());
  node.kill();
  EXPECT_EQ(content().substr(0, 5), "node ");
  EXPECT_TRUE(acquire(LockOwner::kVerb).ok());
}

TEST_F(FileLockTest, BelievesNoTextThatANodeHoldsIt) {
  dir_.write("lock", "node 1\n");
  const auto verb = acquire(LockOwner::kVerb);
  ASSERT_TRUE(verb.ok());
  dir_.write("lock", "node 1\n");
  const auto refused = acquire(LockOwner::kVerb);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("another command"), std::string::npos) << refused.error().message;
}

TEST_F(FileLockTest, RefusesWhatIsNoFile) {
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  const auto fifo = acquire(LockOwner::kVerb);
  ASSERT_FALSE(fifo.ok());
  EXPECT_EQ(fifo.error().code, ErrorCode::kInvalid);

  const auto no_folder = FileLock::acquire(dir_ / "none/lock", LockOwner::kVerb, 0ms);
  ASSERT_FALSE(no_folder.ok());
  EXPECT_EQ(no_folder.error().code, ErrorCode::kIo);
}

}  // namespace
}  // namespace ductus::base
