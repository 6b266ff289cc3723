// unpack(): what the payload of a compressed entry holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "ductus/result.h"
#include "sandbox/logs/codecs.h"

namespace ductus::sandbox::legacy {

/// kGzip: one member or several. kSnappy: the frames of snappy-java, or without their header one raw block.
/// Error: kCorrupt, also where more than `max_bytes` came out.
Result<std::vector<std::uint8_t>> unpack(Codec codec, base::ByteView packed, std::size_t max_bytes);

}  // namespace ductus::sandbox::legacy
