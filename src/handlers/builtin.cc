#include "handlers/builtin.h"

#include <unistd.h>

#include <memory>

#include "handlers/file.h"
#include "handlers/null.h"
#include "handlers/print.h"

namespace ductus::handlers {

std::vector<ModuleEntry> builtin_modules(const std::filesystem::path& base_dir) {
  const ModuleFactory file = [base_dir](const Value& settings) { return make_file_module(settings, base_dir); };
  return {
      {"file", file},
      {"kafka2file", file},
      {"print", [](const Value&) -> Result<std::unique_ptr<Module>> { return make_print_module(STDOUT_FILENO); }},
      {"null", [](const Value&) -> Result<std::unique_ptr<Module>> { return make_null_module(); }},
  };
}

}  // namespace ductus::handlers
