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
  StatusReport report{"local", "kafka_ductus", "running", "kafka-1:9092", std::move(partitions)};
  report.protocol = ports::ProtocolFound{ports::OffsetUnit::kMessages, "kafka", "it answers"};
  return report;
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

TEST(StatusJson, TellsWhetherADaemonIsGuardedAndWhereItLogs) {
  StatusReport report = report_of({});
  EXPECT_EQ(nlohmann::json::parse(to_json(report)).at("process").at("log_file"), nullptr);
  report.process.guardian = "unguarded";
  report.process.log_file = "/log";
  EXPECT_EQ(nlohmann::json::parse(to_json(report)).at("process").at("guardian"), "unguarded");
  EXPECT_EQ(nlohmann::json::parse(to_json(report)).at("process").at("log_file"), "/log");
  const auto read = status_from_json(to_json(report));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->process.guardian, "unguarded");
  EXPECT_EQ(read->process.log_file, "/log");
}

TEST(StatusJson, HasTheFieldsOfItsSchema) {
  auto waiting = partition_at(3, 5, 9);
  waiting.log_start_offset = 1;
  waiting.high_watermark = 10;
  waiting.reason = "store away";
  auto json = nlohmann::json::parse(to_json(report_of({waiting, partition_at(4, std::nullopt, 9)})));
  for (const char* details : {"reason", "process", "store", "supervision"})
    EXPECT_EQ(json.erase(details), 1u) << details;
  for (auto& partition : json["partitions"]) {
    for (const char* unknown :
         {"restarts", "last_error", "last_error_ago_s", "retry_in_s", "in_per_s", "out_per_s", "behind_s",
          "last_message_at_ms", "approx_lag_bytes", "uncommitted_batches", "call", "batch"}) {
      EXPECT_TRUE(partition.at(unknown).is_null()) << unknown;
      partition.erase(unknown);
    }
    EXPECT_EQ(partition.erase("last_results"), 1u);
  }
  const auto expected = nlohmann::json::parse(R"({
    "schema": "ductus.status/1", "name": "local", "handler_name": "kafka_ductus", "source": "kafka-1:9092",
    "state": "running", "protocol": "kafka", "protocol_why": "it answers", "unit": "messages", "total_lag": null,
    "partitions": [
      {"topic": "orders", "partition": 3, "state": "behind", "reason": "store away", "next_offset": 5,
       "log_start_offset": 1, "high_watermark": 10, "readable_end": 9, "lag": 4},
      {"topic": "orders", "partition": 4, "state": "behind", "reason": "", "next_offset": null,
       "log_start_offset": null, "high_watermark": null, "readable_end": 9, "lag": null}]})");
  EXPECT_EQ(json, expected);
}

TEST(StatusJson, KnowsNoUnitBeforeTheProtocolIsFound) {
  auto report = report_of({});
  report.protocol.reset();
  const auto json = nlohmann::json::parse(to_json(report));
  for (const char* field : {"protocol", "protocol_why", "unit"}) EXPECT_TRUE(json.at(field).is_null()) << field;
  EXPECT_EQ(status_from_json(to_json(report))->unit(), std::nullopt);
}

TEST(StatusJson, TellsWhereOffsetsCountBytes) {
  auto report = report_of({});
  report.protocol = ports::ProtocolFound{ports::OffsetUnit::kBytes, "kafka-0.7", "it closes on null"};
  EXPECT_EQ(nlohmann::json::parse(to_json(report)).at("unit"), "bytes");
  const auto read = status_from_json(to_json(report));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->unit(), ports::OffsetUnit::kBytes);
  EXPECT_EQ(read->protocol->protocol, "kafka-0.7");
  EXPECT_EQ(read->protocol->why, "it closes on null");
}

