// version_text(): what `ductus --version` prints.
#pragma once

#include <string>

namespace ductus::cli {

/// The version of this program on the first line, then a line for each library that is linked.
std::string version_text();

}  // namespace ductus::cli
