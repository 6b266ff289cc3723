#include "operate/offsets/change_json.h"

#include <set>
#include <utility>

#include "base/escape.h"
#include "operate/offsets/json_document.h"
#include "operate/offsets/placed_fields.h"

namespace ductus::operate {
namespace {

constexpr std::string_view kSchema = "ductus.change/1";
constexpr const char* kOffsetKey = "next_offset";

Json position_to_json(const std::optional<ports::Position>& position) {
  return position ? to_json(*position, kOffsetKey) : Json(nullptr);
}

std::optional<ports::Position> position_from_json(const Json* object, const std::string& where, std::string& problem) {
  if (object == nullptr) return std::nullopt;
  return PlacedFields(*object, where, problem).position(kOffsetKey);
}

ports::PositionChange position_change_from_json(const Json& object, const std::string& where, std::string& problem) {
  PlacedFields fields(object, where, problem);
  ports::PositionChange change;
  change.partition.topic = fields.topic_name("topic");
  change.partition.partition = fields.number("partition");
  change.partition.unit = fields.unit("unit");
  change.before = position_from_json(fields.object_or_null("before"), where + ".before", problem);
  change.after = position_from_json(fields.object_or_null("after"), where + ".after", problem);
  return change;
}

std::string place(const char* list, std::size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

}  // namespace

std::string to_json(const ports::OperatorChange& change) {
  Json positions = Json::array();
  for (const auto& [partition, before, after] : change.positions) {
    positions.push_back({{"topic", partition.topic},
                         {"partition", partition.partition},
                         {"unit", name_of(partition.unit)},
                         {"before", position_to_json(before)},
                         {"after", position_to_json(after)}});
  }
  Json topics = Json::array();
  for (const ports::StoredTopic& topic : change.topics) topics.push_back(to_json(topic));
  const Json document = {{"schema", kSchema},
                         {"who", change.who},
                         {"why", change.why},
                         {"positions", std::move(positions)},
                         {"topics", std::move(topics)}};
  return document.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<ports::OperatorChange> change_from_json(std::string_view text) {
  auto document = parse_document(text, TrailingCommas::kRefused);
  if (!document) return std::move(document).error();
  std::string problem;
  PlacedFields fields(*document, "the change", problem);
  if (fields.text("schema") != kSchema && problem.empty()) problem = "schema: expected " + std::string(kSchema);
  ports::OperatorChange change{fields.text("who"), fields.text("why"), {}, {}};
  const Json* const positions = fields.list("positions");
  const Json* const topics = fields.list("topics");
  if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
  if (std::max(positions->size(), topics->size()) > kMaxChangedPositions) {
    return Error{ErrorCode::kLimit, "a change of more than " + std::to_string(kMaxChangedPositions) + " positions"};
  }
  std::set<ports::TopicPartition> named;
  for (std::size_t i = 0; i < positions->size(); ++i) {
    const std::string where = place("positions", i);
    change.positions.push_back(position_change_from_json((*positions)[i], where, problem));
    if (!named.insert(change.positions.back().partition).second && problem.empty()) {
      problem = where + ": the partition is named twice";
    }
    if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
  }
  for (std::size_t i = 0; i < topics->size() && problem.empty(); ++i) {
    change.topics.push_back(PlacedFields((*topics)[i], place("topics", i), problem).stored_topic());
  }
  if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
  return change;
}

}  // namespace ductus::operate
