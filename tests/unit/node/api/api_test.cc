#include "node/api/api.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace ductus::node {
namespace {

/// A node on its way up: nothing but its socket is there.
class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    config_.name = "local";
    config_.handler_name = "orders_reader";
    config_.module = "file";
    config_.log_file = "/log/local.log";
    config_.brokers = {{"kafka-1", 9092}};
    api_.follow(config_);
  }
  control::Response ask(const std::string& method, const std::string& path, const control::Request& request = {}) {
    const control::Routes routes = api_.routes();
    const auto route = std::ranges::find_if(
        routes, [&](const control::Route& one) { return one.method == method && one.path == path; });
    return route == routes.end() ? control::Response{404, "", ""} : route->answer(request);
  }
  nlohmann::json status() { return nlohmann::json::parse(ask("GET", "/v1/status").body); }

  config::NodeConfig config_;
  EventRing events_;
  base::ManualClock clock_;
  Api api_{config_, events_, clock_, nullptr};
};

TEST_F(ApiTest, HasTheRoutesOfItsDescriptionAndNoOthers) {
  std::set<std::string> described;
  const auto document = nlohmann::json::parse(kOpenApi);
  for (const auto& [path, methods] : document["paths"].items()) {
    for (const auto& [method, operation] : methods.items())
      described.insert((method == "get" ? "GET " : "POST ") + path);
  }
  std::set<std::string> routes;
  for (const control::Route& route : api_.routes()) routes.insert(route.method + " " + route.path);
  EXPECT_EQ(routes, described);
}

TEST_F(ApiTest, SaysOnTheWayUpWhatTheNodeIsAt) {
  api_.note("the store is being opened");
  clock_.advance(std::chrono::milliseconds(2500));
  const auto told = status();
  EXPECT_EQ(told["state"], "starting");
  EXPECT_EQ(told["reason"], "the store is being opened");
  EXPECT_EQ(told["handler_name"], "orders_reader");
  EXPECT_EQ(told["source"], "kafka-1:9092");
  EXPECT_EQ(told["process"]["pid"], ::getpid());
  EXPECT_EQ(told["process"]["uptime_s"], 2.5);
  EXPECT_EQ(told["process"]["module"], "file");
  EXPECT_EQ(told["process"]["log_file"], "/log/local.log");
  EXPECT_EQ(told["supervision"], nullptr);
  EXPECT_EQ(told["total_lag"], nullptr);
}

TEST_F(ApiTest, RefusesOnTheWayUpWhatNeedsANode) {
  api_.note("the store is being opened");
  for (const auto& [path, body] :
       std::vector<std::pair<std::string, std::string>>{{"/v1/aggregate", ""},
                                                        {"/v1/log", R"({"level": "info"})"},
                                                        {"/v1/pause", R"({"topic": "orders"})"},
                                                        {"/v1/resume", R"({"topic": "orders"})"},
                                                        {"/v1/restart", R"({"topic": "orders", "partition": 1})"},
                                                        {"/v1/reload", ""}}) {
    const auto answer = ask("POST", path, {.path = {}, .query = {}, .body = body});
    EXPECT_EQ(answer.status, 503);
    EXPECT_NE(answer.body.find("the node is starting: the store is being opened"), std::string::npos) << answer.body;
  }
}

TEST_F(ApiTest, SetsALevelOfTheLogForADayAtMost) {
  const auto asked = [&](std::int64_t for_seconds) {
    const std::string body = R"({"level": "debug", "for_seconds": )" + std::to_string(for_seconds) + "}";
    return ask("POST", "/v1/log", {.path = {}, .query = {}, .body = body}).status;
  };
  EXPECT_EQ(asked(Api::kMaxLevelSeconds), 503);  // all is well but that there is no log yet
  EXPECT_EQ(asked(Api::kMaxLevelSeconds + 1), 400);
  EXPECT_EQ(asked(0), 400);
}

TEST_F(ApiTest, ShowsNoPassword) {
  for (const auto& [url, shown] : std::vector<std::pair<std::string, std::string>>{
           {"redis://user:secret@host:6379/0", "redis://user:***@host:6379/0"},
           {"sqlite:offsets.db", "sqlite:offsets.db"}}) {
    config_.store_url = url;
    api_.follow(config_);
    EXPECT_EQ(status()["store"]["url"], shown);
  }
}

TEST_F(ApiTest, TellsTheConfigurationThatTheNodeGoesByNow) {
  const auto level = [this] {
    const auto told = nlohmann::json::parse(ask("GET", "/v1/config").body);
    EXPECT_EQ(told["name"], "local");
    for (const auto& setting : told["settings"]) {
      if (setting["key"] == "log.level") return setting["value"].get<std::string>();
    }
    return std::string();
  };
  EXPECT_EQ(level(), "info");
  config_.log_level = "warn";
  EXPECT_EQ(level(), "info");
  api_.follow(config_);
  EXPECT_EQ(level(), "warn");
}

TEST_F(ApiTest, GivesTheEventsAfterANumber) {
  const std::chrono::system_clock::time_point time{std::chrono::milliseconds(1'764'162'000'007)};
  events_.add(time, LogLevel::kInfo, "one");
  events_.add(time, LogLevel::kError, "two\x1b\xff");
  const auto told =
      nlohmann::json::parse(ask("GET", "/v1/events", {.path = {}, .query = {{"after", "1"}}, .body = {}}).body);
  EXPECT_EQ(told, nlohmann::json::parse(R"({"last": 2, "events": [
    {"id": 2, "time": "2025-11-26T13:00:00.007Z", "level": "error", "text": "two\u001b\ufffd"}]})"));
  EXPECT_EQ(ask("GET", "/v1/events", {.path = {}, .query = {{"after", "-1"}}, .body = {}}).status, 400);
}

}  // namespace
}  // namespace ductus::node
