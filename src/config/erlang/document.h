// document_of(): the original's configuration, [{ductus, [{Key, Value}…]}, …], as a TOML document would say it.
//
// Thread: any. docs/configuration.md has the table of what becomes what.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "config/erlang/terms.h"
#include "config/problems.h"
#include "config/tree.h"

namespace ductus::config::erlang {

/// `files`: each a whole file, the lower layer first; they are laid over each other key by key, as the original did.
/// Each key and value of the document keeps its place in its file. What is wrong goes to `problems`, what means nothing
/// here to `warnings`, one line each with its place.
Tree document_of(std::span<const Term> files, Problems& problems, std::vector<std::string>& warnings);

}  // namespace ductus::config::erlang
