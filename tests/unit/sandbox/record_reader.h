// Reads record batches back, from the description of the format alone: the tests' own eyes.
#pragma once

#include <gtest/gtest.h>
#include <isa-l/crc.h>
#include <lz4frame.h>

#include <cstdint>
#include <string>
#include <vector>

#include "kafka/wire.h"

namespace ductus::sandbox {

struct ReadRecord {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = 0;
  std::string key;
  std::string value;
};

inline std::string text_of(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

inline std::vector<std::uint8_t> inflated(base::ByteView frame) {
  LZ4F_dctx* context = nullptr;
  EXPECT_EQ(LZ4F_isError(LZ4F_createDecompressionContext(&context, LZ4F_VERSION)), 0U);
  std::vector<std::uint8_t> plain(4 * 1024 * 1024);
  std::size_t plain_size = plain.size();
  std::size_t frame_size = frame.size();
  const std::size_t left = LZ4F_decompress(context, plain.data(), &plain_size, frame.data(), &frame_size, nullptr);
  EXPECT_EQ(left, 0U) << "the frame must be whole";
  EXPECT_EQ(frame_size, frame.size());
  LZ4F_freeDecompressionContext(context);
  plain.resize(plain_size);
  return plain;
}

/// The records of the whole batches at the start of `bytes`; `bytes` is left with the cut-off rest.
inline std::vector<ReadRecord> read_records(base::ByteView& bytes) {
  std::vector<ReadRecord> records;
  while (bytes.size() >= 61) {
    kafka::Reader batch(bytes);
    const std::int64_t base_offset = batch.i64();
    const std::uint32_t length = batch.u32();
    if (length > batch.left()) break;
    kafka::Reader body(batch.raw(length));
    EXPECT_EQ(body.i32(), 0) << "leader epoch";
    EXPECT_EQ(body.i8(), 2) << "magic";
    const std::uint32_t crc = body.u32();
    const base::ByteView covered = bytes.subspan(21, length - 9);
    EXPECT_EQ(crc, ~crc32_iscsi(const_cast<unsigned char*>(covered.data()), static_cast<int>(covered.size()), ~0U));
    const int codec = body.i16() & 7;
    const std::int32_t last_delta = body.i32();
    const std::int64_t base_ms = body.i64();
    body.skip(8 + 8 + 2 + 4);
    const std::int32_t count = body.i32();
    EXPECT_EQ(count, last_delta + 1);
    const base::ByteView packed = body.raw(body.left());
    const std::vector<std::uint8_t> plain =
        codec == 3 ? inflated(packed) : std::vector<std::uint8_t>(packed.begin(), packed.end());
    kafka::Reader reader(plain);
    for (std::int32_t i = 0; i < count; ++i) {
      kafka::Reader record(reader.raw(static_cast<std::size_t>(reader.varint())));
      record.skip(1);
      ReadRecord read;
      read.timestamp_ms = base_ms + record.varlong();
      read.offset = base_offset + record.varint();
      read.key = text_of(record.raw(static_cast<std::size_t>(record.varint())));
      read.value = text_of(record.raw(static_cast<std::size_t>(record.varint())));
      EXPECT_EQ(record.varint(), 0) << "headers";
      EXPECT_TRUE(record.complete());
      records.push_back(read);
    }
    EXPECT_TRUE(reader.complete());
    bytes = bytes.subspan(12 + length);
  }
  return records;
}

}  // namespace ductus::sandbox
