// Hexadecimal text of bytes, two digits in lower case for each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace ductus::base {

std::string to_hex(ByteView bytes);
/// Fills `bytes` from exactly their digits. False where `digits` are anything else: `bytes` then hold anything.
[[nodiscard]] bool from_hex(std::string_view digits, std::span<std::uint8_t> bytes);

}  // namespace ductus::base
