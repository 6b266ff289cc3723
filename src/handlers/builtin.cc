#include "handlers/builtin.h"

#include <unistd.h>

#include <memory>

#include "handlers/file.h"
#include "handlers/null.h"
#include "handlers/print.h"
#include "handlers/time_lag.h"

namespace ductus::handlers {

std::vector<ModuleEntry> builtin_modules(const NodeFacts& node) {
  const ModuleFactory file = [node](const Value& settings) { return make_file_module(settings, node.base_dir); };
  const ModuleFactory time_lag = [node](const Value& settings) { return make_time_lag_module(settings, node); };
  return {
      {"file", file},
      {"kafka2file", file},
      {"time_lag", time_lag},
      {"ductus_example_handler", time_lag},
      {"print", [](const Value&) -> Result<std::unique_ptr<Module>> { return make_print_module(STDOUT_FILENO); }},
      {"null", [](const Value&) -> Result<std::unique_ptr<Module>> { return make_null_module(); }},
  };
}

}  // namespace ductus::handlers
