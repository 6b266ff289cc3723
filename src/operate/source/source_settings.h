// source_settings(): what a Kafka source is told, from a node's configuration.
#pragma once

#include <cstdint>

#include "config/node_config.h"
#include "kafka/client/link.h"

namespace ductus::operate {

/// `seed`: of the jitter. What the configuration does not name keeps its default.
kafka::SourceSettings source_settings(const config::NodeConfig& config, std::uint64_t seed);

}  // namespace ductus::operate
