#include "sandbox/api/protocol.h"

#include <algorithm>
#include <string>

namespace ductus::sandbox {

Result<RequestHeader> read_request_header(kafka::Reader& reader) {
  RequestHeader header;
  const std::int16_t key = reader.i16();
  header.version = reader.i16();
  header.correlation_id = reader.i32();
  if (!reader.ok()) return Error{ErrorCode::kCorrupt, "a request shorter than its header"};

  const auto api = std::find_if(kApis.begin(), kApis.end(),
                                [key](const Api& known) { return static_cast<std::int16_t>(known.key) == key; });
  const bool known = api != kApis.end();
  header.supported = known && header.version >= api->min_version && header.version <= api->max_version;
  if (!header.supported && !(known && api->key == ApiKey::kApiVersions)) {
    return Error{ErrorCode::kUnsupported,
                 "API " + std::to_string(key) + " version " + std::to_string(header.version) + " is not served here"};
  }
  header.api = api->key;
  if (!header.supported) return header;  // the rest has an unknown layout and is not looked at
  header.flexible = header.version >= api->flexible_from;
  (void)reader.nullable_string(false);  // the client id stays an old string in every version (KIP-511)
  reader.skip_tags(header.flexible);
  if (!reader.ok()) return Error{ErrorCode::kCorrupt, "a request header that ends too early"};
  return header;
}

}  // namespace ductus::sandbox
