// The name of the JSON form that write_offsets() makes.
#pragma once

#include <string_view>

namespace ductus::operate {

inline constexpr std::string_view kOffsetsSchema = "ductus.offsets/1";

}  // namespace ductus::operate
