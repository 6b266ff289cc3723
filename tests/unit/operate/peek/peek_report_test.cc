#include "operate/peek/peek_report.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ductus::operate {
namespace {

TEST(PeekReport, HasTheWholeOfEachMessage) {
  config::NodeConfig config;
  config.name = "local";
  Peeked peeked{.partition = {"orders", 3}, .from = 5, .messages = {}, .readable_end = 9, .trouble = std::nullopt};
  peeked.messages.push_back({5, 1'764'162'000'007, "k\n", std::string("gr\xC3\xB6\xC3\x9F\0r", 8), {}});
  peeked.messages.push_back(
      {7, -1, "\xff\x01", std::nullopt, {{"trace", "x"}, {"none", std::nullopt}, {"\xfe", "\xfd"}}});
  const std::string json = to_json(config, peeked);
  EXPECT_EQ(json.find('\n'), std::string::npos);
  EXPECT_EQ(nlohmann::json::parse(json), nlohmann::json::parse(R"({
    "schema": "ductus.peek/1", "name": "local", "topic": "orders", "partition": 3, "offset": 5, "readable_end": 9,
    "messages": [
      {"offset": 5, "timestamp_ms": 1764162000007, "key": "k\n", "key_base64": false,
       "value": "größ\u0000r", "value_base64": false, "headers": []},
      {"offset": 7, "timestamp_ms": null, "key": "/wE=", "key_base64": true, "value": null, "value_base64": false,
       "headers": [
         {"key": "trace", "key_base64": false, "value": "x", "value_base64": false},
         {"key": "none", "key_base64": false, "value": null, "value_base64": false},
         {"key": "/g==", "key_base64": true, "value": "/Q==", "value_base64": true}]}],
    "error": null})"));
}

TEST(PeekReport, SaysWhyThereIsNoMore) {
  const Peeked peeked{.partition = {"orders", 0},
                      .from = 0,
                      .messages = {},
                      .readable_end = std::nullopt,
                      .trouble = Error{ErrorCode::kTimedOut, "too slow"}};
  const auto json = nlohmann::json::parse(to_json({}, peeked));
  EXPECT_EQ(json["error"], "too slow");
  EXPECT_EQ(json["readable_end"], nullptr);
  EXPECT_EQ(json["messages"], nlohmann::json::array());
}

}  // namespace
}  // namespace ductus::operate
