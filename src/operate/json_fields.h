// JsonFields: takes fields out of one JSON object and remembers the first that is not as it should be.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace ductus::operate {

using Json = nlohmann::ordered_json;

/// Null where it is unknown.
template <class Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}
/// Null where it is empty.
inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }
/// To the millisecond: more digits say nothing.
Json seconds_or_null(std::optional<double> seconds);

/// nullopt for what is no whole number, or beyond int64.
std::optional<std::int64_t> whole_number(const Json& value);

class JsonFields {
 public:
  /// Both outlive it. A problem that is there already is kept. What is no object has no fields.
  JsonFields(const Json& object, std::string& problem) : object_(object), problem_(problem) {}

  /// A text that must be there.
  std::string text(const char* name);
  /// Empty where it is absent or null.
  std::string optional_text(const char* name);
  /// Absent or null: nullopt.
  std::optional<std::int64_t> number(const char* name);
  std::optional<std::uint64_t> count(const char* name);
  std::optional<double> seconds(const char* name);
  /// An object, or what stands for an absent one: null.
  const Json& object(const char* name);
  /// A list; an absent one is empty.
  const Json& list(const char* name);

 private:
  const Json* find(const char* name) const;
  void refuse(const char* name, const char* wanted);

  const Json& object_;
  std::string& problem_;
};

}  // namespace ductus::operate
