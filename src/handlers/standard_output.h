// print_to_stdout(): where the modules that ship with the library print their lines.
#pragma once

#include <functional>
#include <string_view>

namespace ductus::handlers {

/// Takes one line, without its end. Thread: any.
using PrintLine = std::function<void(std::string_view line)>;

/// Writes the line whole and at once. What stdout does not take is lost.
void print_to_stdout(std::string_view line);

}  // namespace ductus::handlers
