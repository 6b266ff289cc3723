// Compressed streams as producers write them.
#pragma once

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/big_endian.h"
#include "base/bytes.h"

namespace ductus::codecs {

using Bytes = std::vector<std::uint8_t>;

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
  base::BigEndianWriter stream;
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

}  // namespace ductus::codecs
