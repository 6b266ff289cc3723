// Message sets of the old line: writing them, and what the brokers make of produced ones.
//
//   set     := entry...                       no count, no end mark
//   entry   := size int32 · magic int8 · magic 1: attributes int8 · crc uint32 · payload
//   size counts what follows it. The CRC-32 (as of zip) covers the payload alone. Bits 0 and 1 of the attributes are
//   the codec: 0 none, 1 gzip, 2 snappy; the payload is another set then, compressed.
// Source: kafka.message.Message, ByteBufferMessageSet, CompressionUtils and kafka.log.Log.append (0.6.1, 0.7.2).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "ductus/result.h"
#include "kafka/wire.h"
#include "sandbox/legacy/line.h"
#include "sandbox/logs/codecs.h"

namespace ductus::sandbox::legacy {

/// Bounds of our own on what compressed entries of one set may unpack to, in all, and on how they nest.
inline constexpr std::size_t kMaxUnpackedBytes = 100 * 1024 * 1024;
inline constexpr int kMaxNesting = 16;

/// Appends an entry as clients of that line write it. `codec`: what `payload` was compressed with, kNone on 0.6.
void write_entry(Line line, Codec codec, base::ByteView payload, kafka::Writer& out);

/// How many bytes that takes, without the payload.
constexpr std::size_t entry_overhead_bytes(Line line) { return line == Line::k06 ? 9 : 10; }

/// How many of the set's first bytes a broker stores. 0.6 stores all, a cut last entry too, whatever the magic; 0.7.2
/// the whole entries of magic 0 and 1, having looked into compressed ones. Errors: kCorrupt (it hangs up), kLimit (of
/// 0.7.2: a payload of more than `max_message_bytes`; it drops the set in silence).
Result<std::size_t> storable_bytes(Line line, base::ByteView set, std::int64_t max_message_bytes);

}  // namespace ductus::sandbox::legacy
