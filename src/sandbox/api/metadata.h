// Metadata (v1-v12): the brokers, and the topics of the catalog with their leaders.
//
//   request := [topic] or null (all) · v4: allowAutoTopicCreation bool · v8-v10: clusterOperations bool
//              · v8: topicOperations bool · tags
//   topic   := v10: id uuid · name string (v10: nullable) · tags
//   answer  := v3: throttleTimeMs int32 · [broker] · v2: clusterId string · controllerId int32 · [topic answer]
//              · v8-v10: clusterOperations int32 · tags
// Source: MetadataRequest.json, MetadataResponse.json.
#pragma once

#include <cstddef>
#include <vector>

#include "ductus/result.h"
#include "kafka/wire.h"
#include "sandbox/api/answering.h"
#include "sandbox/api/protocol.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// What an answer holds at most: a request that names topics again and again would else make it huge.
inline constexpr std::size_t kMaxMetadataBytes = 64 * 1024 * 1024;

/// The topics that the request names; none: all are asked for. Views into the request; nothing where it does not parse.
std::vector<AskedPlace> places_of_metadata(const RequestHeader& header, kafka::Reader reader);

/// The answer, not yet sealed. Errors: kCorrupt, kLimit.
Result<Frame> answer_metadata(const RequestHeader& header, kafka::Reader& reader, const Answering& answering);

}  // namespace ductus::sandbox
