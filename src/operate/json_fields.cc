#include "operate/json_fields.h"

#include <cmath>

namespace ductus::operate {

Json seconds_or_null(std::optional<double> seconds) {
  return seconds ? Json(std::round(*seconds * 1000) / 1000) : Json(nullptr);
}

std::optional<std::int64_t> whole_number(const Json& value) {
  // What is above int64 is kept as unsigned by the library, and what is above that as a fraction.
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > std::uint64_t{INT64_MAX}) return std::nullopt;
  return value.get<std::int64_t>();
}

const Json* JsonFields::find(const char* name) const {
  const auto field = object_.is_object() ? object_.find(name) : object_.end();
  return field == object_.end() || field->is_null() ? nullptr : &*field;
}

void JsonFields::refuse(const char* name, const char* wanted) {
  if (problem_.empty()) problem_ = std::string("'") + name + "' is not " + wanted;
}

std::string JsonFields::text(const char* name) {
  if (const Json* field = find(name); field != nullptr && field->is_string()) return field->get<std::string>();
  refuse(name, "text");
  return {};
}

std::string JsonFields::optional_text(const char* name) { return find(name) == nullptr ? std::string() : text(name); }

std::optional<std::int64_t> JsonFields::number(const char* name) {
  const Json* const field = find(name);
  if (field == nullptr) return std::nullopt;
  const auto value = whole_number(*field);
  if (!value) refuse(name, "a whole number or null");
  return value;
}

std::optional<std::uint64_t> JsonFields::count(const char* name) {
  const std::optional<std::int64_t> value = number(name);
  if (!value || *value >= 0) return value;
  refuse(name, "a count or null");
  return std::nullopt;
}

std::optional<double> JsonFields::seconds(const char* name) {
  const Json* const field = find(name);
  if (field == nullptr) return std::nullopt;
  if (field->is_number()) return field->get<double>();
  refuse(name, "a number or null");
  return std::nullopt;
}

const Json& JsonFields::object(const char* name) {
  static const Json kNone;
  const Json* const field = find(name);
  if (field == nullptr) return kNone;
  if (!field->is_object()) refuse(name, "an object or null");
  return *field;
}

const Json& JsonFields::list(const char* name) {
  static const Json kNone = Json::array();
  const Json* const field = find(name);
  if (field == nullptr) return kNone;
  if (field->is_array()) return *field;
  refuse(name, "a list");
  return kNone;
}

}  // namespace ductus::operate
