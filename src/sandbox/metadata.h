// Metadata (v1-v12): this one broker, and the topics of the catalog.
//
//   request := [topic] or null (all) · v4: allowAutoTopicCreation bool · v8-v10: clusterOperations bool
//              · v8: topicOperations bool · tags
//   topic   := v10: id uuid · name string (v10: nullable) · tags
//   answer  := v3: throttleTimeMs int32 · [broker] · v2: clusterId string · controllerId int32 · [topic answer]
//              · v8-v10: clusterOperations int32 · tags
// Source: MetadataRequest.json, MetadataResponse.json.
#pragma once

#include <cstddef>
#include <cstdint>

#include "ductus/result.h"
#include "kafka/wire.h"
#include "sandbox/catalog.h"
#include "sandbox/frame.h"
#include "sandbox/protocol.h"

namespace ductus::sandbox {

/// What an answer holds at most: a request that names topics again and again would else make it huge.
inline constexpr std::size_t kMaxMetadataBytes = 64 * 1024 * 1024;

/// The answer, not yet sealed. `port` is where the broker says that it listens. Errors: kCorrupt, kLimit.
Result<Frame> answer_metadata(const RequestHeader& header, kafka::Reader& reader, const Catalog& catalog,
                              std::uint16_t port);

}  // namespace ductus::sandbox
