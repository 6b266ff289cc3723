// settings_of(): all that counts of a configuration, as a person is shown it.
//
// Thread: any.
#pragma once

#include <vector>

#include "config/node_config.h"
#include "config/tree.h"

namespace ductus::config {

/// In the order of the documentation: each key as it was written, without its secrets; one that was not, with its
/// default. Keys that have no value are left out.
std::vector<Setting> settings_of(const NodeConfig& config);

}  // namespace ductus::config
