// The answers that need no waiting: ApiVersions (v0-v3), Metadata (v1-v12), ListOffsets (v1-v7) and the refusal of
// Produce (v3).
//
// Source: ApiVersionsResponse.json, ProduceRequest.json, ProduceResponse.json; KIP-511 (an unknown ApiVersions version
// is answered as v0 with error 35).
#pragma once

#include "ductus/result.h"
#include "sandbox/api/answering.h"
#include "sandbox/api/protocol.h"
#include "sandbox/frame.h"

namespace ductus::sandbox {

/// The sealed answer to a request of any API but Fetch. Errors: kCorrupt, kLimit. A broker hangs up on both.
Result<Frame> answer_at_once(const RequestHeader& header, kafka::Reader& reader, const Answering& answering);

}  // namespace ductus::sandbox
