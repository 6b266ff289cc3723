#include "node/api/config_answer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config/load.h"
#include "support/temporary_directory.h"

namespace ductus::node {
namespace {

class ConfigAnswerTest : public ::testing::Test {
 protected:
  nlohmann::json answer_for(const std::string& file) {
    directory_.write("config/local.toml", file);
    auto config = config::load({.config = "local",
                                .config_dir = {},
                                .sets = {"handler.settings.token=hidden"},
                                .environment = {},
                                .cwd = directory_.path()});
    EXPECT_TRUE(config.ok()) << config.error().message;
    const std::string answer = config_answer(*config);
    EXPECT_EQ(answer.find("hidden"), std::string::npos) << answer;
    EXPECT_EQ(answer.find('\n'), answer.size() - 1);
    return nlohmann::json::parse(answer);
  }
  static nlohmann::json setting(const nlohmann::json& answer, const std::string& key) {
    for (const auto& one : answer["settings"]) {
      if (one["key"] == key) return one;
    }
    return nullptr;
  }

  test::TemporaryDirectory directory_;
};

TEST_F(ConfigAnswerTest, HasEachSettingAsItWasWrittenAndWhereItIsFrom) {
  const auto answer = answer_for(
      "node.stop_timeout_ms = 5000\n[source]\nbrokers = ['a:1']\n[[topics]]\nname = 'orders'\n"
      "init = {n = 1, r = 2.5, b = true, l = ['x'], nan = nan}\n");
  EXPECT_EQ(answer["schema"], "ductus.config/1");
  EXPECT_EQ(setting(answer, "node.stop_timeout_ms"), nlohmann::json::parse(R"({"key": "node.stop_timeout_ms",
    "value": 5000, "origin": "config/local.toml:1:6"})"));
  EXPECT_EQ(setting(answer, "node.stop_timeout"), nullptr);
  EXPECT_EQ(setting(answer, "log.level"),
            nlohmann::json::parse(R"({"key": "log.level", "value": "info", "origin": "default"})"));
  EXPECT_EQ(
      setting(answer, "topics")["value"],
      nlohmann::json::parse(R"([{"name": "orders", "init": {"n": 1, "r": 2.5, "b": true, "l": ["x"], "nan": null}}])"));
}

TEST_F(ConfigAnswerTest, HasTheTomlOfAllWithoutSecrets) {
  const auto answer = answer_for(
      "[handler.settings]\ntoken = 'hidden'\nurl = 'https://me:hidden@h/'\nname = '\"\xC3\xA4'\n[source]\nbrokers = "
      "['a:1']\n"
      "[[topics]]\nname = 'orders'\n");
  const auto toml = answer["toml"].get<std::string>();
  EXPECT_NE(toml.find("[source]\nbrokers = [\"a:1\"]\n"), std::string::npos) << toml;
  EXPECT_NE(toml.find(R"(settings = { name = "\"ä", token = "***", url = "https://me:***@h/" })"
                      "\n"),
            std::string::npos)
      << toml;
  EXPECT_EQ(setting(answer, "handler.settings")["origin"], "config/local.toml:1:10");
}

}  // namespace
}  // namespace ductus::node
