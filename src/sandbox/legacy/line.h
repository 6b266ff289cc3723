// Line: which brokers of the old protocol the sandbox is. Where they differ, the code asks for this.
#pragma once

#include <cstdint>

namespace ductus::sandbox::legacy {

enum class Line : std::uint8_t {
  k06,  ///< 0.6.0 and 0.6.1
  k07,  ///< 0.7.2
};

}  // namespace ductus::sandbox::legacy
