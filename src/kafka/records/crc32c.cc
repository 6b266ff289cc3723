#include "kafka/records/crc32c.h"

#include <isa-l/crc.h>

namespace ductus::kafka {

std::uint32_t crc32c(base::ByteView bytes) noexcept {
  // ISA-L takes and gives the bare register: the inversions at both ends of CRC32C are the caller's. It only reads.
  auto* data = const_cast<unsigned char*>(bytes.data());
  return ~crc32_iscsi(data, static_cast<int>(bytes.size()), ~0U);
}

}  // namespace ductus::kafka
