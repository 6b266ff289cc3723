// check_round(): what no store may take in.
#pragma once

#include <span>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// Error: kInvalid for a negative offset, partition or an epoch below -1: such a round is stored by nobody.
Result<void> check_round(std::span<const ports::StoredPosition> round);

}  // namespace ductus::offsets
