// MessageSetDecoder: the entries of a set into messages: CRC, codec, compressed sets within sets, places.
//
// A message's offset is the byte position of the outermost entry that it came in: several may have the same one, and
// where an entry ends is the only place that can be resumed from. An entry may hold no message at all; it takes its
// bytes. A cut entry at the end of a compressed set is passed over, as the broker stores it and the original consumer
// does. Source: kafka/message/ByteBufferMessageSet.scala of 0.7.2 (the deep iterator).
#pragma once

#include <cstddef>

#include "ports/batch_source.h"

namespace ductus::kafka06 {

/// Decompressed bytes of one entry, all its levels together; one that holds more is refused with kLimit.
inline constexpr std::size_t kMaxDecodedBytes = std::size_t{64} << 20;

/// Compressed sets within compressed sets; one that goes deeper is refused with kLimit. Producers write one level.
inline constexpr int kMaxNesting = 8;

/// What the arena of a worker keeps of its memory for decompressed bytes from one batch to the next.
inline constexpr std::size_t kMaxKeptBytes = std::size_t{65} << 20;

/// Stateless; any thread. See ports::SetDecoder for the contract; what it calls record batches are entries here, and
/// `asked_offset` is where the first of them stands.
class MessageSetDecoder final : public ports::SetDecoder {
 public:
  Result<ports::DecodedBatch> decode(const ports::FetchedSet& set, const ports::SetCursor& cursor,
                                     std::size_t max_bytes, ports::DecodeArena& arena) const override;
};

/// Decodes the first entry of `entries`, whole there, on a trial. Errors as of decode(), without the place.
Result<void> check_first_entry(base::ByteView entries);

}  // namespace ductus::kafka06
