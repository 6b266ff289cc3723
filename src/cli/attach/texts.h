// What `attach` shows of what a node tells: one partition in depth, the tree of who restarts whom, the places in the
// logs, what happened, and its configuration.
#pragma once

#include <cstddef>
#include <string>

#include "cli/terminal/style.h"
#include "ductus/result.h"
#include "operate/status_report.h"

namespace ductus::cli {

// Lines, each with its end. Names and reasons are escaped.

/// All that is known of one partition.
std::string trace_text(const operate::PartitionStatus& partition, const Style& style);
/// Root, store, adapters and periodic, with what each is doing and how often it began anew. Adapters that run and never
/// did so are only counted.
std::string tree_text(const operate::StatusReport& report, const Style& style);
/// Where each partition is, and between which ends.
std::string offsets_text(const operate::StatusReport& report, const Style& style);
/// The newest `most` of an answer to `GET /v1/events`, the oldest first. Error: kInvalid.
Result<std::string> events_text(const std::string& answer, std::size_t most);

/// The TOML in an answer to `GET /v1/config`. Error: kInvalid.
Result<std::string> config_text(const std::string& answer);

}  // namespace ductus::cli
