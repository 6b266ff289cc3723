#include "cli/modules.h"

#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "cli/exit_code.h"
#include "config/suggest.h"

namespace ductus::cli {
namespace {

// The factory is the user's code.
Result<std::unique_ptr<Module>> call_factory(const ModuleEntry& entry, const Value& settings) {
  try {
    auto module = entry.factory(settings);
    if (module && *module == nullptr) return Error{ErrorCode::kCallback, "its factory returned no module"};
    return module;
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCallback, std::string("its factory threw: ") + error.what()};
  } catch (...) {
    return Error{ErrorCode::kCallback, "its factory threw"};
  }
}

Error no_such_module(const std::string& wanted, const std::vector<ModuleEntry>& modules) {
  std::vector<std::string> names;
  std::string known;
  for (const ModuleEntry& entry : modules) {
    names.push_back(entry.name);
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  const auto meant = config::closest(wanted, names);
  return {ErrorCode::kInvalid, "[handler] module: there is no '" + wanted + "' in this program; it has: " + known +
                                   (meant ? "; did you mean '" + *meant + "'?" : "")};
}

}  // namespace

Result<std::unique_ptr<Module>> make_module(const config::NodeConfig& config, Surroundings& around) {
  const std::vector<ModuleEntry> modules = node::all_modules(around.modules, config);
  for (const ModuleEntry& entry : modules) {
    if (entry.name != config.module) continue;
    auto module = call_factory(entry, config.settings);
    if (!module) say(around, "module '" + entry.name + "': " + module.error().message);
    return module;
  }
  Error missing = no_such_module(config.module, modules);
  say(around, missing.message);
  return missing;
}

int run_node(const config::NodeConfig& config, const node::RunOptions& options, Surroundings& around) {
  auto module = make_module(config, around);
  if (module) return around.run_node(config, *std::move(module), options);
  return to_int(module.error().code == ErrorCode::kInvalid ? ExitCode::kConfigInvalid : ExitCode::kFailed);
}

}  // namespace ductus::cli
