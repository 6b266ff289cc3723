// ask_brokers(): what the brokers of a configuration say of its topics.
#pragma once

#include <string>
#include <vector>

#include "config/node_config.h"
#include "operate/log_bounds.h"

namespace ductus::operate {

/// Blocking: at most 5 s; less where every broker refuses.
LogLook ask_brokers(const config::NodeConfig& config, const std::vector<std::string>& topics);

}  // namespace ductus::operate
