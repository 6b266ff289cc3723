// Record batch headers, and hopping over them: what an answer holds for one partition, without its content.
//
//   records      = { record batch }                                 the last one may be cut off anywhere
//   record batch = base_offset:int64 batch_length:int32             batch_length counts what follows it
//                  leader_epoch:int32 magic:int8 crc:uint32         crc: CRC32C of all that follows it
//                  attributes:int16 last_offset_delta:int32 base_timestamp:int64 max_timestamp:int64
//                  producer_id:int64 producer_epoch:int16 base_sequence:int32 record_count:int32
//                  { record }                                       compressed as one by the codec in attributes
//   attributes   = bits 0-2 codec · 3 log append time · 4 transactional · 5 control · 6 base_timestamp is a
//                  delete horizon (the deltas count from it all the same)
// Source: Kafka documentation "Record Batch"; DefaultRecordBatch.java.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "base/bytes.h"
#include "ductus/result.h"

namespace ductus::kafka {

struct RecordBatchHeader {
  static constexpr std::size_t kBytes = 61;  ///< on the wire, up to the first record
  static constexpr std::size_t kBytesBeforeLengthCounts = 12;
  static constexpr std::size_t kCrcStart = 21;  ///< where the bytes that the CRC covers begin
  static constexpr std::int8_t kMagic = 2;

  std::int64_t base_offset;
  std::int32_t batch_length;
  std::int32_t leader_epoch;
  std::int8_t magic;
  std::uint32_t crc;
  std::int16_t attributes;
  std::int32_t last_offset_delta;
  std::int64_t base_timestamp;
  std::int64_t max_timestamp;
  std::int64_t producer_id;
  std::int16_t producer_epoch;
  std::int32_t base_sequence;
  std::int32_t record_count;

  std::uint8_t codec() const noexcept { return static_cast<std::uint8_t>(attributes & 0x07); }
  bool is_log_append_time() const noexcept { return (attributes & 0x08) != 0; }
  bool is_transactional() const noexcept { return (attributes & 0x10) != 0; }
  bool is_control() const noexcept { return (attributes & 0x20) != 0; }
  std::int64_t last_offset() const noexcept { return base_offset + last_offset_delta; }
  /// Of the whole record batch. Only where check_header() found nothing.
  std::size_t total_bytes() const noexcept { return static_cast<std::size_t>(batch_length) + kBytesBeforeLengthCounts; }
};

/// Reads the header at `bytes`, unchecked. `bytes` holds at least RecordBatchHeader::kBytes.
RecordBatchHeader read_header(base::ByteView bytes) noexcept;

/// What makes a header impossible by itself: lengths, offsets, magic. kCorrupt, or kUnsupported for another magic.
Result<void> check_header(const RecordBatchHeader& header);

/// How far the record batches of one partition's answer go, and why not farther.
struct Hop {
  enum class End : std::uint8_t {
    kWhole,                ///< at the end of the bytes
    kCutTail,              ///< at a record batch that is cut off: normal
    kBeyondHighWatermark,  ///< at a record batch not wholly below the high watermark: ask again
    kRefused,              ///< at a record batch with an impossible header: `refusal`
  };
  End end = End::kWhole;
  std::size_t bytes = 0;                 ///< of the good record batches, which all end below the high watermark
  std::int64_t first_last_offset = -1;   ///< last offset of the first good one; -1: there is none.
                                         ///< Below the asked offset: the answer is to be refused
  std::int64_t next_offset = -1;         ///< after the last good one; -1: there is none
  std::int32_t first_leader_epoch = -1;  ///< of the first good one; -1 unknown
  std::int32_t leader_epoch = -1;        ///< of the last good one; -1 unknown
  std::size_t cut_batch_bytes = 0;       ///< kCutTail: how large the whole record batch is; 0: not even that was there
  Error refusal{ErrorCode::kCorrupt, {}};  ///< kRefused: names the offset and the field
};

/// Hops over the headers of `records`; looks at no content and checks no CRC.
/// Offsets must rise from one record batch to the next. `high_watermark` as the same answer has it; -1: unknown.
Hop hop(base::ByteView records, std::int64_t high_watermark);

}  // namespace ductus::kafka
