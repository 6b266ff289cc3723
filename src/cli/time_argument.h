// time_from(), duration_from(): points in time, and spans of it, as they are typed.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::cli {

/// "2026-11-26T13:00:00Z", "2026-11-26T14:00:00.5+01:00" (RFC 3339), without seconds too, or milliseconds since 1970 →
/// milliseconds since 1970, rounded up: no message before the time is at or after it. nullopt: none of these, or before
/// 1970.
std::optional<std::int64_t> time_from(std::string_view text);

/// "500ms", "10s", "5m", "2h": from `least` to a year. Error: kInvalid, "expected …".
Result<std::chrono::milliseconds> duration_from(const std::string& text, std::chrono::milliseconds least);

}  // namespace ductus::cli
