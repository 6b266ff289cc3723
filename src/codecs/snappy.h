// Snappy data as producers write it: one raw block, or blocks in the frames of snappy-java.
//
//   data   = block | stream { stream }
//   stream = 82 53 4E 41 50 50 59 00 version:int32 compatible_version:int32 chunk { chunk }
//   chunk  = length:int32 block                length counts the block
//   block  = decompressed_size:uvarint element { element }
// The magic begins no block: behind that size its next byte would be a copy of bytes that are not there yet. Nor is it
// the length of a chunk, which would be negative. The versions say nothing: nobody looks at them.
// Source: snappy-java SnappyOutputStream.java and SnappyInputStream.java (streams one behind the other); librdkafka
// rdkafka_msgset_reader.c (writes raw blocks; refuses bytes left over and a stream without a chunk, as done here).
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "ductus/result.h"

namespace ductus::codecs {

/// What the blocks of `data` say they decompress to, all together. Nothing is decompressed, no memory is taken.
/// Error: kCorrupt where the frames are broken.
Result<std::uint64_t> claimed_snappy_bytes(base::ByteView data);

/// Decompresses `data` to `to`, which has room for claimed_snappy_bytes(data). Error: kCorrupt.
Result<void> inflate_snappy(base::ByteView data, std::uint8_t* to);

}  // namespace ductus::codecs
