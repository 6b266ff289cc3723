#include "sandbox/logs/codecs.h"

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "base/assert.h"
#include "kafka/wire.h"

namespace ductus::sandbox {
namespace {

base::ByteView as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::vector<std::uint8_t> gzip_member(const std::vector<std::uint8_t>& plain) {
  constexpr std::size_t kWrapperBytes = 1024;  // more than header, trailer and what stored blocks add to 64 KiB
  std::vector<std::uint8_t> member(plain.size() + plain.size() / 64 + kWrapperBytes);
  std::vector<std::uint8_t> working_memory(ISAL_DEF_LVL3_DEFAULT);
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.level = 3;
  stream.level_buf = working_memory.data();
  stream.level_buf_size = static_cast<std::uint32_t>(working_memory.size());
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.next_in = const_cast<std::uint8_t*>(plain.data());
  stream.avail_in = static_cast<std::uint32_t>(plain.size());
  stream.next_out = member.data();
  stream.avail_out = static_cast<std::uint32_t>(member.size());
  DUCTUS_ASSERT(isal_deflate_stateless(&stream) == COMP_OK);
  member.resize(stream.total_out);
  return member;
}

// Chunks of 32 KiB behind a header: magic, version, compatible version. Source: snappy-java SnappyOutputStream.java.
std::vector<std::uint8_t> snappy_frames(const std::vector<std::uint8_t>& plain) {
  constexpr std::size_t kChunkBytes = 32 * 1024;
  kafka::Writer stream;
  stream.raw(as_bytes(std::string_view("\x82SNAPPY\0", 8)));
  stream.i32(1);
  stream.i32(1);
  for (std::size_t at = 0; at < plain.size(); at += kChunkBytes) {
    std::string block;
    snappy::Compress(reinterpret_cast<const char*>(plain.data()) + at, std::min(kChunkBytes, plain.size() - at),
                     &block);
    stream.i32(static_cast<std::int32_t>(block.size()));
    stream.raw(as_bytes(block));
  }
  return std::move(stream).take();
}

// Independent blocks of at most 64 KiB, no content size.
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

// Level 3, a stream that does not tell its size.
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

}  // namespace

std::vector<std::uint8_t> compressed(Codec codec, const std::vector<std::uint8_t>& plain) {
  switch (codec) {
    case Codec::kGzip:
      return gzip_member(plain);
    case Codec::kSnappy:
      return snappy_frames(plain);
    case Codec::kLz4:
      return lz4_frame(plain);
    case Codec::kZstd:
      return zstd_frame(plain);
    case Codec::kNone:
      break;
  }
  return plain;
}

}  // namespace ductus::sandbox
