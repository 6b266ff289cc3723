#include "handlers/standard_output.h"

#include <cstdio>
#include <string>

namespace ductus::handlers {

void print_to_stdout(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stdout);
  std::fflush(stdout);
}

}  // namespace ductus::handlers
