#include "captures/entry_tree.h"

#include <algorithm>

#include "kafka06/crc32.h"
#include "kafka06/message_set.h"

namespace ductus::kafka06 {
namespace {

constexpr std::size_t kMagicAt = 4;
constexpr std::size_t kAttributesAt = 5;
constexpr std::size_t kUnpackedBytes = std::size_t{1} << 22;

std::string crc_text(std::uint32_t crc) {
  const std::uint32_t swapped = __builtin_bswap32(crc);
  return hex({reinterpret_cast<const std::uint8_t*>(&swapped), sizeof swapped});
}

// The messages of one entry, all levels. `crc_ok`: of the levels above.
void unpack(base::ByteView bytes, const Entry& entry, int nesting, bool crc_ok, Json& messages) {
  crc_ok = crc_ok && crc32(entry.payload) == entry.crc;
  if (entry.codec == codecs::Codec::kNone) {
    messages.push_back({{"magic", bytes[kMagicAt]},
                        {"nesting", nesting},
                        {"crc32", crc_text(entry.crc)},
                        {"crc_ok", crc_ok},
                        {"payload_len", entry.payload.size()},
                        {"payload_sha256", sha256(entry.payload)},
                        {"payload_hex", hex(entry.payload)}});
    return;
  }
  base::Buffer inner;
  if (!codecs::Inflater().inflate(entry.codec, entry.payload, kUnpackedBytes, inner)) return;
  Entry one;
  for (base::ByteView left = inner.view(); read_entry(left, one) == Flaw::kNone; left = left.subspan(one.bytes)) {
    unpack(left, one, nesting + 1, crc_ok, messages);
  }
}

}  // namespace

Json messages_of(base::ByteView set, std::int64_t offset) {
  Json all = Json::array();
  Entry entry;
  while (read_entry(set, entry) == Flaw::kNone) {
    const std::int64_t next = offset + static_cast<std::int64_t>(entry.bytes);
    Json messages = Json::array();
    unpack(set, entry, 0, true, messages);
    for (std::size_t i = 0; i < messages.size(); ++i) {
      messages[i].update({{"entry_offset", offset},
                          {"next_offset", next},
                          {"entry_magic", set[kMagicAt]},
                          {"entry_attributes", set[kMagicAt] == 0 ? 0 : set[kAttributesAt]},
                          {"codec", name_of(entry.codec)},
                          {"inner_index", i},
                          {"inner_count", messages.size()}});
    }
    all.insert(all.end(), messages.begin(), messages.end());
    set = set.subspan(entry.bytes);
    offset = next;
  }
  return all;
}

}  // namespace ductus::kafka06
