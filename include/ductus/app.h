// run(): the whole `ductus` command line with your modules inside.
//
//   int main(int argc, char** argv) {
//     return ductus::run(argc, argv, {{"my_module", [](const ductus::Value&) { return std::make_unique<MyModule>();
//     }}});
//   }
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ductus/export.h"
#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"

namespace ductus {

/// Makes a module from the `[handler] settings` of the configuration (null where there are none).
using ModuleFactory = std::function<Result<std::unique_ptr<Module>>(const Value& settings)>;

/// A callback module under the name that `[handler] module` gives.
struct ModuleEntry {
  std::string name;
  ModuleFactory factory;
};

/// Runs the command line: `VERB CONFIG [args]`. Modules that ship with the library (file, time_lag, print, null)
/// are there as well; an entry of the same name replaces one.
/// Returns the process's exit code. Blocking: until the verb is done. Call it once, first in main(): `start` forks.
DUCTUS_EXPORT int run(int argc, char** argv, std::vector<ModuleEntry> modules);

}  // namespace ductus
