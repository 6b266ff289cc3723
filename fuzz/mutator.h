// The entry that libFuzzer takes instead of its own mutations.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "structure/dice.h"

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace ductus::fuzz {

/// What LLVMFuzzerCustomMutator() returns: the input, whose first byte is a choice of the target's, changed in place by
/// `mutate(first_byte, bytes, dice)`; in one of five cases by libFuzzer, which knows what the code compares with.
template <class Mutate>
std::size_t mutate_input(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed, Mutate mutate) {
  Dice dice(seed);
  if (size < 2 || dice.one_in(5)) return LLVMFuzzerMutate(data, size, max_size);
  if (dice.one_in(50)) data[0] = static_cast<std::uint8_t>(dice.roll());
  Bytes bytes(data + 1, data + size);
  mutate(data[0], bytes, dice);
  const std::size_t kept = std::min(bytes.size(), max_size - 1);
  std::copy_n(bytes.begin(), kept, data + 1);
  return kept + 1;
}

}  // namespace ductus::fuzz
