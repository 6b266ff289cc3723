// UTF-8, one character at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace ductus::config {

struct DecodedCharacter {
  char32_t character = 0;
  std::size_t size = 0;  ///< in bytes; 0: `text` begins with none
};

/// The first character of `text`. Overlong forms, surrogates and what lies beyond U+10FFFF are none.
inline DecodedCharacter decode_utf8(std::string_view text) {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return {};
  char32_t character = byte(0) & (0xFFu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0u) != 0x80) return {};
    character = character << 6u | (byte(i) & 0x3Fu);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  if (character < kLeast[size] || character > 0x10FFFF || surrogate) return {};
  return {character, size};
}

/// `character` is none of those that decode_utf8() refuses.
inline void append_utf8(std::string& text, char32_t character) {
  const auto put = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (character < 0x80) return put(character);
  if (character < 0x800) {
    put(0xC0u | character >> 6u);
  } else if (character < 0x10000) {
    put(0xE0u | character >> 12u);
    put(0x80u | (character >> 6u & 0x3Fu));
  } else {
    put(0xF0u | character >> 18u);
    put(0x80u | (character >> 12u & 0x3Fu));
    put(0x80u | (character >> 6u & 0x3Fu));
  }
  put(0x80u | (character & 0x3Fu));
}

}  // namespace ductus::config
