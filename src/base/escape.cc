#include "base/escape.h"

#include <cstdint>

namespace ductus::base {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) { return static_cast<std::uint8_t>(text[at]); }

// The length of the well-formed UTF-8 character at `at`; 0 where there is none.
// Source: Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t character_size(std::string_view text, std::size_t at) {
  const std::uint8_t first = byte_at(text, at);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xC2 && first <= 0xDF   ? 2
                           : first >= 0xE0 && first <= 0xEF ? 3
                           : first >= 0xF0 && first <= 0xF4 ? 4
                                                            : 0;
  if (size == 0 || size > text.size() - at) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte_at(text, at + i) & 0xC0) != 0x80) return 0;
  }
  const std::uint8_t second = byte_at(text, at + 1);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second > 0x9F;
  const bool beyond = first == 0xF4 && second > 0x8F;
  return overlong || surrogate || beyond ? 0 : size;
}

// U+0000-U+001F, U+007F and U+0080-U+009F: the last are control characters of some terminals, as U+2028 and the
// marks that turn the direction of writing are of some viewers.
bool is_control(std::string_view character) {
  const std::uint8_t first = byte_at(character, 0);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  if (character.size() == 2) return first == 0xC2 && byte_at(character, 1) < 0xA0;
  if (first != 0xE2) return false;
  const std::uint8_t second = byte_at(character, 1);
  const std::uint8_t third = byte_at(character, 2);
  return (second == 0x80 && third >= 0xA8 && third <= 0xAE) || (second == 0x81 && third >= 0xA6 && third <= 0xA9);
}

void append_hex(std::string& out, std::uint8_t byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  out += "\\x";
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

void append_escaped(std::string& out, std::string_view character) {
  switch (character[0]) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\\':
      out += "\\\\";
      return;
    default:
      for (std::size_t i = 0; i < character.size(); ++i) append_hex(out, byte_at(character, i));
  }
}

// With `backslash_too`, also that.
std::string escape(std::string_view text, std::size_t max_bytes, bool backslash_too) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t size = character_size(text, at);
    const std::string_view character = text.substr(at, size == 0 ? 1 : size);
    if (at + character.size() > max_bytes) return out += "…";
    const bool harmless = size > 0 && !is_control(character) && (character != "\\" || !backslash_too);
    if (harmless) {
      out += character;
    } else {
      append_escaped(out, character);
    }
    at += character.size();
  }
  return out;
}

}  // namespace

std::string escaped(std::string_view text, std::size_t max_bytes) { return escape(text, max_bytes, true); }

std::string escaped_once(std::string_view text) { return escape(text, std::string_view::npos, false); }

}  // namespace ductus::base
