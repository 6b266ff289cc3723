// add_lager(): where lager's handlers wrote and how much, as [log] level and file.
#pragma once

#include <string>
#include <vector>

#include "config/erlang/terms.h"
#include "config/problems.h"
#include "config/tree.h"

namespace ductus::config::erlang {

/// Puts into `log` what `handlers`, the value of that key of lager, asks for. One log is written here: the most
/// talkative of the files, or stderr where no file is named. What is left out is told in `warnings`.
void add_lager(const Term& handlers, Tree::Table& log, Problems& problems, std::vector<std::string>& warnings);

}  // namespace ductus::config::erlang
