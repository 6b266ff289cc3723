// Kafka's own names for client settings that mean nothing here: told apart from typing errors.
#pragma once

#include <string_view>

namespace ductus::config {

struct KafkaName {
  std::string_view name;    ///< as in Kafka's documentation; with a '.' at its end: all names that begin so
  std::string_view advice;  ///< what to do instead; empty: nothing here does this
};

/// The entry for a setting of Kafka's consumers that [source] does not take; nullptr where `name` is none.
const KafkaName* find_unsupported_kafka_name(std::string_view name) noexcept;

/// True where `name` is the front part of such settings: `fetch.min` of `fetch.min.bytes`.
bool is_front_of_kafka_name(std::string_view name) noexcept;

}  // namespace ductus::config
