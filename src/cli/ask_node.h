// What a verb asks of a running node.
#pragma once

#include <chrono>
#include <string>

#include "cli/surroundings.h"
#include "config/node_config.h"
#include "control/client.h"
#include "ductus/result.h"
#include "operate/status_report.h"

namespace ductus::cli {

/// A node answers from memory: one that takes longer hangs.
inline constexpr std::chrono::milliseconds kAnswerTimeout{5'000};
/// Between two looks at what changes soon.
inline constexpr std::chrono::milliseconds kRetryEvery{20};

/// `GET path`. A node that starts has no socket yet, and one that ends has none any more: it is waited for, at most
/// kAnswerTimeout. Errors: kNotFound (no node runs), and those of control::request().
Result<control::HttpAnswer> get_from_node(const config::NodeConfig& config, const std::string& path);

/// The status of a node that runs, by itself, or of one that does not, from its store and its brokers. Blocking: at
/// most kAnswerTimeout, or as status_of_stopped_node(). Errors: a node runs, but cannot be asked.
Result<operate::StatusReport> ask_for_status(const config::NodeConfig& config);

/// Says that the node runs and why it cannot be asked. Returns the exit code for it.
int cannot_be_asked(const config::NodeConfig& config, const std::string& why, Surroundings& around);

}  // namespace ductus::cli
