// parse_records(): the records of one record batch, decompressed, into messages that view them. The hot loop.
//
//   record = length:varint attributes:int8 timestamp_delta:varlong offset_delta:varint
//            key_length:varint key value_length:varint value header_count:varint { header }
//   header = key_length:varint key value_length:varint value        length -1 means null; a header key has none
// length counts what follows it. The deltas count from the record batch's base_offset and base_timestamp; with
// log append time every record has the record batch's max_timestamp.
// Source: Kafka documentation "Record", "Record Header"; DefaultRecord.java.
#pragma once

#include "base/bytes.h"
#include "base/message_list.h"
#include "ductus/result.h"
#include "kafka/record_batch.h"

namespace ductus::kafka {

/// Appends one Message for each of the header's record_count records, which must fill `records` exactly.
/// Offsets must rise and lie within the record batch. The messages view `records`.
/// Errors: kCorrupt, naming offset and field; `messages` is then as it was.
Result<void> parse_records(const RecordBatchHeader& header, base::ByteView records, base::MessageList& messages);

}  // namespace ductus::kafka
