#include "structure/codec_streams.h"

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include "base/assert.h"
#include "codecs/compression.h"
#include "kafka/wire.h"

namespace ductus::fuzz {
namespace {

Bytes lz4_frame(const Bytes& plain, Dice& dice) {
  constexpr std::array kBlocks{LZ4F_default, LZ4F_max64KB, LZ4F_max256KB};
  LZ4F_preferences_t choices{};
  choices.frameInfo.blockSizeID = kBlocks.at(dice.below(kBlocks.size()));
  choices.frameInfo.blockMode = dice.one_in(2) ? LZ4F_blockLinked : LZ4F_blockIndependent;
  choices.frameInfo.contentChecksumFlag = dice.one_in(2) ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum;
  choices.frameInfo.blockChecksumFlag = dice.one_in(4) ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum;
  choices.frameInfo.contentSize = dice.one_in(4) ? plain.size() : 0;
  Bytes frame(LZ4F_compressFrameBound(plain.size(), &choices));
  const std::size_t size = LZ4F_compressFrame(frame.data(), frame.size(), plain.data(), plain.size(), &choices);
  DUCTUS_ASSERT(LZ4F_isError(size) == 0);
  frame.resize(size);
  return frame;
}

Bytes zstd_frame(const Bytes& plain, Dice& dice) {
  const std::unique_ptr<ZSTD_CCtx, std::size_t (*)(ZSTD_CCtx*)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, static_cast<int>(dice.below(4)));
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, dice.one_in(2) ? 1 : 0);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, dice.one_in(2) ? 1 : 0);
  Bytes frame(ZSTD_compressBound(plain.size()));
  const std::size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), plain.data(), plain.size());
  DUCTUS_ASSERT(ZSTD_isError(size) == 0);
  frame.resize(size);
  return frame;
}

Bytes gzip_member(const Bytes& plain, Dice& dice) {
  isal_zstream stream;
  isal_deflate_init(&stream);
  stream.gzip_flag = IGZIP_GZIP;
  stream.end_of_stream = 1;
  stream.flush = dice.one_in(2) ? NO_FLUSH : FULL_FLUSH;
  Bytes input = plain;
  Bytes member(plain.size() + plain.size() / 8 + 1024);
  stream.next_in = input.data();
  stream.avail_in = static_cast<std::uint32_t>(input.size());
  stream.next_out = member.data();
  stream.avail_out = static_cast<std::uint32_t>(member.size());
  DUCTUS_ASSERT(isal_deflate(&stream) == COMP_OK && stream.internal_state.state == ZSTATE_END);
  member.resize(stream.total_out);
  return member;
}

// A raw block, or chunks in a stream of snappy-java.
Bytes snappy_blocks(const Bytes& plain, Dice& dice) {
  const auto block_of = [](base::ByteView part) {
    std::string block;
    snappy::Compress(reinterpret_cast<const char*>(part.data()), part.size(), &block);
    return block;
  };
  if (dice.one_in(2)) {
    const std::string block = block_of(plain);
    return {block.begin(), block.end()};
  }
  kafka::Writer stream;
  stream.raw(std::array<std::uint8_t, 8>{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0});
  stream.i32(1);
  stream.i32(1);
  const std::size_t chunk_bytes = 1 + dice.below(64) * 64;
  base::ByteView left = plain;
  do {
    const std::string block = block_of(left.first(std::min(chunk_bytes, left.size())));
    stream.i32(static_cast<std::int32_t>(block.size()));
    stream.raw({reinterpret_cast<const std::uint8_t*>(block.data()), block.size()});
    left = left.subspan(std::min(chunk_bytes, left.size()));
  } while (!left.empty());
  return std::move(stream).take();
}

struct Compressor {
  codecs::Codec codec;
  Bytes (*compress)(const Bytes& plain, Dice& dice);
};
constexpr std::array<Compressor, 4> kCompressors = {{{codecs::Codec::kGzip, gzip_member},
                                                     {codecs::Codec::kSnappy, snappy_blocks},
                                                     {codecs::Codec::kLz4, lz4_frame},
                                                     {codecs::Codec::kZstd, zstd_frame}}};

const Compressor* compressor_of(int codec) {
  const auto* found = std::ranges::find(kCompressors, static_cast<codecs::Codec>(codec), &Compressor::codec);
  return found == kCompressors.end() ? nullptr : found;
}

}  // namespace

bool can_compress(int codec) { return compressor_of(codec) != nullptr; }

Bytes compressed(int codec, const Bytes& plain, Dice& dice) {
  const Compressor* const compressor = compressor_of(codec);
  return compressor == nullptr ? plain : compressor->compress(plain, dice);
}

std::optional<Bytes> decompressed(int codec, base::ByteView stream) {
  base::Buffer plain;
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  if (!can_compress(codec) ||
      !codecs::Inflater().inflate(static_cast<codecs::Codec>(codec), stream, kMaxBytes, plain)) {
    return std::nullopt;
  }
  return Bytes(plain.data(), plain.data() + plain.size());
}

void mutate_stream(int codec, Bytes& stream, Dice& dice) {
  auto plain = decompressed(codec, stream);
  if (!plain || dice.one_in(3)) return dice.damage(stream);
  if (dice.one_in(4)) {  // what stands behind the frame: another one, or the same again
    const Bytes more = dice.one_in(2) ? compressed(codec, *plain, dice) : stream;
    stream.insert(stream.end(), more.begin(), more.end());
    return;
  }
  dice.damage(*plain);
  stream = compressed(codec, *plain, dice);
}

}  // namespace ductus::fuzz
