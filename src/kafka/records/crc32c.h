// CRC32C (Castagnoli), as record batches carry it.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace ductus::kafka {

/// At most INT32_MAX bytes.
std::uint32_t crc32c(base::ByteView bytes) noexcept;

}  // namespace ductus::kafka
