#include "kafka/api/frame.h"

namespace ductus::kafka {

std::string_view name_of(ApiKey key) noexcept {
  switch (key) {
    case ApiKey::kFetch:
      return "Fetch";
    case ApiKey::kListOffsets:
      return "ListOffsets";
    case ApiKey::kMetadata:
      return "Metadata";
    case ApiKey::kApiVersions:
      return "ApiVersions";
    case ApiKey::kOffsetForLeaderEpoch:
      return "OffsetForLeaderEpoch";
  }
  return "a request";
}

void begin_frame(ApiKey key, std::int16_t version, std::uint32_t correlation_id, std::string_view client_id,
                 bool flexible, Writer& writer) {
  writer.i32(0);
  writer.i16(static_cast<std::int16_t>(key));
  writer.i16(version);
  writer.i32(static_cast<std::int32_t>(correlation_id));
  writer.string(client_id, false);
  writer.no_tags(flexible);
}

}  // namespace ductus::kafka