/// A report in which everything is known.
StatusReport full_report() {
  auto partition = partition_at(0, 40, 100);
  partition.activity = {.restarts = 3,
                        .last_error = "disk full",
                        .last_error_ago_s = 12.5,
                        .retry_in_s = 4.25,
                        .in_per_s = 310.5,
                        .out_per_s = 0,
                        .last_message_at_ms = 1'764'000'000'000,
                        .behind_s = 62,
                        .approx_lag_bytes = 351'000,
                        .uncommitted_batches = 16,
                        .call = PartitionCall{"handle_messages", 358.125},
                        .batch = BatchInHand{40, 90, 1'000'000},
                        .last_results = {{"defer", 0.088, 4, 2210, 5}, {"ok", 0.081, 9, 2210, std::nullopt}}};
  auto report = report_of({partition});
  report.reason = "everything is restarted: no progress";
  report.process = {.pid = 4711,
                    .started_at = "2026-11-26T13:00:00Z",
                    .uptime_s = 273'600.5,
                    .log_trouble = "no room",
                    .module = "file"};
  report.store = {"redis://127.0.0.1:6379", "away", "cannot connect", 0.4};
  report.supervision = {.level = "B",
                        .reason = "no progress",
                        .retry_in_s = 7,
                        .restarts = 2,
                        .last_restart_ago_s = 7200,
                        .last_restart_why = "too many failures",
                        .counted_failures = 1,
                        .store = "running",
                        .adapters = {{"running", 3}, {"backing_off", 1}},
                        .adapter_restarts = 5,
                        .periodic = PeriodicStatus{"running", 7, 12, 1}};
  return report;
}

TEST(StatusJson, TellsAllThatIsKnown) {
  const auto json = nlohmann::json::parse(to_json(full_report()));
  const auto& partition = json["partitions"][0];
  EXPECT_EQ(partition["restarts"], 3);
  EXPECT_EQ(partition["out_per_s"], 0);
  EXPECT_EQ(partition["call"], nlohmann::json::parse(R"({"what": "handle_messages", "for_s": 358.125})"));
  EXPECT_EQ(partition["batch"], nlohmann::json::parse(R"({"first_offset": 40, "next_offset": 90, "bytes": 1000000})"));
  EXPECT_EQ(partition["last_results"], nlohmann::json::parse(R"([
    {"verdict": "defer", "took_s": 0.088, "ago_s": 4.0, "messages": 2210, "deferred_by_s": 5.0},
    {"verdict": "ok", "took_s": 0.081, "ago_s": 9.0, "messages": 2210, "deferred_by_s": null}])"));
  EXPECT_EQ(json["process"]["log_trouble"], "no room");
  EXPECT_EQ(json["store"], nlohmann::json::parse(R"({"url": "redis://127.0.0.1:6379", "state": "away",
    "reason": "cannot connect", "stored_ago_s": 0.4})"));
  EXPECT_EQ(json["supervision"], nlohmann::json::parse(R"({
    "level": "B", "reason": "no progress", "retry_in_s": 7.0, "restarts": 2, "last_restart_ago_s": 7200.0,
    "last_restart_why": "too many failures", "counted_failures": 1,
    "tree": {"store": {"state": "running"}, "adapter_sup": {"restarts": 5, "running": 3, "backing_off": 1},
             "periodic": {"state": "running", "next_in_s": 7.0, "collections": 12, "failures": 1}}})"));
  EXPECT_EQ(to_json(full_report().partitions[0]),
            nlohmann::ordered_json::parse(to_json(full_report()))["partitions"][0].dump());
}

TEST(StatusJson, BringsAllThatIsKnownBack) {
  const auto back = status_from_json(to_json(full_report()));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), to_json(full_report()));
}

TEST(StatusJson, RefusesDetailsThatAreMalformed) {
  const auto whole = nlohmann::ordered_json::parse(to_json(full_report()));
  for (const auto& [where, value] :
       std::vector<std::pair<const char*, nlohmann::ordered_json>>{{"/partitions/0/restarts", -1},
                                                                   {"/partitions/0/last_error", 7},
                                                                   {"/partitions/0/behind_s", "long"},
                                                                   {"/partitions/0/call", 7},
                                                                   {"/partitions/0/call/what", nullptr},
                                                                   {"/partitions/0/last_results", "none"},
                                                                   {"/partitions/0/last_results/0", 7},
                                                                   {"/process", "4711"},
                                                                   {"/process/uptime_s", true},
                                                                   {"/store/stored_ago_s", "now"},
                                                                   {"/supervision", 5},
                                                                   {"/supervision/tree/adapter_sup/running", 1.5},
                                                                   {"/supervision/tree/periodic/state", 3}}) {
    auto broken = whole;
    broken[nlohmann::ordered_json::json_pointer(where)] = value;
    EXPECT_FALSE(status_from_json(broken.dump()).ok()) << where;
  }
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

TEST(StatusReport, ShowsATopicThatWasNotFoundAsUnknown) {
  const auto report = report_of({partition_at(-1, std::nullopt, std::nullopt)});
  EXPECT_EQ(nlohmann::json::parse(to_json(report))["partitions"][0]["partition"], nullptr);
  EXPECT_EQ(status_from_json(to_json(report))->partitions.at(0).partition, -1);
}

}  // namespace
}  // namespace ductus::operate
