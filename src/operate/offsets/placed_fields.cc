#include "operate/offsets/placed_fields.h"

#include <algorithm>
#include <utility>

#include "base/escape.h"

namespace ductus::operate {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kHexDigits = "0123456789abcdef";

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

std::int64_t PlacedFields::number(const char* key, std::int64_t least, std::int64_t most) {
  const Json* const field = find(key);
  // What is above int64 is kept as unsigned by the library, and what is above that as a fraction.
  const bool fits = field != nullptr && field->is_number_integer() &&
                    (!field->is_number_unsigned() || field->get<std::uint64_t>() <= std::uint64_t{INT64_MAX});
  if (fits && field->get<std::int64_t>() >= least && field->get<std::int64_t>() <= most) {
    return field->get<std::int64_t>();
  }
  refuse(key, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return least;
}

std::optional<std::int64_t> PlacedFields::optional_number(const char* key, std::int64_t least, std::int64_t most) {
  const Json* const field = find(key);
  if (field == nullptr || field->is_null()) return std::nullopt;
  return number(key, least, most);
}

ports::TopicId PlacedFields::topic_id(const char* key) {
  ports::TopicId id{};
  const Json* const field = find(key);
  if (field == nullptr || field->is_null()) return id;
  const std::string digits = field->is_string() ? field->get<std::string>() : std::string();
  if (digits.size() != 2 * id.size() || digits.find_first_not_of(kHexDigits) != std::string::npos) {
    refuse(key, "32 hexadecimal digits in lower case, or null");
    return id;
  }
  for (std::size_t i = 0; i < id.size(); ++i) {
    id[i] = static_cast<std::uint8_t>(16 * kHexDigits.find(digits[2 * i]) + kHexDigits.find(digits[2 * i + 1]));
  }
  return id;
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

Json topic_id_to_json(const ports::TopicId& id) {
  if (std::all_of(id.begin(), id.end(), [](auto byte) { return byte == 0; })) return nullptr;
  std::string digits;
  for (const std::uint8_t byte : id) {
    digits += kHexDigits[byte / 16];
    digits += kHexDigits[byte % 16];
  }
  return digits;
}

}  // namespace ductus::operate
