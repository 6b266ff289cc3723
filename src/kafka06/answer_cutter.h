// LegacyAnswerCutter: the body of an answer of 0.6 or 0.7 into its parts, by what its request's tag expects.
//
//   FETCH      = error:int16 set
//   MULTIFETCH = error:int16 { part_size:int32 error:int16 set }      one part for each range, in the order of the
//   request OFFSETS    = error:int16 count:int32 { offset:int64 }             descending
// The set of a part is as many bytes of the log as were asked for, or fewer, cut off anywhere at both ends.
// Source: kafka/server/{MessageSetSend,MultiMessageSetSend}.scala, kafka/api/OffsetRequest.scala of 0.7.2.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "ductus/result.h"
#include "kafka06/error_code.h"
#include "kafka06/message_set.h"
#include "kafka06/requests.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

/// What came for one range.
struct FetchedPart {
  BrokerError error = BrokerError::kNone;
  base::ByteView set;                 ///< empty with an error
  std::size_t skipped = 0;            ///< bytes at its start that were not walked, as the request said
  Walk walked;                        ///< of the rest
  std::optional<Error> first_is_bad;  ///< where it was to be checked: the first entry is whole, and cannot be decoded

  base::ByteView tail() const { return set.subspan(skipped + walked.bytes); }
};

/// The answer to FETCH and MULTIFETCH.
struct FetchAnswer final : ports::Answer {
  std::shared_ptr<const base::Buffer> body;  ///< what the views of `parts` point into
  std::vector<FetchedPart> parts;            ///< as many as ranges were asked for
};

struct OffsetsAnswer final : ports::Answer {
  BrokerError error = BrokerError::kNone;
  std::vector<std::int64_t> offsets;  ///< descending, none below 0, no more than were asked for
};

/// Stateless; any thread. See ports::AnswerCutter for the contract. kCorrupt: longer than what was asked for can be,
/// cut off, bytes left over, offsets that ascend; kUnsupported: a tag that requests.h has not made.
class LegacyAnswerCutter final : public ports::AnswerCutter {
 public:
  Result<std::unique_ptr<ports::Answer>> cut(const ports::RequestTag& tag, base::Buffer frame) const override;
};

}  // namespace ductus::kafka06
