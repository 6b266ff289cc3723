// Dice: all chance of a mutation, from one seed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"

namespace ductus::fuzz {

using Bytes = std::vector<std::uint8_t>;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t roll();
  /// 0 … n-1; n > 0.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(roll() % n); }
  bool one_in(std::size_t n) { return below(n) == 0; }
  /// Another value instead of `value`, for a field of `bytes` bytes: beside it, at an edge, with a bit turned,
  /// anything.
  std::int64_t number(std::int64_t value, std::size_t bytes);
  template <class Int>
  void change(Int& value) {
    value = static_cast<Int>(number(static_cast<std::int64_t>(value), sizeof(Int)));
  }
  Bytes some_bytes(std::size_t max_size);
  /// Changes `bytes` without a look at what they mean: bits turned, pieces taken out, put in or said twice.
  void damage(Bytes& bytes);

 private:
  std::uint64_t state_;
};

}  // namespace ductus::fuzz
