#include "cli/attach/commands.h"

#include <gtest/gtest.h>

#include <sstream>

#include "control/node_process.h"
#include "control/server.h"
#include "support/temporary_directory.h"

namespace ductus::cli {
namespace {

using Outcome = AttachCommands::Outcome;
using Words = std::vector<std::string>;

class AttachCommandsTest : public ::testing::Test {
 protected:
  AttachCommandsTest() {
    config_.name = "local";
    config_.handler_name = "tests";
    config_.dir = directory_.path();
    config_.topics.resize(2);
    config_.topics[0].name = "events";
    config_.topics[1].name = "orders";
  }

  Outcome run(const std::string& line) {
    out_.str("");
    err_.str("");
    return AttachCommands(config_, around_, {}, {}).run(line);
  }
  Words complete(const std::string& before) {
    return AttachCommands(config_, around_, {}, {}).complete(before).candidates;
  }

  /// A node that answers with one partition.
  void serve(control::Routes more = {}) {
    more.push_back({"GET", "/v1/status", [](const control::Request&) {
                      operate::StatusReport report;
                      report.state = "running";
                      operate::PartitionStatus partition;
                      partition.topic = "events";
                      partition.partition = 7;
                      partition.state = "ok";
                      report.partitions.push_back(partition);
                      return control::Response{200, operate::to_json(report)};
                    }});
    auto server = control::Server::start(control::socket_path(config_.dir), std::move(more));
    ASSERT_TRUE(server.ok()) << server.error().message;
    server_ = *std::move(server);
  }

  test::TemporaryDirectory directory_;
  config::NodeConfig config_;
  std::ostringstream out_;
  std::ostringstream err_;
  Surroundings around_{out_, err_, {}, {}, {}, {}};
  std::unique_ptr<control::Server> server_;
};

TEST_F(AttachCommandsTest, DoNothingForAnEmptyLineAndAComment) {
  for (const char* const line : {"", "  \t", "# pause events", "#"}) EXPECT_EQ(run(line), Outcome::kOk);
  EXPECT_EQ(out_.str() + err_.str(), "");
}

TEST_F(AttachCommandsTest, SuggestTheOneThatWasMeant) {
  EXPECT_EQ(run("puase events"), Outcome::kFailed);
  EXPECT_NE(err_.str().find("there is no command 'puase'; did you mean 'pause'?"), std::string::npos) << err_.str();
}

TEST_F(AttachCommandsTest, RefuseWhatTheyDoNotTake) {
  serve();
  for (const char* const line :
       {"tree now", "trace", "trace events", "trace events/x", "trace events/-1", "trace events/99999999999", "pause",
        "pause /1", "pause events 1", "log", "log loud", "log debug for", "log debug until 5s", "log debug for 5",
        "events 0", "events x", "trace events/6", "config now"}) {
    EXPECT_EQ(run(line), Outcome::kFailed) << line;
    EXPECT_NE(err_.str(), "") << line;
    EXPECT_EQ(out_.str(), "") << line;
  }
}

TEST_F(AttachCommandsTest, SayThatTheNodeIsGoneAndFindItAgain) {
  EXPECT_EQ(run("trace events/7"), Outcome::kFailed);
  EXPECT_NE(err_.str().find("local is not running; the next command tries again"), std::string::npos) << err_.str();
  serve();
  EXPECT_EQ(run("trace events/7"), Outcome::kOk) << err_.str();
  EXPECT_TRUE(out_.str().starts_with("events/7  ok")) << out_.str();
}

TEST_F(AttachCommandsTest, TellTheNodesOwnWordsWhereItRefuses) {
  serve({{"POST", "/v1/aggregate",
          [](const control::Request&) { return control::error_response(409, "no period is set\x1b[2J"); }}});
  EXPECT_EQ(run("aggregate"), Outcome::kFailed);
  EXPECT_EQ(err_.str(), "ductus: no period is set\\x1b[2J\n");
}

TEST_F(AttachCommandsTest, WaitUntilAPauseIsNoted) {
  std::string asked;
  int looks = 0;
  serve({{"POST", "/v1/pause",
          [&](const control::Request& request) {
            asked = request.body;
            return control::Response{202, R"({"change":7})"};
          }},
         {"GET", "/v1/changes/7", [&](const control::Request&) {
            return control::Response{200, ++looks < 3 ? R"({"state":"pending"})" : R"({"state":"done"})"};
          }}});
  EXPECT_EQ(run("pause events/7"), Outcome::kOk) << err_.str();
  EXPECT_EQ(asked, R"({"topic":"events","partition":7})");
  EXPECT_EQ(looks, 3);
  EXPECT_EQ(out_.str(), "events/7 paused\n");
}

TEST_F(AttachCommandsTest, TellWhatAChangeFailedOf) {
  serve({{"POST", "/v1/resume", [](const control::Request&) { return control::Response{202, R"({"change":1})"}; }},
         {"GET", "/v1/changes/1", [](const control::Request&) {
            return control::Response{200, R"({"state":"failed","error":"the disk is full"})"};
          }}});
  EXPECT_EQ(run("resume events"), Outcome::kFailed);
  EXPECT_EQ(err_.str(), "ductus: the disk is full\n");
}

TEST_F(AttachCommandsTest, SayThatARestartHasBegun) {
  serve({{"POST", "/v1/restart",
          [](const control::Request&) { return control::Response{202, R"({"restarting":true})"}; }}});
  EXPECT_EQ(run("restart events"), Outcome::kOk);
  EXPECT_EQ(out_.str(), "events is being restarted\n");
}

TEST_F(AttachCommandsTest, ShowTheLastEvents) {
  serve({{"GET", "/v1/events", [](const control::Request&) {
            return control::Response{200, R"({"last":3,"events":[{"id":1,"time":"t1","level":"info","text":"one"},)"
                                          R"({"id":2,"time":"t2","level":"warn","text":"two\u001b"},{"id":3}]})"};
          }}});
  EXPECT_EQ(run("events"), Outcome::kOk) << err_.str();
  EXPECT_EQ(out_.str(), "t1  info  one\nt2  warn  two\\x1b\n\n");
  EXPECT_EQ(run("events 2"), Outcome::kOk);
  EXPECT_EQ(out_.str(), "t2  warn  two\\x1b\n\n");
}

TEST_F(AttachCommandsTest, ShowTheConfigurationOfTheNode) {
  std::string answer = R"({"toml":"[log]\nlevel = \"info\"\na = \"\\\\ \u001b[2J\"\n"})";
  serve({{"GET", "/v1/config", [&](const control::Request&) { return control::Response{200, answer}; }}});
  EXPECT_EQ(run("config"), Outcome::kOk) << err_.str();
  EXPECT_EQ(out_.str(), "[log]\nlevel = \"info\"\na = \"\\\\ \\x1b[2J\"\n");
  for (const char* const other : {"{}", "[]", R"({"toml":1})", "no JSON"}) {
    answer = other;
    EXPECT_EQ(run("config"), Outcome::kFailed) << other;
    EXPECT_NE(err_.str().find("another version"), std::string::npos) << err_.str();
  }
}

