// builtin_modules(): the modules that ship with the library, by the name that `[handler] module` gives.
#pragma once

#include <filesystem>
#include <vector>

#include "ductus/app.h"

namespace ductus::handlers {

/// file (also as kafka2file), print, null. `base_dir`: relative paths of files count from here.
std::vector<ModuleEntry> builtin_modules(const std::filesystem::path& base_dir);

}  // namespace ductus::handlers
