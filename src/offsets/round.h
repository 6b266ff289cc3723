// check_round() and its like: what no store may take in.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ductus/result.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// Error: kInvalid for a negative offset, partition or an epoch below -1: such a round is stored by nobody.
Result<void> check_round(std::span<const ports::StoredPosition> round);

/// Error: kInvalid for a topic with less than no partitions.
Result<void> check_topics(std::span<const ports::StoredTopic> topics);

/// Error: kInvalid for what the two above refuse, and for a partition that is named twice.
Result<void> check_change(const ports::OperatorChange& change);

/// What an operator's change stores: the places that it forgets are not in it.
std::vector<ports::StoredPosition> round_of(const ports::OperatorChange& change);

/// The error for a position that is not what the operator saw: kRefused.
Error changed_meanwhile(const ports::PositionChange& change, const std::optional<ports::Position>& found);

}  // namespace ductus::offsets
