// RecordBatchBuilder: record batches as a producer would write them, and as one never would.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kafka/record_batch.h"
#include "kafka/records/crc32c.h"
#include "kafka/wire.h"
#include "unit/codecs/streams.h"

namespace ductus::kafka {

using codecs::as_bytes;
using codecs::Bytes;
using OptionalText = std::optional<std::string>;

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
        return codecs::gzip_member(records);
      case 2:
        return codecs::snappy_stream_of(records);
      case 3:
        return codecs::lz4_frame(records);
      case 4:
        return codecs::zstd_frame(records);
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
