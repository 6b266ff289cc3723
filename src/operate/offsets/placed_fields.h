// PlacedFields: takes the fields of one JSON object from outside, and remembers the first that is not as it should be.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "ports/offset_store.h"

namespace ductus::operate {

class PlacedFields {
 public:
  /// `where`: what the object is called in a problem, as "results[3]". Both are kept by reference.
  PlacedFields(const nlohmann::ordered_json& object, std::string where, std::string& problem);

  std::string text(const char* key);
  std::int64_t number(const char* key, std::int64_t least, std::int64_t most);
  /// nullopt also where it is not there, or null.
  std::optional<std::int64_t> optional_number(const char* key, std::int64_t least, std::int64_t most);
  /// 32 hexadecimal digits; all zero where it is not there, or null.
  ports::TopicId topic_id(const char* key);
  /// A list; nullptr where it is none.
  const nlohmann::ordered_json* list(const char* key);
  /// An object, or nullptr where there is null.
  const nlohmann::ordered_json* object_or_null(const char* key);

 private:
  const nlohmann::ordered_json* find(const char* key) const;
  void refuse(const char* key, const std::string& wanted);

  const nlohmann::ordered_json& object_;
  std::string where_;
  std::string& problem_;
};

/// The inverse of PlacedFields::topic_id().
nlohmann::ordered_json topic_id_to_json(const ports::TopicId& id);

}  // namespace ductus::operate
