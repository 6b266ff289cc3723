// An operator's change as JSON, as one process hands it to another, and back.
//
// Form ductus.change/1: fields may be added, never renamed. What is not known is null.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::operate {

/// Positions, and topics, of a change that is read.
inline constexpr std::size_t kMaxChangedPositions = 100'000;

/// One document on one line.
std::string to_json(const ports::OperatorChange& change);

/// The inverse, for bytes from outside: every number is within its range, no partition is named twice.
/// Errors: kInvalid, which names the field; kLimit.
Result<ports::OperatorChange> change_from_json(std::string_view text);

}  // namespace ductus::operate
