#include "kafka06/crc32.h"

#include <isa-l/crc.h>

namespace ductus::kafka06 {

std::uint32_t crc32(base::ByteView bytes) noexcept { return crc32_gzip_refl(0, bytes.data(), bytes.size()); }

}  // namespace ductus::kafka06
