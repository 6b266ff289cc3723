// run_command_line(): the arguments of the program → what is to be done, and its doing.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "cli/exit_code.h"
#include "cli/surroundings.h"
#include "cli/verb.h"

namespace ductus::cli {

/// Nothing more is to be done than to say this: help, the version, or what is wrong with the arguments.
struct Reply {
  ExitCode code = ExitCode::kOk;
  std::string out;
  std::string err;
};

struct CommandLine {
  Call call;
  Action act;
};

/// `arguments`: without the program's name. Thread: any.
std::variant<CommandLine, Reply> parse_command_line(std::vector<std::string> arguments);

/// Does what `arguments` (without the program's name) say. Returns the process's exit code; kFailed also where
/// `out` did not take all of it. Blocking: until the verb is done.
int run_command_line(std::vector<std::string> arguments, Surroundings& around);

}  // namespace ductus::cli
