// What a source is told, from a node's configuration.
#pragma once

#include <cstdint>

#include "config/node_config.h"
#include "kafka/client/link.h"
#include "kafka06/client/settings.h"

namespace ductus::operate {

/// `seed`: of the jitter. What the configuration does not name keeps its default.
kafka::SourceSettings kafka_settings(const config::NodeConfig& config, std::uint64_t seed);

/// The same of Kafka 0.6 and 0.7, but for the line, which nobody knows yet. The broker is the first that is named.
kafka06::SourceSettings legacy_settings(const config::NodeConfig& config, std::uint64_t seed);

}  // namespace ductus::operate
