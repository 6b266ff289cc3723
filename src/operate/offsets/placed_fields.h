// PlacedFields: takes the fields of one JSON object from outside, and remembers the first that is not as it should be.
// And the fields that files of offsets and changes have in common, to and from JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "operate/json_fields.h"
#include "ports/offset_store.h"

namespace ductus::operate {

class PlacedFields {
 public:
  /// `where`: what the object is called in a problem, as "results[3]". Both are kept by reference.
  PlacedFields(const Json& object, std::string where, std::string& problem);

  std::string text(const char* key);
  /// A name that Kafka allows.
  std::string topic_name(const char* key);
  /// Of a partition, or of how many there are.
  std::int32_t number(const char* key);
  /// nullopt also where it is not there, or null.
  std::optional<std::int32_t> optional_number(const char* key);
  std::int64_t offset(const char* key);
  /// "messages" or "bytes"; messages where it is not there.
  ports::OffsetUnit unit(const char* key);
  /// 32 hexadecimal digits; all zero where it is not there, or null.
  ports::TopicId topic_id(const char* key);
  /// The offset under `offset_key`, "leader_epoch" and "topic_id", which may be absent.
  ports::Position position(const char* offset_key);
  /// "topic", "topic_id" and "partition_count".
  ports::StoredTopic stored_topic();
  /// A list; nullptr where it is none.
  const Json* list(const char* key);
  /// An object, or nullptr where there is null.
  const Json* object_or_null(const char* key);

 private:
  const Json* find(const char* key) const;
  std::int64_t whole_number_up_to(const char* key, std::int64_t most);
  void refuse(const char* key, const std::string& wanted);

  const Json& object_;
  std::string where_;
  std::string& problem_;
};

/// The inverse of PlacedFields::position().
Json to_json(const ports::Position& position, const char* offset_key);
/// The inverse of PlacedFields::stored_topic().
Json to_json(const ports::StoredTopic& topic);

}  // namespace ductus::operate
