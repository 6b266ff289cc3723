// time_from(): a point in time as it is typed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ductus::cli {

/// "2026-11-26T13:00:00Z", "2026-11-26T14:00:00.5+01:00" (RFC 3339) or milliseconds since 1970 → milliseconds since
/// 1970, rounded up: no message before the time is at or after it. nullopt: none of these, or before 1970.
std::optional<std::int64_t> time_from(std::string_view text);

}  // namespace ductus::cli
