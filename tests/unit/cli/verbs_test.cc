#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "base/file_lock.h"
#include "cli/command_line.h"
#include "cli/status/status_text.h"
#include "control/node_process.h"
#include "control/server.h"
#include "net/unix_socket.h"
#include "operate/status_report.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

using namespace std::chrono_literals;

class SomeModule final : public Module {
 public:
  Result<std::unique_ptr<Handler>> init(const Context&, const Value&) override {
    return Error{ErrorCode::kCallback, "not called here"};
  }
};

class VerbsTest : public ::testing::Test {
 protected:
  VerbsTest() {
    configure("");
    offer("file", [](const Value&) { return std::make_unique<SomeModule>(); });
  }
  void TearDown() override {
    if (node_ <= 0) return;
    ::kill(node_, SIGKILL);
    ::waitpid(node_, nullptr, 0);
  }

  void configure(const std::string& more) {
    directory_.write("config/local.toml", "handler_name = \"tests\"\n[source]\nbrokers = [\"127.0.0.1:1\"]\n" + more +
                                              "[[topics]]\nname = \"orders\"\ninit = \"out\"\n");
  }
  void offer(const std::string& name, ModuleFactory factory) { modules_.push_back({name, std::move(factory)}); }

  int run(std::vector<std::string> arguments) {
    Surroundings around{
        out_,
        err_,
        [](const std::string&) { return std::nullopt; },
        directory_.path(),
        modules_,
        [this](const config::NodeConfig& config, std::unique_ptr<Module> module, const node::RunOptions& options) {
          ran_ = config.name;
          options_ = options;
          EXPECT_NE(module, nullptr);
          return 42;
        }};
    return run_command_line(std::move(arguments), around);
  }

  std::filesystem::path node_dir() const { return directory_ / "run/local"; }

  /// A node within this process that answers as it is told.
  void serve(control::Routes routes) {
    auto server = control::Server::start(control::socket_path(node_dir()), std::move(routes));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }

  enum class WhenAskedToStop { kEnds, kIgnores, kRefuses };
  /// A node in a process of its own.
  void start_node(WhenAskedToStop behaviour) {
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    node_ = ::fork();
    ASSERT_GE(node_, 0);
    if (node_ == 0) be_node(behaviour, ready[1]);
    char byte = 0;
    ASSERT_EQ(::read(ready[0], &byte, 1), 1);
    ASSERT_EQ(byte, '+');
    ::close(ready[0]);
    ::close(ready[1]);
  }

  test::TemporaryDirectory directory_;
  std::vector<ModuleEntry> modules_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::string ran_;
  node::RunOptions options_;
  std::unique_ptr<control::Server> server_;
  pid_t node_ = -1;

 private:
  [[noreturn]] void be_node(WhenAskedToStop behaviour, int ready) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const auto on_stop = [behaviour](const control::Request&) {
      // The answer may get lost with the process: the verb has to cope with that, too.
      if (behaviour == WhenAskedToStop::kEnds) ::_exit(0);
      const bool refuses = behaviour == WhenAskedToStop::kRefuses;
      return control::Response{refuses ? 503 : 202, "{}"};
    };
    const auto server = control::Server::start(control::socket_path(node_dir()), {{"POST", "/v1/stop", on_stop}});
    const char byte = server.ok() ? '+' : '-';
    if (::write(ready, &byte, 1) == 1) {
      for (;;) ::pause();
    }
    ::_exit(1);
  }
};

TEST_F(VerbsTest, ConsoleRunsTheNodeAndReturnsItsExitCode) {
  EXPECT_EQ(run({"console", "local", "--until-end", "--timeout", "3s"}), 42);
  EXPECT_EQ(ran_, "local");
  EXPECT_TRUE(options_.until_end);
  EXPECT_EQ(options_.timeout, 3s);
  EXPECT_EQ(run({"console", "local"}), 42);
  EXPECT_FALSE(options_.until_end);
  EXPECT_EQ(options_.timeout, std::nullopt);
}

TEST_F(VerbsTest, ConsoleMakesTheModuleThatTheConfigurationNames) {
  configure("[handler]\nmodule = \"mine\"\nsettings = { size = 3 }\n");
  std::int64_t size = 0;
  offer("mine", [&](const Value& settings) {
    size = *settings.find("size")->as_int();
    return std::make_unique<SomeModule>();
  });
  EXPECT_EQ(run({"console", "local"}), 42) << err_.str();
  EXPECT_EQ(size, 3);
}

