// Record batches taken apart, so that one field can be changed and what encloses it be put right again, or wrong.
//
// Knows the format by itself (Kafka documentation "Record Batch"), not by the decoder that is tested; of that one only
// the byte primitives, the CRC and the decompression are used.
#pragma once

#include <cstdint>
#include <vector>

#include "structure/dice.h"

namespace ductus::fuzz {

/// A length as it is written, and the bytes behind it. In a good one they agree, or size is -1 for null.
struct Sized {
  std::int32_t size = -1;
  Bytes bytes;
};

struct Record {
  std::int32_t length_flaw = 0;     ///< what the written length is too much
  std::uint8_t varint_padding = 0;  ///< how many bytes too long its length is written
  std::int8_t attributes = 0;
  std::int64_t timestamp_delta = 0;
  std::int32_t offset_delta = 0;
  Sized key;
  Sized value;
  std::int32_t header_count = 0;  ///< as it is written; in a good one half of headers.size()
  std::vector<Sized> headers;     ///< keys and values in turn
  Bytes rest;                     ///< what stands behind them within the record
};

struct RecordBatch {
  std::int64_t base_offset = 0;
  std::int32_t length_flaw = 0;  ///< what the written length is too much
  std::int32_t leader_epoch = 0;
  std::int8_t magic = 2;
  std::uint32_t crc_flaw = 0;  ///< bits in which the written checksum is wrong
  std::int16_t attributes = 0;
  std::int32_t last_offset_delta = 0;
  std::int64_t base_timestamp = 0;
  std::int64_t max_timestamp = 0;
  std::int64_t producer_id = 0;
  std::int16_t producer_epoch = 0;
  std::int32_t base_sequence = 0;
  std::int32_t record_count = 0;  ///< as it is written; in a good one records.size()
  int codec = 0;                  ///< that `records` and `rest` are compressed with; what `attributes` say may differ
  std::vector<Record> records;
  Bytes rest;               ///< what stands behind them, or cannot be read as a record
  bool is_damaged = false;  ///< the compressed bytes are, once they are written
};

struct RecordBatches {
  std::vector<RecordBatch> batches;
  Bytes rest;  ///< what stands behind them: a batch that is cut off, or no batch
};

/// Takes `bytes` apart as far as they can be read; write() gives them back, their checksums correct.
RecordBatches read_batches(base::ByteView bytes);
Bytes write_batches(const RecordBatches& set, Dice& dice);

/// One change: of a field, a record, a batch or their order. Mostly such that the rest stays true to it.
void mutate(RecordBatches& set, Dice& dice);

/// Some changes of record batches as they stand in an answer. In four of five results all checksums are right.
void mutate_records(Bytes& records, Dice& dice);

}  // namespace ductus::fuzz
