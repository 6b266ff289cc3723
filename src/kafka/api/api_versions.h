// ApiVersions: which versions of which requests a broker speaks. The first request on every connection.
//
//   request  v0    (empty)
//            v3    client_software_name:string client_software_version:string tags
//   answer   v0    error_code:int16 [api_key:int16 min_version:int16 max_version:int16]
//            v1-2  v0, throttle_time_ms:int32
//            v3    as v1 with compact arrays and tags
// A broker that does not know the asked version answers error 35 in the layout of v0, whatever was asked;
// from 2.4 on it lists there the versions of ApiVersions itself.
// Source: ApiVersionsRequest.json, ApiVersionsResponse.json, KIP-511.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kafka/api/frame.h"
#include "kafka/error_code.h"
#include "kafka/wire.h"

namespace ductus::kafka {

struct ApiVersionsRequest {
  static constexpr ApiKey kApiKey = ApiKey::kApiVersions;
  static constexpr std::int16_t kMinVersion = 0;
  static constexpr std::int16_t kMaxVersion = 3;
  static constexpr std::int16_t kFirstFlexible = 3;

  /// From v3; letters, digits, '.' and '-' only, else the broker refuses the request.
  std::string software_name;
  std::string software_version;
};

struct ApiVersionsResponse {
  struct Api {
    std::int16_t key;
    std::int16_t min_version;
    std::int16_t max_version;
  };
  KafkaError error = KafkaError::kNone;
  std::vector<Api> apis;
  std::int32_t throttle_ms = 0;
};

void encode(const ApiVersionsRequest& request, std::int16_t version, Writer& writer);

/// True if all was there. Reads the v0 layout where the error says that the asked version is not known.
[[nodiscard]] bool decode(Reader& reader, std::int16_t version, ApiVersionsResponse& response);

/// The highest version of Request that both sides speak; nullopt where there is none.
template <class Request>
std::optional<std::int16_t> common_version(const ApiVersionsResponse& broker) {
  for (const auto& api : broker.apis) {
    if (api.key != static_cast<std::int16_t>(Request::kApiKey)) continue;
    const std::int16_t version = std::min(api.max_version, Request::kMaxVersion);
    if (version < api.min_version || version < Request::kMinVersion) return std::nullopt;
    return version;
  }
  return std::nullopt;
}

}  // namespace ductus::kafka
