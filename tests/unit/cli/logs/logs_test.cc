// logs, as it is typed: which file, which lines, and what is said where there is none.
#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "base/file_lock.h"
#include "cli/command_line.h"
#include "control/node_process.h"
#include "control/server.h"
#include "node/lock.h"
#include "operate/status_report.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

class LogsTest : public ::testing::Test {
 protected:
  LogsTest() { configure(""); }
  void configure(const std::string& more) {
    directory_.write("config/local.toml",
                     "[source]\nbrokers = [\"127.0.0.1:1\"]\n" + more + "[[topics]]\nname = \"orders\"\n");
  }
  int run(std::vector<std::string> options = {}) {
    out_.str("");
    err_.str("");
    options.insert(options.begin(), {"logs", "local"});
    Surroundings around{out_, err_, [](const std::string&) { return std::nullopt; }, directory_.path(), {}, {}};
    return run_command_line(std::move(options), around);
  }
  /// A node that says where it logs.
  void serve(const std::string& log_file, const std::string& guardian) {
    control::Routes routes;
    routes.push_back({"GET", "/v1/status", [=](const control::Request&) {
                        operate::StatusReport report;
                        report.state = "running";
                        report.process.pid = 1;
                        report.process.log_file = log_file;
                        report.process.guardian = guardian;
                        return control::Response{200, operate::to_json(report)};
                      }});
    auto server = control::Server::start(control::socket_path(directory_ / "run/local"), std::move(routes));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }

  static constexpr const char* kLog =
      "2026-11-26T13:00:00.250Z info  source: connected to a:1\n"
      "2026-11-26T13:00:00.250Z warn  orders/1: a \\x1b[2J\n"
      "Messages in topic orders : 300\n"
      "{\"time\":\"2026-11-26T13:00:00.250Z\",\"level\":\"error\",\"message\":\"orders/2: b \\u001b\"}\n"
      "2026-11-26T13:00:00.250Z debug topic orders does not exist\n"
      "2026-11-26T13:00:00.250Z error events/1: c\n";

  test::TemporaryDirectory directory_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::unique_ptr<control::Server> server_;
};

std::size_t count_lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST_F(LogsTest, ShowsTheDaemonsLogAsItIs) {
  directory_.write("run/local/ductus.log", kLog);
  EXPECT_EQ(run(), 0) << err_.str();
  EXPECT_EQ(out_.str(), kLog);
}

TEST_F(LogsTest, ShowsTheLastHundredLinesOrAsManyAsAreAskedFor) {
  std::string log;
  for (int i = 0; i < 300; ++i) log += "line " + std::to_string(i) + "\n";
  directory_.write("run/local/ductus.log", log);
  EXPECT_EQ(run(), 0);
  EXPECT_EQ(count_lines(out_.str()), 100u);
  EXPECT_EQ(run({"-n", "2"}), 0);
  EXPECT_EQ(out_.str(), "line 298\nline 299\n");
  EXPECT_EQ(run({"--lines", "0"}), 0);
  EXPECT_EQ(out_.str(), "");
  EXPECT_EQ(run({"-n", "-1"}), 2);
  EXPECT_EQ(run({"-n", "many"}), 2);
}

TEST_F(LogsTest, ShowsALevelAndWhatIsWorse) {
  directory_.write("run/local/ductus.log", kLog);
  for (const auto& [level, lines] : {std::pair{"debug", 5u}, {"info", 4u}, {"warn", 3u}, {"error", 2u}}) {
    EXPECT_EQ(run({"--level", level}), 0);
    EXPECT_EQ(count_lines(out_.str()), lines) << level << out_.str();
  }
  EXPECT_EQ(run({"--level", "loud"}), 2);
}

TEST_F(LogsTest, ShowsWhatConcernsATopic) {
  directory_.write("run/local/ductus.log", kLog);
  EXPECT_EQ(run({"--topic", "orders"}), 0);
  EXPECT_EQ(count_lines(out_.str()), 3u) << out_.str();
  EXPECT_EQ(run({"--topic", "orders", "--level", "error"}), 0);
  EXPECT_EQ(count_lines(out_.str()), 1u) << out_.str();
  EXPECT_EQ(run({"--topic", "orders", "-n", "1"}), 0);
  EXPECT_EQ(out_.str(), "2026-11-26T13:00:00.250Z debug topic orders does not exist\n");
}

TEST_F(LogsTest, ReadsTheFileThatTheConfigurationNames) {
  configure("[log]\nfile = \"log/my.log\"\n");
  directory_.write("log/my.log", "mine\n");
  EXPECT_EQ(run(), 0) << err_.str();
  EXPECT_EQ(out_.str(), "mine\n");
}

TEST_F(LogsTest, ReadsTheFileThatTheNodeNames) {
  directory_.write("elsewhere.log", "mine\n");
  serve((directory_.path() / "elsewhere.log").string(), "");
  EXPECT_EQ(run(), 0) << err_.str();
  EXPECT_EQ(out_.str(), "mine\n");
}

TEST_F(LogsTest, SaysWhereTheLogOfANodeIsThatHasNoFile) {
  directory_.write("run/local/ductus.log", "of an earlier life\n");
  serve("", "");
  EXPECT_EQ(run(), 1);
  EXPECT_EQ(out_.str(), "");
  EXPECT_NE(err_.str().find("local logs to stderr"), std::string::npos) << err_.str();
  EXPECT_NE(err_.str().find("journalctl -u ductus@local"), std::string::npos) << err_.str();
}

TEST_F(LogsTest, SaysThatThereIsNoLogYet) {
  EXPECT_EQ(run(), 3);
  EXPECT_NE(err_.str().find("run/local/ductus.log: No such file"), std::string::npos) << err_.str();
  EXPECT_NE(err_.str().find("local is not running"), std::string::npos) << err_.str();
  EXPECT_NE(err_.str().find("journalctl -u ductus@local"), std::string::npos) << err_.str();
  EXPECT_FALSE(std::filesystem::exists(directory_ / "run")) << "a look makes nothing";
}

TEST_F(LogsTest, SaysThatTheLogOfARunningNodeIsGone) {
  serve((directory_.path() / "gone.log").string(), "guarded");
  config::NodeConfig config;
  config.dir = directory_ / "run/local";
  const auto lock = node::lock_node(config, base::LockOwner::kNode);
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  EXPECT_EQ(run(), 1);
  EXPECT_NE(err_.str().find("gone.log: No such file"), std::string::npos) << err_.str();
  EXPECT_NE(err_.str().find("SIGHUP"), std::string::npos) << err_.str();
}

TEST_F(LogsTest, RefusesWhatIsNoFile) {
  configure("[log]\nfile = \"/dev/null\"\n");
  EXPECT_EQ(run(), 1);
  EXPECT_NE(err_.str().find("/dev/null is no regular file"), std::string::npos) << err_.str();
}

}  // namespace
}  // namespace ductus::cli
