// run_command_line(): what the verbs do.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "cli/exit_code.h"
#include "config/load.h"
#include "ductus/app.h"
#include "node/node.h"

namespace ductus::cli {

/// node::run(), or what a test puts in its place.
using RunNode = std::function<int(const config::NodeConfig&, std::unique_ptr<Module>, const node::RunOptions&)>;

/// What a command line acts upon.
struct Surroundings {
  std::ostream& out;  ///< data
  std::ostream& err;  ///< talk
  config::Environment environment;
  std::filesystem::path cwd;         ///< absolute
  std::vector<ModuleEntry> modules;  ///< the user's; those that ship come behind them
  RunNode run_node;
};

/// Does what `arguments` (without the program's name) say. Returns the process's exit code; kFailed also where
/// `out` did not take all of it. Blocking: until the verb is done.
int run_command_line(std::vector<std::string> arguments, Surroundings& surroundings);

}  // namespace ductus::cli
