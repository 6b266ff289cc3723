// null: visits every message and keeps nothing: for benches and for trying a source.
#pragma once

#include <memory>

#include "ductus/module.h"

namespace ductus::handlers {

/// A module that counts messages, value bytes and a checksum (the sum of the first 8 value bytes, little-endian,
/// xor the offset). When it is destroyed it prints them as one line on stdout.
std::unique_ptr<Module> make_null_module();

}  // namespace ductus::handlers
