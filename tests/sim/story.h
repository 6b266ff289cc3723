// A seed that failed, made short and told: which faults it takes, and what happened last.
#pragma once

#include <cstdint>
#include <string>

#include "sim/simulation.h"

namespace ductus::sim {

/// Runs the seed again, without the faults that it does not take where it fails.
std::string tell(std::uint64_t seed, Mode mode);

}  // namespace ductus::sim
