// What the sandbox speaks: APIs with their versions, error codes, and the header of a request.
//
//   request := length int32 · apiKey int16 · apiVersion int16 · correlationId int32 · clientId nullable-string
//              · tags (flexible versions) · body
// Source: Kafka's message schemas (RequestHeader.json; each API's validVersions and flexibleVersions), KIP-482.
#pragma once

#include <array>
#include <cstdint>

#include "ductus/result.h"
#include "kafka/wire.h"

namespace ductus::sandbox {

enum class ApiKey : std::int16_t { kProduce = 0, kFetch = 1, kListOffsets = 2, kMetadata = 3, kApiVersions = 18 };

struct Api {
  ApiKey key;
  std::int16_t min_version;
  std::int16_t max_version;
  std::int16_t flexible_from;
};

/// Exactly what is served, and so what is advertised. Produce is served by refusing it: librdkafka reads record
/// batches only from a broker that knows Produce v3 (its feature MsgVer2).
inline constexpr std::array<Api, 5> kApis = {{
    {ApiKey::kProduce, 3, 3, 9},
    {ApiKey::kFetch, 4, 16, 12},
    {ApiKey::kListOffsets, 1, 7, 6},
    {ApiKey::kMetadata, 1, 12, 9},
    {ApiKey::kApiVersions, 0, 3, 3},
}};

enum class KafkaError : std::int16_t {
  kNone = 0,
  kOffsetOutOfRange = 1,
  kUnknownTopicOrPartition = 3,
  kNotLeaderOrFollower = 6,
  kTopicAuthorizationFailed = 29,
  kUnsupportedVersion = 35,
  kFetchSessionIdNotFound = 70,
  kFencedLeaderEpoch = 74,
  kUnknownLeaderEpoch = 75,
  kUnknownTopicId = 100,
};

struct RequestHeader {
  ApiKey api = ApiKey::kApiVersions;
  std::int16_t version = 0;
  std::int32_t correlation_id = 0;
  bool flexible = false;   ///< the body's version is a flexible one
  bool supported = false;  ///< false only for ApiVersions, which answers unknown versions as well
};

/// Reads the header of a request (behind its length) and leaves `reader` at the body.
/// Errors: kUnsupported (an API or version that is not served), kCorrupt. A broker hangs up on both.
Result<RequestHeader> read_request_header(kafka::Reader& reader);

}  // namespace ductus::sandbox
