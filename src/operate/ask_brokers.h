// ask_brokers() and its like: what the brokers of a configuration say of its topics.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/node_config.h"
#include "operate/log_bounds.h"
#include "operate/reset.h"

namespace ductus::operate {

/// Only partitions that the configuration reads. `time_ms`: as look_at_log() takes it. Blocking: at most 5 s; less
/// where every broker refuses.
LogLook ask_brokers(const config::NodeConfig& config, const std::vector<std::string>& topics,
                    std::optional<std::int64_t> time_ms = std::nullopt);

/// The same, and where [offsets] reset_source says so, what the brokers of [target] say. Blocking: twice as long then.
ResetLooks ask_for_reset(const config::NodeConfig& config, const std::vector<std::string>& topics,
                         std::optional<std::int64_t> time_ms = std::nullopt);

}  // namespace ductus::operate
