// RecordBatchBuilder: record batches as a producer would write them, and as one never would.
#pragma once

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/record_batch.h"
#include "kafka/records/crc32c.h"
#include "kafka/wire.h"

namespace ductus::kafka {

using Bytes = std::vector<std::uint8_t>;
using OptionalText = std::optional<std::string>;

inline base::ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// A gzip member that holds `bytes` so many times.
inline Bytes gzip_member(base::ByteView bytes, int times = 1) {
  isal_zstream stream;
  isal_deflate_init(&stream);
  Bytes level_buffer(ISAL_DEF_LVL1_DEFAULT);
  stream.level = 1;
  stream.level_buf = level_buffer.data();
  stream.level_buf_size = static_cast<std::uint32_t>(level_buffer.size());
  stream.gzip_flag = IGZIP_GZIP;
  Bytes member;
  Bytes room(1 << 16);
  for (int i = 1; i <= times; ++i) {
    stream.next_in = const_cast<std::uint8_t*>(bytes.data());
    stream.avail_in = static_cast<std::uint32_t>(bytes.size());
    stream.end_of_stream = i == times ? 1 : 0;
    do {
      stream.next_out = room.data();
      stream.avail_out = static_cast<std::uint32_t>(room.size());
      isal_deflate(&stream);
      member.insert(member.end(), room.begin(), room.end() - stream.avail_out);
    } while (stream.avail_out == 0);
  }
  return member;
}

/// As librdkafka writes it: one block.
inline Bytes snappy_block(base::ByteView bytes) {
  std::string block;
  snappy::Compress(reinterpret_cast<const char*>(bytes.data()), bytes.size(), &block);
  return {block.begin(), block.end()};
}

/// A stream of snappy-java that holds `blocks`, each with the length that is true.
inline Bytes snappy_stream(const std::vector<Bytes>& blocks) {
  Writer stream;
  stream.raw(as_bytes(std::string_view("\x82SNAPPY\0", 8)));
  stream.i32(1);
  stream.i32(1);
  for (const auto& block : blocks) {
    stream.i32(static_cast<std::int32_t>(block.size()));
    stream.raw(block);
  }
  return std::move(stream).take();
}

/// As the Java producer writes it: blocks of 32 KiB.
inline Bytes snappy_stream_of(base::ByteView bytes) {
  constexpr std::size_t kBlockBytes = 32 << 10;
  std::vector<Bytes> blocks;
  do {
    const std::size_t size = bytes.size() < kBlockBytes ? bytes.size() : kBlockBytes;
    blocks.push_back(snappy_block(bytes.first(size)));
    bytes = bytes.subspan(size);
  } while (!bytes.empty());
  return snappy_stream(blocks);
}

inline Bytes lz4_frame(base::ByteView bytes) {
  Bytes frame(LZ4F_compressFrameBound(bytes.size(), nullptr));
  frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), bytes.data(), bytes.size(), nullptr));
  return frame;
}

/// As a producer writes it: a stream that does not tell its size.
inline Bytes zstd_frame(base::ByteView bytes, int level = 3) {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  Bytes frame(ZSTD_compressBound(bytes.size()));
  frame.resize(ZSTD_compress2(context, frame.data(), frame.size(), bytes.data(), bytes.size()));
  ZSTD_freeCCtx(context);
  return frame;
}

struct RecordBatchBuilder {
  std::int64_t base_offset = 0;
  std::int32_t leader_epoch = 0;
  std::int8_t magic = 2;
  std::int16_t attributes = 0;
  std::optional<std::int32_t> last_offset_delta;  ///< else that of the last record
  std::optional<std::int32_t> record_count;       ///< else as many as were added
  std::int64_t base_timestamp = 1'700'000'000'000;
  std::int64_t max_timestamp = 1'700'000'000'000;
  std::int64_t producer_id = -1;
  Bytes records;
  std::int32_t added = 0;
  std::int32_t next_delta = 0;

  /// A record as it stands, after its length.
  RecordBatchBuilder& add_raw(base::ByteView record, std::optional<std::int32_t> length = std::nullopt) {
    Writer writer;
    writer.varint(length.value_or(static_cast<std::int32_t>(record.size())));
    writer.raw(record);
    records.insert(records.end(), writer.bytes().begin(), writer.bytes().end());
    ++added;
    return *this;
  }
  RecordBatchBuilder& add(const OptionalText& key, const OptionalText& value,
                          const std::vector<std::pair<std::string, OptionalText>>& headers = {},
                          std::int64_t timestamp_delta = 0) {
    Writer writer;
    writer.i8(0);
    writer.varlong(timestamp_delta);
    writer.varint(next_delta++);
    write_sized(key, writer);
    write_sized(value, writer);
    writer.varint(static_cast<std::int32_t>(headers.size()));
    for (const auto& [name, content] : headers) {
      write_sized(name, writer);
      write_sized(content, writer);
    }
    return add_raw(writer.bytes());
  }
  RecordBatchBuilder& skip_offsets(std::int32_t count) {
    next_delta += count;
    return *this;
  }
  /// The control record that ends a transaction: type 0 aborts, 1 commits.
  RecordBatchBuilder& add_marker(std::int16_t type) {
    attributes = static_cast<std::int16_t>(attributes | 0x30);
    const char low = static_cast<char>(type);
    return add(std::string({0, 0, 0, low}), std::string(6, '\0'));
  }

  Bytes build() const {
    const Bytes content = compressed();
    Writer tail;
    tail.i16(attributes);
    tail.i32(last_offset_delta.value_or(next_delta > 0 ? next_delta - 1 : 0));
    tail.i64(base_timestamp);
    tail.i64(max_timestamp);
    tail.i64(producer_id);
    tail.i16(0);
    tail.i32(-1);
    tail.i32(record_count.value_or(added));
    tail.raw(content);
    Writer batch;
    batch.i64(base_offset);
    batch.i32(static_cast<std::int32_t>(tail.size() + 9));
    batch.i32(leader_epoch);
    batch.i8(magic);
    batch.i32(static_cast<std::int32_t>(crc32c(tail.bytes())));
    batch.raw(tail.bytes());
    return std::move(batch).take();
  }

 private:
  Bytes compressed() const {
    if (records.empty()) return records;
    switch (attributes & 7) {
      case 1:
        return gzip_member(records);
      case 2:
        return snappy_stream_of(records);
      case 3:
        return lz4_frame(records);
      case 4:
        return zstd_frame(records);
      default:
        return records;
    }
  }
  static void write_sized(const OptionalText& text, Writer& writer) {
    writer.varint(text ? static_cast<std::int32_t>(text->size()) : -1);
    if (text) writer.raw(as_bytes(*text));
  }
};

/// `count` records of one letter each, from `base_offset` on.
inline Bytes simple_batch(std::int64_t base_offset, int count, std::int16_t attributes = 0, std::int32_t epoch = 0) {
  RecordBatchBuilder builder;
  builder.base_offset = base_offset;
  builder.attributes = attributes;
  builder.leader_epoch = epoch;
  for (int i = 0; i < count; ++i) builder.add(std::nullopt, std::string(1, static_cast<char>('a' + i % 26)));
  return builder.build();
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

}  // namespace ductus::kafka
