// The command-line words that describe a topic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ductus/result.h"
#include "sandbox/logs/codecs.h"

namespace ductus::sandbox {

inline constexpr std::int64_t kMaxPartitions = 100'000;
inline constexpr std::int64_t kMaxStartOffset = std::int64_t{1} << 62;

/// "NAME:PARTITIONS:VALUE_BYTES:CODEC[:MESSAGES][:start=OFFSET]"
struct PrebuiltWords {
  std::string name;
  std::int32_t partitions = 1;
  std::int64_t value_bytes = 0;
  Codec codec = Codec::kNone;
  std::optional<std::int64_t> messages;  ///< of each partition; nullopt: endless
  std::int64_t start_offset = 0;         ///< of each partition
};
/// "NAME:PARTITIONS:MESSAGES[:RATE_PER_S][:start=OFFSET]"
struct EventWords {
  std::string name;
  std::int32_t partitions = 1;
  std::int64_t messages = 0;  ///< of each partition, and so the rate
  std::optional<std::int64_t> rate_per_s;
  std::int64_t start_offset = 0;
};

/// Errors: kInvalid.
Result<PrebuiltWords> read_prebuilt_words(std::string_view words);
Result<EventWords> read_event_words(std::string_view words);

}  // namespace ductus::sandbox
