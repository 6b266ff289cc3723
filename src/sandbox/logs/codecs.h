// compressed(): records as the Java producer compresses them.
#pragma once

#include <cstdint>
#include <vector>

namespace ductus::sandbox {

/// As the attributes of a batch number them.
enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

/// kSnappy gives the frames of snappy-java. At most 1 GiB.
std::vector<std::uint8_t> compressed(Codec codec, const std::vector<std::uint8_t>& plain);

}  // namespace ductus::sandbox
