#include "operate/offsets/change_json.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/escape.h"
#include "operate/offsets/json_document.h"
#include "operate/offsets/placed_fields.h"

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kSchema = "ductus.change/1";
constexpr std::int64_t kGreatest = std::numeric_limits<std::int64_t>::max();
constexpr std::int32_t kGreatestNumber = std::numeric_limits<std::int32_t>::max();

Json position_to_json(const std::optional<ports::Position>& position) {
  if (!position) return nullptr;
  return {{"next_offset", position->next_offset},
          {"leader_epoch", position->leader_epoch < 0 ? Json(nullptr) : Json(position->leader_epoch)},
          {"topic_id", topic_id_to_json(position->topic_id)}};
}

std::optional<ports::Position> position_from_json(const Json* object, const std::string& where, std::string& problem) {
  if (object == nullptr) return std::nullopt;
  PlacedFields fields(*object, where, problem);
  ports::Position position;
  position.next_offset = fields.number("next_offset", 0, kGreatest);
  position.leader_epoch =
      static_cast<std::int32_t>(fields.optional_number("leader_epoch", 0, kGreatestNumber).value_or(-1));
  position.topic_id = fields.topic_id("topic_id");
  return position;
}

ports::PositionChange position_change_from_json(const Json& object, const std::string& where, std::string& problem) {
  PlacedFields fields(object, where, problem);
  ports::PositionChange change;
  change.partition.topic = fields.text("topic");
  change.partition.partition = static_cast<std::int32_t>(fields.number("partition", 0, kGreatestNumber));
  change.before = position_from_json(fields.object_or_null("before"), where + ".before", problem);
  change.after = position_from_json(fields.object_or_null("after"), where + ".after", problem);
  return change;
}

ports::StoredTopic topic_from_json(const Json& object, const std::string& where, std::string& problem) {
  PlacedFields fields(object, where, problem);
  ports::StoredTopic topic;
  topic.topic = fields.text("topic");
  topic.known.topic_id = fields.topic_id("topic_id");
  topic.known.partition_count = static_cast<std::int32_t>(fields.number("partition_count", 0, kGreatestNumber));
  return topic;
}

std::string place(const char* list, std::size_t i) { return std::string(list) + "[" + std::to_string(i) + "]"; }

}  // namespace

std::string to_json(const ports::OperatorChange& change) {
  Json positions = Json::array();
  for (const auto& [partition, before, after] : change.positions) {
    positions.push_back({{"topic", partition.topic},
                         {"partition", partition.partition},
                         {"before", position_to_json(before)},
                         {"after", position_to_json(after)}});
  }
  Json topics = Json::array();
  for (const auto& [topic, known] : change.topics) {
    topics.push_back(
        {{"topic", topic}, {"topic_id", topic_id_to_json(known.topic_id)}, {"partition_count", known.partition_count}});
  }
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
    change.topics.push_back(topic_from_json((*topics)[i], place("topics", i), problem));
  }
  if (!problem.empty()) return Error{ErrorCode::kInvalid, problem};
  return change;
}

}  // namespace ductus::operate