TEST_F(AttachCommandsTest, PeekAtAPlaceOfTheConfigurationAlone) {
  serve();
  for (const char* const line : {"peek", "peek events/x", "peek events 0", "peek events 101", "peek events 1 2"}) {
    EXPECT_EQ(run(line), Outcome::kFailed) << line;
    EXPECT_EQ(err_.str(), "ductus: peek takes TOPIC or TOPIC/PARTITION, and a number up to 100\n") << line;
  }
  EXPECT_EQ(run("peek evnets"), Outcome::kFailed);
  EXPECT_NE(err_.str().find("did you mean 'events'?"), std::string::npos) << err_.str();
}

TEST_F(AttachCommandsTest, AreCompletedWithWhatTheyTake) {
  serve();
  EXPECT_EQ(complete("re"), Words({"resume", "restart", "reload"}));
  EXPECT_EQ(complete("pause "), Words({"events", "orders", "events/7"}));
  EXPECT_EQ(complete("pause ev"), Words({"events", "events/7"}));
  EXPECT_EQ(complete("trace "), Words({"events/7"}));
  EXPECT_EQ(complete("peek ev"), Words({"events", "events/7"}));
  EXPECT_EQ(complete("log w"), Words({"warn"}));
  EXPECT_EQ(complete("log warn f"), Words({"for"}));
  EXPECT_EQ(complete("tree "), Words());
  EXPECT_EQ(complete("nonsense x"), Words());
  EXPECT_GE(complete("").size(), 10u);
}

TEST_F(AttachCommandsTest, AreCompletedFromTheConfigurationWhileNoNodeRuns) {
  EXPECT_EQ(complete("pause or"), Words({"orders"}));
}

}  // namespace
}  // namespace ductus::cli
