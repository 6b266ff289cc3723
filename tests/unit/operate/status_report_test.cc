#include "operate/status_report.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace ductus::operate {
namespace {

PartitionStatus partition_at(std::int32_t index, std::optional<std::int64_t> next, std::optional<std::int64_t> end) {
  PartitionStatus status;
  status.topic = "orders";
  status.partition = index;
  status.state = "behind";
  status.next_offset = next;
  status.readable_end = end;
  return status;
}

StatusReport report_of(std::vector<PartitionStatus> partitions) {
  return {"local", "kafka_ductus", "running", "kafka-1:9092", std::move(partitions)};
}

TEST(Lag, IsWhatIsLeftToRead) {
  EXPECT_EQ(partition_at(0, 40, 100).lag(), 60);
  EXPECT_EQ(partition_at(0, 100, 100).lag(), 0);
  EXPECT_EQ(partition_at(0, 120, 100).lag(), 0);
}

TEST(Lag, IsUnknownWhereAPartIs) {
  EXPECT_EQ(partition_at(0, std::nullopt, 100).lag(), std::nullopt);
  EXPECT_EQ(partition_at(0, 40, std::nullopt).lag(), std::nullopt);
  EXPECT_EQ(partition_at(0, std::numeric_limits<std::int64_t>::min(), 1).lag(), std::nullopt);
  EXPECT_EQ(report_of({partition_at(0, 1, 2), partition_at(1, std::nullopt, 2)}).total_lag(), std::nullopt);
  EXPECT_EQ(report_of({}).total_lag(), std::nullopt);
}

TEST(Lag, AddsUp) {
  EXPECT_EQ(report_of({partition_at(0, 1, 2), partition_at(1, 0, 10)}).total_lag(), 11);
  const auto most = partition_at(0, 0, std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(report_of({most, most}).total_lag(), std::nullopt);
}

TEST(StatusJson, HasTheFieldsOfItsSchema) {
  auto waiting = partition_at(3, 5, 9);
  waiting.log_start_offset = 1;
  waiting.high_watermark = 10;
  waiting.reason = "store away";
  const auto json = nlohmann::json::parse(to_json(report_of({waiting, partition_at(4, std::nullopt, 9)})));
  const auto expected = nlohmann::json::parse(R"({
    "schema": "ductus.status/1", "name": "local", "handler_name": "kafka_ductus", "source": "kafka-1:9092",
    "state": "running", "unit": "messages", "total_lag": null,
    "partitions": [
      {"topic": "orders", "partition": 3, "state": "behind", "reason": "store away", "next_offset": 5,
       "log_start_offset": 1, "high_watermark": 10, "readable_end": 9, "lag": 4},
      {"topic": "orders", "partition": 4, "state": "behind", "reason": "", "next_offset": null,
       "log_start_offset": null, "high_watermark": null, "readable_end": 9, "lag": null}]})");
  EXPECT_EQ(json, expected);
}

TEST(StatusJson, IsOneLine) { EXPECT_EQ(to_json(report_of({partition_at(0, 1, 2)})).find('\n'), std::string::npos); }

TEST(StatusJson, SurvivesBytesThatAreNoUtf8) {
  auto report = report_of({});
  report.handler_name = "bad \xff";
  EXPECT_EQ(nlohmann::json::parse(to_json(report))["handler_name"], "bad \xEF\xBF\xBD");
}

TEST(StatusJson, ComesBackAsItWent) {
  auto first = partition_at(0, std::numeric_limits<std::int64_t>::max(), std::nullopt);
  first.reason = "line\nbreak \"quoted\"";
  const auto report = report_of({first, partition_at(1, 7, 9)});
  const auto back = status_from_json(to_json(report));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(report));
}

TEST(StatusJson, TakesFieldsItDoesNotKnow) {
  const auto back = status_from_json(R"({"schema":"ductus.status/1","name":"a","handler_name":"b","source":"c:1",
    "state":"running","new":[1],"partitions":[],"total_lag":null})");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->name, "a");
}

TEST(StatusJson, RefusesWhatIsNoStatus) {
  const std::string head = R"({"schema":"ductus.status/1","name":"a","handler_name":"b","source":"c","state":"d")";
  const std::string part = R"("topic":"t","state":"ok","reason":"")";
  for (const std::string& text : std::vector<std::string>{
           "", "[]", "{", "nonsense", R"({"schema":"ductus.status/2"})", head + "}", head + R"(,"partitions":7})",
           head + R"(,"partitions":[7]})", head + R"(,"partitions":[{"partition":0}]})",
           head + R"(,"partitions":[{"partition":-2,)" + part + "}]}",
           head + R"(,"partitions":[{"partition":3000000000,)" + part + "}]}",
           head + R"(,"partitions":[{"partition":0,"next_offset":1.5,)" + part + "}]}",
           head + R"(,"partitions":[{"partition":0,"next_offset":18446744073709551615,)" + part + "}]}"}) {
    const auto back = status_from_json(text);
    ASSERT_FALSE(back.ok()) << text;
    EXPECT_EQ(back.error().code, ErrorCode::kInvalid);
  }
}

TEST(StatusText, KeepsTheOriginalsFirstAndLastLine) {
  auto stalled = partition_at(11, 117001, 119211);
  stalled.state = "stalled";
  stalled.reason = "handler busy 358 s";
  EXPECT_EQ(to_text(report_of({partition_at(0, 7, 9), stalled})),
            "kafka_ductus 'kafka_ductus' from kafka-1:9092\n"
            "state: running\n"
            "\n"
            "TOPIC/PART  STATE    OFFSET   LAG  REASON\n"
            "orders/0    behind        7     2\n"
            "orders/11   stalled  117001  2210  handler busy 358 s\n"
            "\n"
            "Total lag: 2212 messages\n");
}

TEST(StatusText, MarksWhatIsUnknown) {
  const auto text = to_text(report_of({partition_at(0, std::nullopt, 9)}));
  EXPECT_NE(text.find("orders/0    behind       ?    ?\n"), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with("\nTotal lag: ? messages\n"));
}

TEST(StatusReport, ShowsATopicThatWasNotFoundAsUnknown) {
  const auto report = report_of({partition_at(-1, std::nullopt, std::nullopt)});
  EXPECT_EQ(nlohmann::json::parse(to_json(report))["partitions"][0]["partition"], nullptr);
  EXPECT_EQ(status_from_json(to_json(report))->partitions.at(0).partition, -1);
  EXPECT_NE(to_text(report).find("orders/?    behind"), std::string::npos);
}

TEST(StatusText, LetsNoNameDriveTheTerminal) {
  auto report = report_of({partition_at(0, 1, 2)});
  report.handler_name = "x\x1b]0;owned\x07";
  report.partitions[0].reason = "a\nTotal lag: 0 messages";
  const auto text = to_text(report);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(text.find("a\\nTotal lag"), std::string::npos);
}

}  // namespace
}  // namespace ductus::operate
