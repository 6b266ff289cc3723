// parse_document(): JSON from outside, bounded, each key once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "ductus/result.h"

namespace ductus::operate {

/// Objects and lists within each other, and values, in JSON that is read.
inline constexpr std::size_t kMaxJsonDepth = 16;
inline constexpr std::size_t kMaxJsonValues = 4'000'000;

enum class TrailingCommas : std::uint8_t { kRefused, kTaken };

/// `kTaken`: a comma before `}` or `]` is overlooked, as many hand-written files have it.
/// Errors: kInvalid with line and column, or the key that stands twice; kLimit.
Result<nlohmann::ordered_json> parse_document(std::string_view text, TrailingCommas commas);

}  // namespace ductus::operate
