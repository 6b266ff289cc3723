// target_from(): WHAT of `offsets set --to WHAT`.
#pragma once

#include <cstdint>
#include <string>

#include "ductus/result.h"
#include "operate/reset.h"

namespace ductus::cli {

/// "earliest", "latest", an offset, "+100" and "-100" (from where it is), "2026-11-22T08:00Z" (the first message at or
/// after it), "-2h" (the same, two hours before `now_ms`). Error: kInvalid.
Result<operate::ResetTarget> target_from(const std::string& text, std::int64_t now_ms);

/// Digits only: from 0 to 2^63-1. Error: kInvalid.
Result<std::int64_t> offset_from(const std::string& text);

}  // namespace ductus::cli
