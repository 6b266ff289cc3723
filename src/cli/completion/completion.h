// print_candidates(): what the word that is being typed may become. Asked by the shells, through the scripts that the
// verb `completion` prints: `ductus complete WORD…`.
#pragma once

#include <string_view>
#include <vector>

#include "cli/surroundings.h"

namespace ductus::cli {

/// The verb that is none: no help names it.
inline constexpr std::string_view kCompleteVerb = "complete";

/// `words`: those of the command line so far behind the program's name; the last one, which may be empty, is being
/// typed. A line for each candidate: the whole word, and behind a tab what it means, where that is known. Nothing where
/// there is none. Asks no broker; the node at most for 500 ms. Blocking: that long.
void print_candidates(const std::vector<std::string>& words, Surroundings& around);

}  // namespace ductus::cli
