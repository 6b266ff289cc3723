// ListOffsets (v1-v7): both ends of a log, and the first message at or after a time.
//
//   request   := replicaId int32 · v2: isolationLevel int8 · [topic] · tags
//   topic     := name string · [partition] · tags
//   partition := index int32 · v4: currentLeaderEpoch int32 · timestamp int64 · tags
//   answer    := v2: throttleTimeMs int32 · [topic answer] · tags
//   partition answer := index int32 · error int16 · timestamp int64 · offset int64 · v4: leaderEpoch int32 · tags
// Source: ListOffsetsRequest.json, ListOffsetsResponse.json.
#pragma once

#include <vector>

#include "ductus/result.h"
#include "kafka/wire.h"
#include "sandbox/api/answering.h"
#include "sandbox/api/protocol.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// The partitions that the request asks for. Views into the request; nothing where it does not parse.
std::vector<AskedPlace> places_of_list_offsets(const RequestHeader& header, kafka::Reader reader);

/// The answer, not yet sealed. Error: kCorrupt.
Result<Frame> answer_list_offsets(const RequestHeader& header, kafka::Reader& reader, const Answering& answering);

}  // namespace ductus::sandbox
