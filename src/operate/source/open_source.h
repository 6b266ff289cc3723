// open_source(): the source of a node's configuration, for whatever its brokers speak.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "config/node_config.h"
#include "ports/batch_source.h"

namespace ductus::operate {

/// With `source.protocol = "auto"` it asks the brokers first. `seed`: of the jitter. `budget` outlives it.
/// `trouble_after`: what heals sooner is not told.
std::unique_ptr<ports::BatchSource> open_source(const config::NodeConfig& config, std::uint64_t seed,
                                                base::ByteBudget& budget,
                                                base::Duration trouble_after = std::chrono::seconds(1));

}  // namespace ductus::operate
