// RecordSetDecoder: the record batches of a set into messages: CRC, codec, aborted transactions, places.
//
// Source: CompletedFetch.java (what a consumer skips); for the bytes see record_batch.h and record_parser.h.
#pragma once

#include <cstddef>

#include "ports/batch_source.h"

namespace ductus::kafka {

/// Decompressed bytes of one record batch; one that holds more is refused with kLimit.
inline constexpr std::size_t kMaxDecodedBytes = std::size_t{64} << 20;

/// What the arena of a worker keeps of its memory for decompressed bytes from one batch to the next: as much as one
/// record batch may need, so that large ones do not take it anew each time.
inline constexpr std::size_t kMaxKeptBytes = std::size_t{65} << 20;

/// Stateless; any thread. See ports::SetDecoder for the contract. Codecs: all of Kafka's.
/// Offsets may overlap with what lies before them only in the first record batch of a set.
class RecordSetDecoder final : public ports::SetDecoder {
 public:
  Result<ports::DecodedBatch> decode(const ports::FetchedSet& set, const ports::SetCursor& cursor,
                                     std::size_t max_bytes, ports::DecodeArena& arena) const override;
};

}  // namespace ductus::kafka