TEST_F(VerbsTest, ConsoleLetsTheFirstOfTwoModulesWithOneNameCount) {
  modules_.clear();
  offer("file", [](const Value&) { return std::make_unique<SomeModule>(); });
  offer("file", [](const Value&) { return Error{ErrorCode::kInvalid, "the wrong one"}; });
  EXPECT_EQ(run({"console", "local"}), 42) << err_.str();
}

TEST_F(VerbsTest, ConsoleSaysWhichModuleWasMeant) {
  configure("[handler]\nmodule = \"fiel\"\n");
  EXPECT_EQ(run({"console", "local"}), 6);
  EXPECT_NE(err_.str().find("did you mean 'file'?"), std::string::npos) << err_.str();
  EXPECT_EQ(ran_, "");
}

TEST_F(VerbsTest, ConsoleSaysWhyAModuleCannotBeMade) {
  modules_.clear();
  offer("file", [](const Value&) { return Error{ErrorCode::kInvalid, "path is missing"}; });
  EXPECT_EQ(run({"console", "local"}), 6);
  EXPECT_NE(err_.str().find("path is missing"), std::string::npos);
  modules_.clear();
  offer("file", [](const Value&) -> Result<std::unique_ptr<Module>> { throw std::runtime_error("no licence"); });
  EXPECT_EQ(run({"console", "local"}), 1);
  EXPECT_NE(err_.str().find("no licence"), std::string::npos);
  modules_.clear();
  offer("file", [](const Value&) { return std::unique_ptr<Module>(); });
  EXPECT_EQ(run({"console", "local"}), 1);
}

TEST_F(VerbsTest, TellsAllThatIsWrongWithAConfiguration) {
  directory_.write("config/bad.toml", "nonsense = 1\n[source]\nbrokers = 7\n");
  for (const char* verb :
       {"start", "console", "status", "stop", "running", "reset_offsets", "reset_to_oldest_offsets", "zero_offsets"}) {
    err_.str("");
    EXPECT_EQ(run({verb, "bad"}), 6) << verb;
    EXPECT_NE(err_.str().find("nonsense"), std::string::npos) << err_.str();
    EXPECT_NE(err_.str().find("brokers"), std::string::npos) << err_.str();
    EXPECT_EQ(out_.str(), "");
  }
  EXPECT_EQ(run({"status", "nowhere"}), 6);
}

