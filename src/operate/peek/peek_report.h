// What was peeked, as JSON.
//
// Format `ductus.peek/1`: fields may be added, never renamed or given another meaning.
#pragma once

#include <string>

#include "config/node_config.h"
#include "operate/peek/peek.h"

namespace ductus::operate {

/// One document on one line. Keys and values whole, as text; bytes that are no UTF-8 as base64, which `key_base64` and
/// `value_base64` say.
std::string to_json(const config::NodeConfig& config, const Peeked& peeked);

}  // namespace ductus::operate
