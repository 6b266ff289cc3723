#include "daemon/guardian.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

#include "daemon/detach.h"
#include "daemon/guardian_lock.h"
#include "node/lock.h"
#include "support/temporary_directory.h"

namespace ductus::daemon {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// What nodes and tests tell each other in lines: no descriptor of the test reaches a daemon.
class Wire {
 public:
  explicit Wire(std::filesystem::path path) : path_(std::move(path)) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    file_ = ::open(path_.c_str(), O_RDWR | O_CLOEXEC);
  }
  ~Wire() { ::close(file_); }

  void say(const std::string& line) const {
    const int file = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    EXPECT_GT(::write(file, (line + "\n").data(), line.size() + 1), 0);
    ::close(file);
  }
  std::string next() const {
    std::string line;
    for (char byte = 0;;) {
      pollfd readable{file_, POLLIN, 0};
      if (::poll(&readable, 1, 30'000) != 1 || ::read(file_, &byte, 1) != 1) return "nothing";
      if (byte == '\n') return line;
      line += byte;
    }
  }

 private:
  std::filesystem::path path_;
  int file_ = -1;
};

class GuardianTest : public testing::Test {
 protected:
  GuardianTest() {
    config_.dir = dir_.path();
    config_.stop_timeout = 100ms;
  }
  ~GuardianTest() override {
    if (auto guardian = find_guardian(config_.dir); guardian && *guardian) {
      (void)(*guardian)->signal(SIGKILL);
      (*guardian)->wait_for_end(10s);
    }
    if (node_ > 0) ::kill(node_, SIGKILL);
    while (::waitpid(-1, nullptr, 0) > 0) {
    }
  }

  Launched launched(const NodeMain& node, milliseconds patience = kUpWithin) {
    const auto launched = launch(config_, node, patience);
    EXPECT_TRUE(launched.ok()) << launched.error().message;
    return launched ? *launched : Launched{};
  }
  base::ProcessHandle guardian() {
    auto guardian = find_guardian(config_.dir);
    EXPECT_TRUE(guardian.ok() && guardian->has_value());
    return **std::move(guardian);
  }
  bool is_guarded() {
    const auto guardian = find_guardian(config_.dir);
    return guardian.ok() && guardian->has_value();
  }
  /// The number of the process that says so; killed at the end of the test.
  pid_t node_says() {
    node_ = std::atoi(wire_.next().c_str());
    EXPECT_GT(node_, 0);
    return node_;
  }
  std::string log() {
    std::ostringstream text;
    text << std::ifstream(dir_ / "ductus.log").rdbuf();
    return text.str();
  }

  /// A node that comes up, says which process it is, and waits for the signal to end.
  NodeMain good_node() {
    return [this](const Guarded& guarded) {
      wire_.say(std::to_string(::getpid()));
      guarded.when_up();
      return wait_for_sigterm();
    };
  }
  static int wait_for_sigterm() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    int number = 0;
    ::sigwait(&set, &number);
    return 0;
  }

  test::TemporaryDirectory dir_;
  Wire wire_{dir_ / "wire"};
  config::NodeConfig config_;
  pid_t node_ = -1;
};

TEST_F(GuardianTest, LaunchReturnsOnceTheNodeIsUpAndSigtermEndsBoth) {
  const Launched how = launched(good_node());
  EXPECT_EQ(how.how, Launched::How::kUp);
  const auto node = base::ProcessHandle::open(node_says());
  const base::ProcessHandle keeper = guardian();
  EXPECT_EQ(keeper.id(), how.guardian);
  EXPECT_TRUE(keeper.signal(SIGTERM).ok());
  EXPECT_TRUE(keeper.wait_for_end(30s));
  EXPECT_TRUE(node->has_ended());
  EXPECT_EQ(log(), "");
}

TEST_F(GuardianTest, AStartThatFailsLeavesNothingBehind) {
  for (const int code : {1, 5, 6}) {
    const Launched how = launched([code](const Guarded&) { return code; });
    EXPECT_EQ(how.how, Launched::How::kEnded);
    EXPECT_EQ(how.exit_code, code);
    EXPECT_FALSE(is_guarded());
  }
  EXPECT_EQ(launched([](const Guarded&) { return ::raise(SIGKILL); }).exit_code, 1);
  EXPECT_NE(log().find("signal 9, Killed"), std::string::npos) << log();
}

TEST_F(GuardianTest, ANodeThatDoesNotComeUpIsEnded) {
  EXPECT_EQ(launched([](const Guarded&) { return wait_for_sigterm(); }, 50ms).how, Launched::How::kTimedOut);
  EXPECT_FALSE(is_guarded());
}

TEST_F(GuardianTest, ANodeThatIsKilledIsStartedAgainInAProcessOfItsOwn) {
  ASSERT_EQ(launched(good_node()).how, Launched::How::kUp);
  pid_t last = node_says();
  for (int crash = 0; crash < 3; ++crash) {
    ::kill(last, SIGKILL);
    const pid_t next = node_says();
    EXPECT_NE(next, last);
    last = next;
  }
  EXPECT_NE(log().find("started again in 0."), std::string::npos) << log();
}

TEST_F(GuardianTest, OneThatEndsWellIsNotStartedAgain) {
  ASSERT_EQ(launched(good_node()).how, Launched::How::kUp);
  const base::ProcessHandle keeper = guardian();
  ::kill(node_says(), SIGTERM);
  EXPECT_TRUE(keeper.wait_for_end(30s));
}

TEST_F(GuardianTest, NorIsOneThatWasEndedByForce) {
  ASSERT_EQ(launched([this](const Guarded& guarded) {
              guarded.when_up();
              node::note_forced_end(config_, ::getpid());
              return 1;
            }).how,
            Launched::How::kUp);
  const auto keeper = find_guardian(config_.dir);
  ASSERT_TRUE(keeper.ok());
  EXPECT_TRUE(!*keeper || (*keeper)->wait_for_end(30s));
}

TEST_F(GuardianTest, IsStoppedWhileItWaitsToStartTheNodeAgain) {
  ASSERT_EQ(launched([this](const Guarded& guarded) {
              guarded.when_up();
              wire_.say(std::to_string(::getpid()));
              return 1;
            }).how,
            Launched::How::kUp);
  const base::ProcessHandle keeper = guardian();
  for (int crash = 0; crash < 4; ++crash) (void)node_says();
  EXPECT_TRUE(keeper.signal(SIGTERM).ok());
  EXPECT_TRUE(keeper.wait_for_end(30s));
  node_ = -1;
}

TEST_F(GuardianTest, KillsANodeThatDoesNotEndAndLeavesWordOfIt) {
  ASSERT_EQ(launched([this](const Guarded& guarded) {
              wire_.say(std::to_string(::getpid()));
              guarded.when_up();
              for (;;) ::pause();
              return 0;
            }).how,
            Launched::How::kUp);
  const auto node = base::ProcessHandle::open(node_says());
  const base::ProcessHandle keeper = guardian();
  EXPECT_TRUE(keeper.signal(SIGTERM).ok());
  EXPECT_FALSE(node->wait_for_end(kStopMargin / 2));
  EXPECT_TRUE(keeper.wait_for_end(30s));
  EXPECT_TRUE(node->has_ended());
  EXPECT_TRUE(node::ended_by_force(config_, keeper.id()));
}

TEST_F(GuardianTest, IsOneForAFolder) {
  ASSERT_EQ(launched(good_node()).how, Launched::How::kUp);
  (void)node_says();
  const Launched second = launched(good_node());
  EXPECT_EQ(second.how, Launched::How::kEnded);
  EXPECT_EQ(second.exit_code, 5);
  EXPECT_NE(log().find("held by a guardian (pid " + std::to_string(guardian().id()) + ")"), std::string::npos) << log();
}

TEST_F(GuardianTest, IsNotTakenForTheProcessWhoseNumberAFileHasKept) {
  dir_.write("guardian", "guardian " + std::to_string(::getpid()) + "\n");
  EXPECT_FALSE(is_guarded());
  EXPECT_EQ(launched(good_node()).how, Launched::How::kUp);
  (void)node_says();
}

TEST_F(GuardianTest, ItsDeathEndsNoNodeButTheNodeSeesIt) {
  ASSERT_EQ(launched([this](const Guarded& guarded) {
              wire_.say(std::to_string(::getpid()));
              guarded.when_up();
              wire_.say(guarded.guardian.has_ended() ? "unguarded" : "guarded");
              guarded.guardian.wait_for_end(30s);
              wire_.say(guarded.guardian.has_ended() ? "unguarded" : "guarded");
              return wait_for_sigterm();
            }).how,
            Launched::How::kUp);
  const pid_t node = node_says();
  EXPECT_EQ(wire_.next(), "guarded");
  EXPECT_TRUE(guardian().signal(SIGKILL).ok());
  EXPECT_EQ(wire_.next(), "unguarded");
  EXPECT_FALSE(is_guarded());
  EXPECT_EQ(::kill(node, 0), 0);
}

TEST_F(GuardianTest, NothingTiesANodeToWhereItWasStarted) {
  const auto count_descriptors = [] {
    int count = 0;
    for (int fd = 3; fd < 1000; ++fd) count += ::fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  ::signal(SIGHUP, SIG_IGN);  // as nohup does
  ASSERT_EQ(launched([&](const Guarded& guarded) {
              wire_.say(std::to_string(::getpid()));
              wire_.say(std::filesystem::current_path().string());
              wire_.say(::getsid(0) == guarded.guardian.id() ? "session of the guardian" : "another session");
              wire_.say(std::to_string(count_descriptors()) + " descriptors");  // guardian, word that it is up
              struct stat out{};
              struct stat log{};
              ::fstat(STDOUT_FILENO, &out);
              ::stat(log_file(config_).c_str(), &log);
              wire_.say(out.st_ino == log.st_ino ? "log" : "elsewhere");
              wire_.say(::signal(SIGHUP, SIG_DFL) == SIG_DFL ? "listens" : "ignores");
              guarded.when_up();
              return wait_for_sigterm();
            }).how,
            Launched::How::kUp);
  ::signal(SIGHUP, SIG_DFL);
  (void)node_says();
  EXPECT_EQ(wire_.next(), "/");
  EXPECT_EQ(wire_.next(), "session of the guardian");
  EXPECT_EQ(wire_.next(), "2 descriptors");
  EXPECT_EQ(wire_.next(), "log");
  EXPECT_EQ(wire_.next(), "listens");
}

}  // namespace
}  // namespace ductus::daemon