TEST_F(VerbsTest, StatusShowsWhatARunningNodeSays) {
  operate::StatusReport report{"local", "tests", "running", "kafka:9092", {}};
  report.partitions.push_back({"orders", 0, "ok", "", 10, 0, 10, 10});
  serve({{"GET", "/v1/status",
          [&](const control::Request&) { return control::Response{200, operate::to_json(report)}; }}});
  EXPECT_EQ(run({"status", "local"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), status_text(report, {}, Style{}));
  out_.str("");
  EXPECT_EQ(run({"status", "local", "--json"}), 0);
  EXPECT_EQ(out_.str(), operate::to_json(report) + "\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(VerbsTest, StatusIsUnreachableOnlyWhereARunningNodeDoesNotAnswer) {
  serve({{"GET", "/v1/status", [](const control::Request&) { return control::Response{200, "{}"}; }}});
  EXPECT_EQ(run({"status", "local"}), 4);
  server_.reset();
  serve({});
  EXPECT_EQ(run({"status", "local"}), 4);
  EXPECT_EQ(out_.str(), "");
}

TEST_F(VerbsTest, RunningPrintsTrueOrFalse) {
  EXPECT_EQ(run({"running", "local"}), 3);
  EXPECT_EQ(out_.str(), "false\n");
  out_.str("");
  serve({});
  EXPECT_EQ(run({"running", "local"}), 0);
  EXPECT_EQ(out_.str(), "true\n");
}

TEST_F(VerbsTest, StopWaitsUntilTheNodeIsGone) {
  start_node(WhenAskedToStop::kEnds);
  EXPECT_EQ(run({"stop", "local"}), 0) << err_.str();
  int status = 0;
  EXPECT_EQ(::waitpid(node_, &status, WNOHANG), node_);
  node_ = -1;
  EXPECT_EQ(run({"stop", "local"}), 3);
}

TEST_F(VerbsTest, StopTellsOfANodeThatLeftCallsBehind) {
  start_node(WhenAskedToStop::kEnds);
  directory_.write("run/local/forced_end", std::to_string(node_) + "\n");
  EXPECT_EQ(run({"stop", "local"}), 1);
  EXPECT_NE(err_.str().find("left behind"), std::string::npos) << err_.str();
}

TEST_F(VerbsTest, ANodeWithoutASocketYetRunsAndIsWaitedFor) {
  std::filesystem::create_directories(node_dir());
  const auto node = base::FileLock::acquire(node_dir() / "lock", base::LockOwner::kNode);
  ASSERT_TRUE(node.ok()) << node.error().message;
  EXPECT_EQ(run({"running", "local"}), 0);
  EXPECT_EQ(out_.str(), "true\n");
  out_.str("");
  const operate::StatusReport report{"local", "tests", "starting", "kafka:9092", {}};
  const std::jthread opens_its_socket([&] {
    serve({{"GET", "/v1/status",
            [&](const control::Request&) { return control::Response{200, operate::to_json(report)}; }}});
  });
  EXPECT_EQ(run({"status", "local"}), 0) << err_.str();
  EXPECT_EQ(out_.str(), status_text(report, {}, Style{}));
}

TEST_F(VerbsTest, StopLeavesANodeThatRefusesAlone) {
  start_node(WhenAskedToStop::kRefuses);
  EXPECT_EQ(run({"stop", "local"}), 1);
  EXPECT_EQ(::waitpid(node_, nullptr, WNOHANG), 0);
}

TEST_F(VerbsTest, StopEndsANodeThatHangsByForce) {
  configure("[node]\nstop_timeout = \"100ms\"\n");
  start_node(WhenAskedToStop::kIgnores);
  EXPECT_EQ(run({"stop", "local"}), 1);
  int status = 0;
  ASSERT_EQ(::waitpid(node_, &status, WNOHANG), node_);
  node_ = -1;
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST_F(VerbsTest, ResetsNothingWhileNoBrokerAnswers) {
  directory_.write("offsets.csv", "orders,0,5\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"reset_offsets", "local"},
                                                {"reset_to_oldest_offsets", "local"},
                                                {"zero_offsets", "local", "--json"},
                                                {"reset_single_offset", "local", "orders", "7"},
                                                {"offsets", "set", "local", "--to", "earliest", "--yes"},
                                                {"offsets", "set", "local", "--to", "-2h", "--dry-run"},
                                                {"reset_offsets_from_file", "local", "offsets.csv"},
                                                {"offsets", "import", "local", "offsets.csv", "--yes"}}) {
    SCOPED_TRACE(words.front());
    err_.str("");
    EXPECT_EQ(run(words), 4);
    EXPECT_NE(err_.str().find("127.0.0.1:1"), std::string::npos) << err_.str();
    EXPECT_NE(err_.str().find("nothing was changed"), std::string::npos) << err_.str();
    EXPECT_EQ(out_.str(), "");
    EXPECT_FALSE(std::filesystem::exists(node_dir() / "offsets.db"));
  }
}

TEST_F(VerbsTest, ResetsNothingWhileTheNodeRuns) {
  std::filesystem::create_directories(node_dir());
  const auto node = base::FileLock::acquire(node_dir() / "lock", base::LockOwner::kNode);
  ASSERT_TRUE(node.ok()) << node.error().message;
  for (const char* verb : {"reset_offsets", "reset_to_oldest_offsets", "zero_offsets"}) {
    EXPECT_EQ(run({verb, "local"}), 5) << verb;
  }
  EXPECT_EQ(run({"reset_single_offset", "local", "orders", "7"}), 5);
  EXPECT_FALSE(std::filesystem::exists(node_dir() / "offsets.db"));
}

TEST_F(VerbsTest, ResetSingleOffsetKnowsTheTopicsOfTheConfiguration) {
  EXPECT_EQ(run({"reset_single_offset", "local", "order", "7"}), 2);
  EXPECT_NE(err_.str().find("did you mean 'orders'?"), std::string::npos) << err_.str();
}

TEST_F(VerbsTest, SayThatStandardOutputTookNothing) {
  out_.setstate(std::ios::badbit);
  EXPECT_EQ(run({"--version"}), 1);
  EXPECT_NE(err_.str().find("standard output"), std::string::npos);
}

}  // namespace
}  // namespace ductus::cli
