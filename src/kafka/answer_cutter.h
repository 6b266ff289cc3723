// KafkaAnswerCutter: the body of an answer into the answer's struct, by the tag of its request.
//
// The planner knows from the tag's api_key which of these an Answer is:
//   kApiVersions → ApiVersionsAnswer · kMetadata → MetadataAnswer
//   kListOffsets → ListOffsetsAnswer · kOffsetForLeaderEpoch → OffsetForLeaderEpochAnswer · kFetch → FetchAnswer
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.h"
#include "kafka/api/api_versions.h"
#include "kafka/api/fetch.h"
#include "kafka/api/list_offsets.h"
#include "kafka/api/metadata.h"
#include "kafka/api/offset_for_leader_epoch.h"
#include "kafka/record_batch.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

template <class Response>
struct PlainAnswer final : ports::Answer {
  Response response;
};
using ApiVersionsAnswer = PlainAnswer<ApiVersionsResponse>;
using MetadataAnswer = PlainAnswer<MetadataResponse>;
using ListOffsetsAnswer = PlainAnswer<ListOffsetsResponse>;
using OffsetForLeaderEpochAnswer = PlainAnswer<OffsetForLeaderEpochResponse>;

/// A fetch answer with its record batches hopped.
struct FetchAnswer final : ports::Answer {
  std::shared_ptr<const base::Buffer> body;  ///< what the views of `response` point into
  FetchResponse response;
  std::vector<Hop> hops;  ///< one for each of response.partitions, in their order
};

/// Stateless; any thread. See ports::AnswerCutter for the contract. An answer to another request than the
/// tag's, one that is cut off and one with bytes left over are kCorrupt; an unknown api_key is kUnsupported.
class KafkaAnswerCutter final : public ports::AnswerCutter {
 public:
  Result<std::unique_ptr<ports::Answer>> cut(const ports::RequestTag& tag, base::Buffer frame) const override;
};

}  // namespace ductus::kafka
