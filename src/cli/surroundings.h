// Surroundings: what a command line acts upon.
#pragma once

#include <filesystem>
#include <functional>
#include <istream>
#include <memory>
#include <ostream>
#include <string_view>
#include <vector>

#include "config/layers.h"
#include "ductus/app.h"
#include "node/node.h"

namespace ductus::cli {

/// node::run(), or what a test puts in its place.
using RunNode = std::function<int(const config::NodeConfig&, std::unique_ptr<Module>, const node::RunOptions&)>;

struct Surroundings {
  std::ostream& out;  ///< data
  std::ostream& err;  ///< talk
  config::Environment environment;
  std::filesystem::path cwd;         ///< absolute
  std::vector<ModuleEntry> modules;  ///< the user's; those that ship come behind them
  RunNode run_node;
  int in_fd = -1;                  ///< keys and commands come from here; -1: there are none
  int out_fd = -1;                 ///< what `out` writes to, where that may be a terminal
  std::istream* person = nullptr;  ///< the one at the terminal, who can be asked; nullptr: a script
  bool reader_has_left = false;    ///< told by a verb that goes on until then: what `out` did not take is not missed
};

/// One line of talk: "ductus: TEXT", escaped.
void say(Surroundings& around, std::string_view text);

}  // namespace ductus::cli
