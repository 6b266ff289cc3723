#include "operate/status_report.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "operate/json_fields.h"
#include "operate/status_details_json.h"

namespace ductus::operate {
namespace {

using Offset = std::optional<std::int64_t>;

constexpr std::string_view kSchema = "ductus.status/1";

std::string on_one_line(const Json& document) { return document.dump(-1, ' ', true, Json::error_handler_t::replace); }

Json as_json(const PartitionStatus& partition) {
  Json object = {
      {"topic", partition.topic},
      {"partition", partition.partition < 0 ? Json(nullptr) : Json(partition.partition)},
      {"state", partition.state},
      {"reason", partition.reason},
      {"next_offset", number_or_null(partition.next_offset)},
      {"log_start_offset", number_or_null(partition.log_start_offset)},
      {"high_watermark", number_or_null(partition.high_watermark)},
      {"readable_end", number_or_null(partition.readable_end)},
      {"lag", number_or_null(partition.lag())},
  };
  add_to(object, partition.activity);
  return object;
}

std::optional<ports::ProtocolFound> protocol_from(JsonFields& fields) {
  const std::string protocol = fields.optional_text("protocol");
  const auto unit = ports::unit_of(fields.optional_text("unit"));
  if (protocol.empty() || !unit) return std::nullopt;
  return ports::ProtocolFound{*unit, protocol, fields.optional_text("protocol_why")};
}

PartitionStatus partition_from(const Json& object, std::string& problem) {
  JsonFields fields(object, problem);
  PartitionStatus partition;
  partition.topic = fields.text("topic");
  const std::int64_t index = fields.number("partition").value_or(-1);
  if (index < -1 || index > std::numeric_limits<std::int32_t>::max()) {
    problem = "'partition' is not the number of a partition";
    return partition;
  }
  partition.partition = static_cast<std::int32_t>(index);
  partition.state = fields.text("state");
  partition.reason = fields.text("reason");
  partition.next_offset = fields.number("next_offset");
  partition.log_start_offset = fields.number("log_start_offset");
  partition.high_watermark = fields.number("high_watermark");
  partition.readable_end = fields.number("readable_end");
  partition.activity = activity_from(object, problem);
  return partition;
}

}  // namespace

Offset PartitionStatus::lag() const {
  if (!readable_end || !next_offset) return std::nullopt;
  std::int64_t lag = 0;
  if (__builtin_sub_overflow(*readable_end, *next_offset, &lag)) return std::nullopt;
  return std::max<std::int64_t>(lag, 0);
}

std::optional<ports::OffsetUnit> StatusReport::unit() const {
  return protocol ? std::optional(protocol->unit) : std::nullopt;
}

Offset StatusReport::total_lag() const {
  // A node without a known partition has not found its topics yet.
  if (partitions.empty()) return std::nullopt;
  std::int64_t total = 0;
  for (const PartitionStatus& partition : partitions) {
    const Offset lag = partition.lag();
    if (!lag || __builtin_add_overflow(total, *lag, &total)) return std::nullopt;
  }
  return total;
}

std::string to_json(const PartitionStatus& partition) { return on_one_line(as_json(partition)); }

std::string to_json(const StatusReport& report) {
  Json partitions = Json::array();
  for (const PartitionStatus& partition : report.partitions) partitions.push_back(as_json(partition));
  const Json document = {
      {"schema", kSchema},
      {"name", report.name},
      {"handler_name", report.handler_name},
      {"source", report.source},
      {"state", report.state},
      {"reason", report.reason},
      {"process", to_json(report.process)},
      {"store", to_json(report.store)},
      {"supervision", to_json(report.supervision)},
      {"protocol", report.protocol ? Json(report.protocol->protocol) : Json(nullptr)},
      {"protocol_why", report.protocol ? Json(report.protocol->why) : Json(nullptr)},
      {"unit", report.protocol ? Json(name_of(report.protocol->unit)) : Json(nullptr)},
      {"partitions", std::move(partitions)},
      {"total_lag", number_or_null(report.total_lag())},
  };
  return on_one_line(document);
}

Result<StatusReport> status_from_json(const std::string& text) {
  const Json document = Json::parse(text, nullptr, false);
  if (!document.is_object()) return Error{ErrorCode::kInvalid, "the status is no JSON object"};
  std::string problem;
  JsonFields fields(document, problem);
  if (fields.text("schema") != kSchema) {
    return Error{ErrorCode::kInvalid, "the status is not of the form " + std::string(kSchema) +
                                          ": the node is of another version of this program"};
  }
  StatusReport report;
  report.name = fields.text("name");
  report.handler_name = fields.text("handler_name");
  report.source = fields.text("source");
  report.state = fields.text("state");
  report.protocol = protocol_from(fields);
  report.reason = fields.optional_text("reason");
  report.process = process_from(fields.object("process"), problem);
  report.store = store_from(fields.object("store"), problem);
  report.supervision = supervision_from(fields.object("supervision"), problem);
  const auto partitions = document.find("partitions");
  if (partitions == document.end() || !partitions->is_array()) {
    return Error{ErrorCode::kInvalid, "the status has no list of partitions"};
  }
  for (const Json& partition : *partitions) report.partitions.push_back(partition_from(partition, problem));
  if (!problem.empty()) return Error{ErrorCode::kInvalid, "the status is malformed: " + problem};
  return report;
}

}  // namespace ductus::operate
