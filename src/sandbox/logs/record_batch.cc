#include "sandbox/logs/record_batch.h"

#include <isa-l/crc.h>

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "kafka/wire.h"

namespace ductus::sandbox {
namespace {

base::ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::uint32_t crc32c(const std::vector<std::uint8_t>& bytes) {
  return ~crc32_iscsi(const_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size()), 0xFFFFFFFFU);
}

}  // namespace

void RecordBatchWriter::record(std::int64_t timestamp_ms, std::string_view key, std::string_view value) {
  kafka::Writer body;
  body.i8(0);
  body.varlong(timestamp_ms - base_timestamp_ms_);
  body.varint(count_);
  body.varint(static_cast<std::int32_t>(key.size()));
  body.raw(as_bytes(key));
  body.varint(static_cast<std::int32_t>(value.size()));
  body.raw(as_bytes(value));
  body.varint(0);

  kafka::Writer length;
  length.varint(static_cast<std::int32_t>(body.size()));
  records_.insert(records_.end(), length.bytes().begin(), length.bytes().end());
  records_.insert(records_.end(), body.bytes().begin(), body.bytes().end());
  max_timestamp_ms_ = std::max(max_timestamp_ms_, timestamp_ms);
  ++count_;
}

std::vector<std::uint8_t> RecordBatchWriter::finish() const {
  DUCTUS_ASSERT(count_ > 0);
  kafka::Writer body;
  body.i16(static_cast<std::int16_t>(codec_));
  body.i32(count_ - 1);
  body.i64(base_timestamp_ms_);
  body.i64(max_timestamp_ms_);
  body.i64(-1);
  body.i16(-1);
  body.i32(-1);
  body.i32(count_);
  body.raw(compressed(codec_, records_));

  constexpr std::size_t kEpochMagicAndCrcBytes = 4 + 1 + 4;
  kafka::Writer batch;
  batch.i64(0);
  batch.i32(static_cast<std::int32_t>(kEpochMagicAndCrcBytes + body.size()));
  batch.i32(kLeaderEpoch);
  batch.i8(2);
  batch.i32(static_cast<std::int32_t>(crc32c(body.bytes())));
  batch.raw(body.bytes());
  return std::move(batch).take();
}

}  // namespace ductus::sandbox
