// Headers of a message, read in place:  key_length:varint key value_length:varint value  (-1: null value).
#include "ductus/batch.h"

namespace ductus {
namespace {

// The decoder has checked every length before a Headers was made.
std::int32_t read_size(const char*& at) {
  std::uint32_t raw = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*at++);
    raw |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
    if (byte < 0x80) break;
  }
  return static_cast<std::int32_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

Header read_header(const char*& at) {
  Header header;
  const std::int32_t key_size = read_size(at);
  header.key = {at, static_cast<std::size_t>(key_size)};
  at += key_size;
  const std::int32_t value_size = read_size(at);
  if (value_size < 0) return header;
  header.value = std::string_view(at, static_cast<std::size_t>(value_size));
  at += value_size;
  return header;
}

}  // namespace

Headers::Headers(const char* count_at) : at_(count_at), count_(static_cast<std::uint32_t>(read_size(at_))) {}

Header Headers::Iterator::operator*() const {
  const char* at = at_;
  return read_header(at);
}

Headers::Iterator& Headers::Iterator::operator++() {
  (void)read_header(at_);
  --left_;
  return *this;
}

}  // namespace ductus
