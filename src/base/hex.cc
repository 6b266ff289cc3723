#include "base/hex.h"

namespace ductus::base {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

std::string to_hex(ByteView bytes) {
  std::string digits;
  for (const std::uint8_t byte : bytes) {
    digits += kDigits[byte >> 4];
    digits += kDigits[byte & 15];
  }
  return digits;
}

bool from_hex(std::string_view digits, std::span<std::uint8_t> bytes) {
  if (digits.size() != 2 * bytes.size() || digits.find_first_not_of(kDigits) != digits.npos) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::uint8_t>(16 * kDigits.find(digits[2 * i]) + kDigits.find(digits[2 * i + 1]));
  }
  return true;
}

}  // namespace ductus::base
