#include "sandbox/legacy/unpack.h"

#include <isa-l/igzip_lib.h>
#include <snappy.h>

#include <algorithm>
#include <array>

#include "kafka/wire.h"

namespace ductus::sandbox::legacy {
namespace {

using Bytes = std::vector<std::uint8_t>;

Error corrupt(const char* what) { return {ErrorCode::kCorrupt, what}; }

// Adds one member to `out` and takes it from `packed`.
Result<void> gunzip_member(base::ByteView& packed, std::size_t max_bytes, Bytes& out) {
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_GZIP;
  state.next_in = const_cast<std::uint8_t*>(packed.data());
  state.avail_in = static_cast<std::uint32_t>(packed.size());
  std::array<std::uint8_t, 16 * 1024> some;
  while (state.block_state != ISAL_BLOCK_FINISH) {
    state.next_out = some.data();
    state.avail_out = some.size();
    if (isal_inflate(&state) != ISAL_DECOMP_OK) return corrupt("no gzip");
    const std::size_t size = some.size() - state.avail_out;
    if (size == 0 && state.block_state != ISAL_BLOCK_FINISH) return corrupt("gzip that ends too early");
    if (size > max_bytes - out.size()) return corrupt("gzip that unpacks to too much");
    out.insert(out.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(size));
  }
  packed = packed.last(state.avail_in);
  return {};
}

Result<Bytes> gunzip(base::ByteView packed, std::size_t max_bytes) {
  Bytes out;
  do {
    if (auto member = gunzip_member(packed, max_bytes, out); !member) return member.error();
  } while (packed.size() >= 2 && packed[0] == 0x1F && packed[1] == 0x8B);
  return out;
}

Result<void> unsnap_block(base::ByteView block, std::size_t max_bytes, Bytes& out) {
  const auto* const bytes = reinterpret_cast<const char*>(block.data());
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(bytes, block.size(), &size) || size > max_bytes - out.size()) {
    return corrupt("a snappy block without a sensible length");
  }
  const std::size_t before = out.size();
  out.resize(before + size);
  if (!snappy::RawUncompress(bytes, block.size(), reinterpret_cast<char*>(out.data() + before))) {
    return corrupt("no snappy block");
  }
  return {};
}

Result<Bytes> unsnap(base::ByteView packed, std::size_t max_bytes) {
  static constexpr std::array<std::uint8_t, 8> kMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
  Bytes out;
  if (packed.empty()) return out;
  if (packed.size() < kMagic.size() || !std::equal(kMagic.begin(), kMagic.end(), packed.begin())) {
    if (auto block = unsnap_block(packed, max_bytes, out); !block) return block.error();
    return out;
  }
  kafka::Reader reader(packed.subspan(kMagic.size()));
  reader.skip(4 + 4);  // version, and the oldest that can read it
  while (reader.left() > 0) {
    const std::uint32_t size = reader.u32();
    const base::ByteView block = reader.raw(size);
    if (!reader.ok()) return corrupt("a snappy chunk that is cut");
    if (auto unsnapped = unsnap_block(block, max_bytes, out); !unsnapped) return unsnapped.error();
  }
  if (!reader.ok()) return corrupt("a snappy header that is cut");
  return out;
}

}  // namespace

Result<Bytes> unpack(Codec codec, base::ByteView packed, std::size_t max_bytes) {
  return codec == Codec::kGzip ? gunzip(packed, max_bytes) : unsnap(packed, max_bytes);
}

}  // namespace ductus::sandbox::legacy
