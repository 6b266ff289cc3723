// Entries of a log of Kafka 0.6 and 0.7, as producers wrote them, and as brokers took them.
//
// Written out byte by byte: it shares no message layout and no codec with the product.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/world/random.h"

namespace ductus::sim {

struct EntryForm {
  enum class Codec : std::uint8_t { kNone, kGzip, kSnappyStream, kSnappyBlock } codec = Codec::kNone;
  std::uint8_t magic = 1;        ///< of the entry; 0 only where nothing is compressed
  std::uint8_t inner_magic = 1;  ///< of those that are compressed in it
  bool nested = false;           ///< compressed twice, inside by gzip
  bool cut_inside = false;       ///< the last one that is compressed is followed by a part of another
};

/// kNone: exactly one value.
std::vector<std::uint8_t> entry_of(const std::vector<std::string>& values, const EntryForm& form);

/// As producers of 0.7 choose it for a set; `many`: messages go into one entry.
EntryForm any_form(bool many, Random& random);

}  // namespace ductus::sim
