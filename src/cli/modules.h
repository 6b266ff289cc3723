// run_node(): a node with the callback module that its configuration names, from those of this program.
#pragma once

#include <memory>

#include "cli/surroundings.h"
#include "config/node_config.h"
#include "ductus/module.h"
#include "ductus/result.h"

namespace ductus::cli {

/// Says what is wrong. Errors: kInvalid (no such module, or its settings are wrong), kCallback (its factory failed).
Result<std::unique_ptr<Module>> make_module(const config::NodeConfig& config, Surroundings& around);

/// Makes the module and runs the node in this process. Returns its exit code. Blocking: all the while.
int run_node(const config::NodeConfig& config, const node::RunOptions& options, Surroundings& around);

}  // namespace ductus::cli
