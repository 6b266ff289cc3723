// A plan of offsets as it is shown: what happens to each partition.
#pragma once

#include <cstdint>
#include <string>

#include "config/node_config.h"
#include "operate/reset.h"

namespace ductus::operate {

/// "210 messages handled again", "12 messages SKIPPED", "unchanged", … Offsets have gaps where a log was compacted, or
/// holds marks of transactions: the numbers are upper bounds.
std::string what_happens(const ResetRow& row);

enum class PlanState : std::uint8_t { kDryRun, kWritten };

/// One JSON document on one line, of the form ductus.reset/1: fields may be added, never renamed.
std::string to_json(const config::NodeConfig& config, const ResetPlan& plan, PlanState state);

}  // namespace ductus::operate
