// config_answer(): the configuration that a node runs with, as JSON.
//
// Format `ductus.config/1`: fields may be added, never renamed or given another meaning.
#pragma once

#include <string>

#include "config/node_config.h"

namespace ductus::node {

/// Each setting that counts and, as `ductus config show` prints it, the TOML of all; neither with a secret in it. One
/// document on one line. Thread: any.
std::string config_answer(const config::NodeConfig& config);

}  // namespace ductus::node
