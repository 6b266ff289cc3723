#include "kafka/api/api_versions.h"

namespace ductus::kafka {

void encode(const ApiVersionsRequest& request, std::int16_t version, Writer& writer) {
  const bool flexible = version >= ApiVersionsRequest::kFirstFlexible;
  if (version >= 3) writer.string(request.software_name, flexible);
  if (version >= 3) writer.string(request.software_version, flexible);
  writer.no_tags(flexible);
}

bool decode(Reader& reader, std::int16_t version, ApiVersionsResponse& response) {
  response.error = KafkaError{reader.i16()};
  if (response.error == KafkaError::kUnsupportedVersion) version = 0;
  const bool flexible = version >= ApiVersionsRequest::kFirstFlexible;
  constexpr std::size_t kMinApiBytes = 6;
  response.apis.resize(reader.array_size(flexible, kMinApiBytes));
  for (auto& api : response.apis) {
    api.key = reader.i16();
    api.min_version = reader.i16();
    api.max_version = reader.i16();
    reader.skip_tags(flexible);
  }
  if (version >= 1) response.throttle_ms = reader.i32();
  reader.skip_tags(flexible);
  return reader.ok();
}

}  // namespace ductus::kafka
