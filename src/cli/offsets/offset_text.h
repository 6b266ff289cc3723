// Offsets as a person sees them: a plan, what is stored, and the journal.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal/style.h"
#include "config/node_config.h"
#include "operate/offsets/plan_report.h"
#include "operate/reset.h"
#include "ports/offset_store.h"

namespace ductus::cli {

/// A line about the plan, then the table of its partitions.
std::string plan_text(const config::NodeConfig& config, const operate::ResetPlan& plan, operate::PlanState state,
                      const Style& style);
/// A table of the positions.
std::string stored_text(const ports::StoreEntries& entries, const Style& style);
/// Each act with its partitions.
std::string journal_text(const std::vector<ports::JournalAct>& acts);

}  // namespace ductus::cli
