// CRC-32 as zip and gzip have it, which a message of 0.6 and 0.7 carries of its payload.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace ductus::kafka06 {

std::uint32_t crc32(base::ByteView bytes) noexcept;

}  // namespace ductus::kafka06
