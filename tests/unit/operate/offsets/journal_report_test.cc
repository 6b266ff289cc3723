#include "operate/offsets/journal_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ductus::operate {
namespace {

using ports::Position;

const std::vector<ports::JournalAct> kActs{
    {7, "2026-11-26T13:00:00.000Z", "bob", "offsets undo", {{{"orders", 1}, Position{5}, {}}}},
    {4, "2026-11-26T12:00:00.000Z", "alice\x1b", "zero_offsets", {{{"orders", 1}, {}, Position{5}}}}};

TEST(JournalReport, IsJson) {
  config::NodeConfig config;
  config.name = "local";
  config.handler_name = "tests";
  const auto told = nlohmann::json::parse(to_json(config, kActs));
  EXPECT_EQ(told["schema"], "ductus.journal/1");
  EXPECT_EQ(told["handler_name"], "tests");
  EXPECT_EQ(told["acts"][0], nlohmann::json::parse(R"({"act":7,"at":"2026-11-26T13:00:00.000Z","who":"bob",
      "why":"offsets undo","positions":[{"topic":"orders","partition":1,
      "unit":"messages","before":5,"after":null}]})"));
}

}  // namespace
}  // namespace ductus::operate
