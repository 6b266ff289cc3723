// stop_node(): what the verb `stop` does, and `shutdown` in `attach`.
#pragma once

#include "cli/surroundings.h"
#include "config/node_config.h"

namespace ductus::cli {

/// Asks the node to end and waits until it has; one that hangs is ended by force. Says what became of it, and returns
/// the exit code for it. Blocking: at most [node] stop_timeout and 10 s.
int stop_node(const config::NodeConfig& config, Surroundings& around);

}  // namespace ductus::cli
