// builtin_modules(): the modules that ship with the library, by the name that `[handler] module` gives.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ductus/app.h"

namespace ductus::handlers {

/// What they are told of the node that they run in.
struct NodeFacts {
  std::filesystem::path base_dir;  ///< relative paths count from here
  std::string handler_name;
  std::optional<base::Duration> periodic_every;
};

/// file (also as kafka2file), time_lag (also as ductus_example_handler), print, null.
std::vector<ModuleEntry> builtin_modules(const NodeFacts& node);

}  // namespace ductus::handlers
