// Inflater: compressed messages into a buffer, never more than a cap.
//
// Source: Kafka documentation "Record Batch" (codec numbers); RFC 1952 and GZIPInputStream.java (gzip: one or more
// members); snappy.h; KIP-57 and Lz4BlockInputStream.java (lz4: one frame as its specification has them); KIP-110 and
// RFC 8878 (zstd: one or more frames).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "ductus/result.h"

struct inflate_state;  // NOLINT(readability-identifier-naming)
struct LZ4F_dctx_s;
struct ZSTD_DCtx_s;

namespace ductus::codecs {

/// By its number in the attributes of a record batch; those of a message of 0.7 are the first three.
enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

/// "gzip"; "unknown" for a number that Kafka has not.
std::string_view name_of(Codec codec) noexcept;

/// A zstd frame that wants to look farther back is refused: 2^27 bytes, as by Kafka's own clients. What the codec
/// takes for it is touched no farther than what has been decoded.
inline constexpr int kMaxZstdWindowLog = 27;

/// Keeps the codec's working memory from one use to the next. Thread: one at a time.
class Inflater {
 public:
  /// Replaces what is in `out` (keeping its memory for use) by the decompressed `bytes`: one whole stream, no more.
  /// What a size in `bytes` claims is compared with `max_bytes` before memory is taken. Both sizes: at most INT32_MAX.
  /// Errors: kCorrupt; kLimit beyond `max_bytes` or the zstd window; kUnsupported for kNone and what Kafka has not.
  Result<void> inflate(Codec codec, base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);

 private:
  struct Free {
    void operator()(inflate_state* state) const noexcept;
    void operator()(LZ4F_dctx_s* context) const noexcept;
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  Result<void> inflate_gzip(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);
  Result<void> inflate_lz4(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);
  Result<void> inflate_zstd(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);

  std::unique_ptr<inflate_state, Free> gzip_;
  std::unique_ptr<LZ4F_dctx_s, Free> lz4_;
  std::unique_ptr<ZSTD_DCtx_s, Free> zstd_;
};

}  // namespace ductus::codecs
