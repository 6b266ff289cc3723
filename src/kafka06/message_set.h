// A message set of Kafka 0.6 and 0.7: entries one behind the other, with no count and no end mark.
//
//   set     = { entry }                                  of a fetch answer the last one may be cut off
//   entry   = size:int32 magic:int8 attributes crc:uint32 payload           size counts what follows it
//   attributes = int8 where magic is 1, nothing where it is 0; bits 0 and 1 are the codec, all others say nothing
//   payload = message | another set, compressed          crc is the CRC-32 of the payload, compressed as it stands
// The offset of an entry is the byte position of its size in the partition's log. Nothing in it says so: an offset that
// is no boundary of entries shows only by a size, a magic or a checksum that cannot be. Source:
// kafka/message/{Message,ByteBufferMessageSet,CompressionCodec}.scala of 0.7.2; both magics lie side by side in a log
// of 0.7.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/big_endian.h"
#include "base/bytes.h"
#include "codecs/compression.h"
#include "ductus/result.h"

namespace ductus::kafka06 {

/// What keeps bytes from being a whole entry.
enum class Flaw : std::uint8_t {
  kNone,
  kCut,    ///< it goes on behind the bytes at hand, as far as can be seen
  kSize,   ///< a size below the smallest of its magic, or negative
  kMagic,  ///< neither 0 nor 1
  kCodec,  ///< codec 3, which Kafka of that line has not
};

struct Entry {
  std::size_t bytes = 0;  ///< all of it, its size field included
  std::uint32_t crc = 0;
  codecs::Codec codec = codecs::Codec::kNone;
  base::ByteView payload;
};

inline constexpr std::size_t kSizeFieldBytes = 4;

/// The size field at the start of `bytes`; nullopt where not even that is there.
inline std::optional<std::int32_t> claimed_size(base::ByteView bytes) noexcept {
  if (bytes.size() < kSizeFieldBytes) return std::nullopt;
  return static_cast<std::int32_t>(base::load_u32(bytes.data()));
}

/// The entry at the start of `bytes`, checksum not looked at. `entry` is set only for kNone. A flaw that shows in a cut
/// entry is told before its being cut.
inline Flaw read_entry(base::ByteView bytes, Entry& entry) noexcept {
  constexpr std::size_t kMagicAt = kSizeFieldBytes;
  constexpr std::size_t kAttributesAt = kMagicAt + 1;
  constexpr std::int32_t kSmallestSize = 1 + 4;
  constexpr unsigned kCodecBits = 3;
  const std::size_t there = bytes.size();
  if (there < kSizeFieldBytes) return Flaw::kCut;
  const std::uint8_t* const at = bytes.data();
  const auto size = static_cast<std::int32_t>(base::load_u32(at));
  if (size < kSmallestSize) return Flaw::kSize;
  if (there <= kMagicAt) return Flaw::kCut;
  const unsigned magic = at[kMagicAt];
  if (magic > 1) return Flaw::kMagic;
  if (size < kSmallestSize + static_cast<std::int32_t>(magic)) return Flaw::kSize;
  unsigned codec = 0;
  if (magic == 1) {
    if (there <= kAttributesAt) return Flaw::kCut;
    codec = at[kAttributesAt] & kCodecBits;
    if (codec == kCodecBits) return Flaw::kCodec;
  }
  const std::size_t all = kSizeFieldBytes + static_cast<std::size_t>(size);
  if (there < all) return Flaw::kCut;
  const std::size_t crc_at = kAttributesAt + magic;
  const std::size_t payload_at = crc_at + sizeof(std::uint32_t);
  entry.bytes = all;
  entry.crc = base::load_u32(at + crc_at);
  entry.codec = codecs::Codec{static_cast<std::uint8_t>(codec)};
  entry.payload = bytes.subspan(payload_at, all - payload_at);
  return Flaw::kNone;
}

/// A set gone through by its sizes.
struct Walk {
  std::size_t bytes = 0;   ///< of whole entries
  Flaw end = Flaw::kNone;  ///< what stands behind them; kNone: nothing
};
Walk walk(base::ByteView set) noexcept;

/// What is wrong with the entry at the start of `bytes`: "the size field there is 4, less than the smallest of 5". Not
/// for kNone.
std::string describe(Flaw flaw, base::ByteView bytes);

/// The same with its place: "no message that can be read stands at offset 12: its size field is -1, less than any has".
Error no_entry_at(std::int64_t offset, const Error& why);

}  // namespace ductus::kafka06
