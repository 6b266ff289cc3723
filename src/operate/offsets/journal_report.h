// The journal of operators, as a script is told of it.
#pragma once

#include <string>
#include <vector>

#include "config/node_config.h"
#include "ports/offset_store.h"

namespace ductus::operate {

/// One JSON document on one line, of the form ductus.journal/1: fields may be added, never renamed.
std::string to_json(const config::NodeConfig& config, const std::vector<ports::JournalAct>& acts);

}  // namespace ductus::operate
