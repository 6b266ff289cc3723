// check_nesting(): keeps TOML that is nested too deeply away from the parser.
#pragma once

#include <string_view>

#include "ductus/result.h"

namespace ductus::config {

/// Tables and lists within each other, dotted keys counted in full.
inline constexpr int kMaxNesting = 64;

/// The TOML library bounds brackets, but not dotted keys: `a.a.a…` of some 100 KB overflows its stack. This reads
/// `text` once, knowing only strings, comments and brackets; whether it is TOML at all is not decided here.
/// Error: kLimit, "line L: …".
Result<void> check_nesting(std::string_view text);

}  // namespace ductus::config
