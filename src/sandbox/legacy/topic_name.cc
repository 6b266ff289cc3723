#include "sandbox/legacy/topic_name.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace ductus::sandbox::legacy {
namespace {

constexpr std::size_t kMaxCharacters = 255;
constexpr std::size_t kMaxFolderNameBytes = 255;

// Takes a character of one to three bytes from the front, which is all that may stand in a name. 0: there is none.
std::uint32_t take_character(std::string_view& text) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(text[at]); };
  const std::uint8_t first = byte(0);
  const std::size_t bytes = first < 0x80 ? 1 : (first & 0xE0) == 0xC0 ? 2 : (first & 0xF0) == 0xE0 ? 3 : 0;
  if (bytes == 0 || bytes > text.size()) return 0;
  std::uint32_t character = bytes == 1 ? first : first & (0xFFU >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3FU);
  }
  const bool longer_than_need_be = (bytes == 2 && character < 0x80) || (bytes == 3 && character < 0x800);
  text.remove_prefix(bytes);
  return longer_than_need_be ? 0 : character;
}

bool is_legal(std::uint32_t character) {
  return character >= 0x20 && character != '/' && !(character >= 0x7F && character <= 0x9F) &&
         !(character >= 0xD800 && character <= 0xF8FF) && character < 0xFFF0;
}

}  // namespace

bool is_topic_name(Line line, std::string_view name) {
  if (line == Line::k06) return !name.empty();
  if (name.empty() || name == "." || name == "..") return false;
  std::size_t characters = 0;
  while (!name.empty()) {
    if (!is_legal(take_character(name)) || ++characters > kMaxCharacters) return false;
  }
  return true;
}

bool is_folder_name(std::string_view topic, int partition) {
  return topic.size() + 1 + std::to_string(partition).size() <= kMaxFolderNameBytes;
}

}  // namespace ductus::sandbox::legacy
