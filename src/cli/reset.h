// reset_offsets(): the verbs that set offsets while no node runs.
#pragma once

#include "cli/command_line.h"
#include "cli/exit_code.h"
#include "cli/verbs.h"
#include "config/node_config.h"

namespace ductus::cli {

/// All that the verb names, or nothing: kRefused while the node runs, kUnreachable where the brokers did not answer.
/// Blocking: at most 5 s for the brokers, 5 s for each lock that another verb holds.
ExitCode reset_offsets(const CommandLine& line, const config::NodeConfig& config, Surroundings& around);

}  // namespace ductus::cli
