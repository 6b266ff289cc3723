#include "codecs/snappy.h"

#include <snappy.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/big_endian.h"

namespace ductus::codecs {
namespace {

constexpr std::array<std::uint8_t, 8> kMagic = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0};
constexpr std::size_t kStreamHeaderBytes = kMagic.size() + 4 + 4;

Error corrupt(std::string_view what) { return {ErrorCode::kCorrupt, "snappy: " + std::string(what)}; }

bool begins_stream(base::ByteView bytes) {
  return bytes.size() >= kMagic.size() && std::equal(kMagic.begin(), kMagic.end(), bytes.begin());
}

const char* chars(base::ByteView bytes) { return reinterpret_cast<const char*>(bytes.data()); }

Result<std::size_t> claimed_bytes(base::ByteView block) {
  std::size_t size = 0;
  if (!snappy::GetUncompressedLength(chars(block), block.size(), &size))
    return corrupt("a block does not say its size");
  return size;
}

// Gives each block of `data`, in its order, to `take`, until that returns an error.
template <class Take>
Result<void> for_each_block(base::ByteView data, Take take) {
  if (!begins_stream(data)) return take(data);
  while (!data.empty()) {
    if (begins_stream(data)) {
      if (data.size() < kStreamHeaderBytes) return corrupt("a stream's header is cut off");
      data = data.subspan(kStreamHeaderBytes);
      if (data.empty()) return {};
    }
    base::BigEndianReader chunk(data);
    const std::uint32_t length = chunk.u32();
    const base::ByteView block = chunk.raw(length);
    if (!chunk.ok()) return corrupt("a chunk is cut off");
    if (auto taken = take(block); !taken) return taken;
    data = data.last(chunk.left());
  }
  return {};
}

}  // namespace

Result<std::uint64_t> claimed_snappy_bytes(base::ByteView data) {
  std::uint64_t sum = 0;  // each adds less than 2^32 and takes five bytes of `data`
  const auto counted = for_each_block(data, [&](base::ByteView block) -> Result<void> {
    const auto bytes = claimed_bytes(block);
    if (!bytes) return bytes.error();
    sum += *bytes;
    return {};
  });
  if (!counted) return counted.error();
  return sum;
}

Result<void> inflate_snappy(base::ByteView data, std::uint8_t* to) {
  return for_each_block(data, [&to](base::ByteView block) -> Result<void> {
    const auto bytes = claimed_bytes(block);
    if (!bytes) return bytes.error();
    if (!snappy::RawUncompress(chars(block), block.size(), reinterpret_cast<char*>(to))) {
      return corrupt("a block is broken");
    }
    to += *bytes;
    return {};
  });
}

}  // namespace ductus::codecs
