#include "structure/dice.h"

#include <algorithm>

namespace ductus::fuzz {

// SplitMix64 (Steele, Lea, Flood 2014): one word to seed, a mutation is made of a few rolls.
std::uint64_t Dice::roll() {
  std::uint64_t mixed = state_ += 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBU;
  return mixed ^ mixed >> 31;
}

std::int64_t Dice::number(std::int64_t value, std::size_t bytes) {
  const std::size_t bits = bytes * 8;
  const auto top = static_cast<std::int64_t>(~std::uint64_t{0} >> (65 - bits));
  switch (below(6)) {
    case 0:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + below(5) - 2);
    case 1:
      return static_cast<std::int64_t>(static_cast<std::uint64_t>(value) ^ std::uint64_t{1} << below(bits));
    case 2:
      return static_cast<std::int64_t>(below(4)) - 2;
    case 3:
      return one_in(2) ? top - static_cast<std::int64_t>(below(2)) : -top - 1;
    case 4:
      return static_cast<std::int64_t>(roll() >> (64 - bits + below(bits)));
    default:
      return static_cast<std::int64_t>(below(256));
  }
}

Bytes Dice::some_bytes(std::size_t max_size) {
  Bytes bytes(below(max_size + 1));
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(roll());
  return bytes;
}

void Dice::damage(Bytes& bytes) {
  const std::size_t at = below(bytes.size() + 1);
  const std::size_t count = std::min(1 + below(one_in(8) ? 256 : 8), bytes.size() - at);
  const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
  const auto to = from + static_cast<std::ptrdiff_t>(count);
  switch (below(6)) {
    case 0:
      bytes.erase(from, to);
      return;
    case 1: {
      const Bytes piece = some_bytes(16);
      bytes.insert(from, piece.begin(), piece.end());
      return;
    }
    case 2: {
      const Bytes piece(from, to);
      const auto where = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1));
      bytes.insert(where, piece.begin(), piece.end());
      return;
    }
    case 3:
      for (auto each = from; each != to; ++each) *each = static_cast<std::uint8_t>(roll());
      return;
    default:
      if (count > 0) *from ^= static_cast<std::uint8_t>(1U << below(8));
      return;
  }
}

}  // namespace ductus::fuzz
