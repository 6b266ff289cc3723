// What it means that the two readers do not make the same of an input.
#pragma once

#include <cstddef>
#include <cstdint>

#include "differential/outcome.h"

namespace ductus::differential {

/// Of one input: one of these, or kFirstDifference + the number of a known difference.
enum Verdict : std::uint8_t {
  kNoVerdict,
  kBothTake,    ///< the same messages, and both ask on at the same offset
  kBothRefuse,  ///< for whatever reasons
  kDied,        ///< librdkafka ended its process
  kUnexplained,
  kFirstDifference,
};

std::uint8_t verdict_on(const Input& input, const Outcome& ours, const Outcome& theirs);

/// "both take it", or the reason of a difference; nullptr behind the last.
const char* name_of_verdict(std::uint8_t verdict);

}  // namespace ductus::differential
