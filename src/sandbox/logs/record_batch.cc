#include "sandbox/logs/record_batch.h"

#include <isa-l/crc.h>
#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/assert.h"
#include "kafka/wire.h"

namespace ductus::sandbox {
namespace {

base::ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// As the Java producer writes it: independent blocks of at most 64 KiB, no content size.
std::vector<std::uint8_t> lz4_frame(const std::vector<std::uint8_t>& plain) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.blockSizeID = LZ4F_max64KB;
  preferences.frameInfo.blockMode = LZ4F_blockIndependent;
  std::vector<std::uint8_t> frame(LZ4F_compressFrameBound(plain.size(), &preferences));
  const std::size_t size = LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &preferences);
  DUCTUS_ASSERT(LZ4F_isError(size) == 0);
  frame.resize(size);
  return frame;
}

// As the Java producer writes it: level 3, a stream that does not tell its size.
std::vector<std::uint8_t> zstd_frame(const std::vector<std::uint8_t>& plain) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, 3);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  std::vector<std::uint8_t> frame(ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), plain.data(), plain.size());
  DUCTUS_ASSERT(ZSTD_isError(size) == 0);
  frame.resize(size);
  return frame;
}

std::vector<std::uint8_t> compressed(Codec codec, const std::vector<std::uint8_t>& plain) {
  switch (codec) {
    case Codec::kLz4:
      return lz4_frame(plain);
    case Codec::kZstd:
      return zstd_frame(plain);
    case Codec::kNone:
      break;
  }
  return plain;
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
