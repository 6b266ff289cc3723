// Record batches as a producer would write them (message format v2).
//
//   batch  := baseOffset int64 · batchLength int32 · leaderEpoch int32 · magic int8 (2) · crc uint32 · body
//   body   := attributes int16 · lastOffsetDelta int32 · baseTimestamp int64 · maxTimestamp int64
//             · producerId int64 · producerEpoch int16 · baseSequence int32 · count int32 · records
//   record := length varint · attributes int8 · timestampDelta varlong · offsetDelta varint
//             · keyLength varint · key · valueLength varint · value · headerCount varint
// The CRC-32C covers the body alone: base offset and leader epoch may be set when the batch is served.
// Source: Kafka documentation, "Record Batch".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "sandbox/logs/codecs.h"

namespace ductus::sandbox {

/// Base offset, length and leader epoch: what stands in front of the part that a served batch shares.
inline constexpr std::size_t kBatchPrefixBytes = 16;

/// The leader epoch in which all of them were written.
inline constexpr std::int32_t kLeaderEpoch = 0;

/// What record() adds to key and value, at most.
inline constexpr std::size_t kRecordOverheadBytes = 24;

class RecordBatchWriter {
 public:
  /// Timestamps are milliseconds since 1970.
  RecordBatchWriter(Codec codec, std::int64_t base_timestamp_ms)
      : codec_(codec), base_timestamp_ms_(base_timestamp_ms), max_timestamp_ms_(base_timestamp_ms) {}

  void record(std::int64_t timestamp_ms, std::string_view key, std::string_view value);
  /// The whole batch, with base offset 0. At least one record was written.
  std::vector<std::uint8_t> finish() const;

 private:
  const Codec codec_;
  const std::int64_t base_timestamp_ms_;
  std::int64_t max_timestamp_ms_;
  std::int32_t count_ = 0;
  std::vector<std::uint8_t> records_;
};

}  // namespace ductus::sandbox
