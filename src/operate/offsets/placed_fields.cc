#include "operate/offsets/placed_fields.h"

#include <limits>
#include <utility>

#include "base/escape.h"
#include "base/hex.h"
#include "operate/offsets/file_forms.h"

namespace ductus::operate {
namespace {

Json topic_id_to_json(const ports::TopicId& id) {
  return id == ports::TopicId{} ? Json(nullptr) : Json(base::to_hex(id));
}

std::string shown(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  return base::escaped(value.dump(-1, ' ', true, Json::error_handler_t::replace), 100);
}

}  // namespace

PlacedFields::PlacedFields(const Json& object, std::string where, std::string& problem)
    : object_(object), where_(std::move(where)), problem_(problem) {
  if (!object.is_object() && problem_.empty()) {
    problem_ = where_ + ": expected an object, got " + shown(object);
  }
}

const Json* PlacedFields::find(const char* key) const {
  const auto field = object_.find(key);
  return field == object_.end() ? nullptr : &*field;
}

void PlacedFields::refuse(const char* key, const std::string& wanted) {
  if (!problem_.empty()) return;
  const Json* const field = find(key);
  const std::string name = where_.empty() ? std::string(key) : where_ + "." + key;
  problem_ = name + ": " +
             (field == nullptr ? "missing: expected " + wanted : "expected " + wanted + ", got " + shown(*field));
}

std::string PlacedFields::text(const char* key) {
  const Json* const field = find(key);
  if (field != nullptr && field->is_string()) return field->get<std::string>();
  return refuse(key, "text"), std::string();
}

std::string PlacedFields::topic_name(const char* key) {
  std::string name = text(key);
  if (!problem_.empty()) return name;
  if (auto valid = check_topic_name(name, where_); !valid) problem_ = valid.error().message;
  return name;
}

std::int64_t PlacedFields::whole_number_up_to(const char* key, std::int64_t most) {
  const Json* const field = find(key);
  const auto number = field == nullptr ? std::nullopt : whole_number(*field);
  if (number >= 0 && number <= most) return *number;
  refuse(key, "a whole number from 0 to " + std::to_string(most));
  return 0;
}

std::int32_t PlacedFields::number(const char* key) {
  return static_cast<std::int32_t>(whole_number_up_to(key, std::numeric_limits<std::int32_t>::max()));
}

std::optional<std::int32_t> PlacedFields::optional_number(const char* key) {
  const Json* const field = find(key);
  if (field == nullptr || field->is_null()) return std::nullopt;
  return number(key);
}

ports::OffsetUnit PlacedFields::unit(const char* key) {
  if (find(key) == nullptr) return ports::OffsetUnit::kMessages;
  const auto unit = ports::unit_of(text(key));
  if (!unit) refuse(key, "\"messages\" or \"bytes\"");
  return unit.value_or(ports::OffsetUnit::kMessages);
}

ports::TopicId PlacedFields::topic_id(const char* key) {
  ports::TopicId id{};
  const Json* const field = find(key);
  if (field == nullptr || field->is_null()) return id;
  if (!field->is_string() || !base::from_hex(field->get_ref<const std::string&>(), id)) {
    refuse(key, "32 hexadecimal digits in lower case, or null");
  }
  return id;
}

std::int64_t PlacedFields::offset(const char* key) {
  return whole_number_up_to(key, std::numeric_limits<std::int64_t>::max());
}

ports::Position PlacedFields::position(const char* offset_key) {
  ports::Position position;
  position.next_offset = offset(offset_key);
  position.leader_epoch = optional_number("leader_epoch").value_or(-1);
  position.topic_id = topic_id("topic_id");
  return position;
}

ports::StoredTopic PlacedFields::stored_topic() {
  ports::StoredTopic topic;
  topic.topic = topic_name("topic");
  topic.known.topic_id = topic_id("topic_id");
  topic.known.partition_count = number("partition_count");
  return topic;
}

const Json* PlacedFields::list(const char* key) {
  const Json* const field = find(key);
  if (field != nullptr && field->is_array()) return field;
  return refuse(key, "a list"), nullptr;
}

const Json* PlacedFields::object_or_null(const char* key) {
  const Json* const field = find(key);
  if (field != nullptr && field->is_null()) return nullptr;
  if (field != nullptr && field->is_object()) return field;
  return refuse(key, "an object or null"), nullptr;
}

Json to_json(const ports::Position& position, const char* offset_key) {
  return {{offset_key, position.next_offset},
          {"leader_epoch", position.leader_epoch < 0 ? Json(nullptr) : Json(position.leader_epoch)},
          {"topic_id", topic_id_to_json(position.topic_id)}};
}

Json to_json(const ports::StoredTopic& topic) {
  return {{"topic", topic.topic},
          {"topic_id", topic_id_to_json(topic.known.topic_id)},
          {"partition_count", topic.known.partition_count}};
}

}  // namespace ductus::operate
