#include "sandbox/logs/partition_log.h"

#include <algorithm>

namespace ductus::sandbox {

std::uint64_t first_eight_bytes(base::ByteView value) {
  std::uint64_t first = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(value.size(), 8); ++i) {
    first |= std::uint64_t{value[i]} << (8 * i);
  }
  return first;
}

}  // namespace ductus::sandbox
