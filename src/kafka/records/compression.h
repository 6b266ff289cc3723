// Inflater: the compressed records of a record batch into a buffer, never more than a cap.
//
// Source: Kafka documentation "Record Batch" (codec numbers); KIP-57 (lz4 frames as the lz4 specification has them);
// KIP-110 and RFC 8878 (zstd: one or more frames).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "ductus/result.h"

struct LZ4F_dctx_s;
struct ZSTD_DCtx_s;

namespace ductus::kafka {

/// By its number in the attributes of a record batch.
enum class Codec : std::uint8_t { kNone = 0, kGzip = 1, kSnappy = 2, kLz4 = 3, kZstd = 4 };

/// "gzip"; "unknown" for a number that Kafka has not.
std::string_view name_of(Codec codec) noexcept;

/// A zstd frame that wants to look farther back is refused: 2^27 bytes, as by Kafka's own clients. What the codec
/// takes for it is touched no farther than what has been decoded.
inline constexpr int kMaxZstdWindowLog = 27;

/// Keeps the codec's working memory from one record batch to the next. Thread: one at a time.
class Inflater {
 public:
  /// Replaces what is in `out` (keeping its memory for use) by the decompressed `bytes`: one whole stream, no more.
  /// Errors: kCorrupt; kLimit beyond `max_bytes` or the zstd window; kUnsupported for codecs other than lz4 and zstd.
  Result<void> inflate(Codec codec, base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);

 private:
  struct Free {
    void operator()(LZ4F_dctx_s* context) const noexcept;
    void operator()(ZSTD_DCtx_s* context) const noexcept;
  };
  Result<void> inflate_lz4(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);
  Result<void> inflate_zstd(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out);

  std::unique_ptr<LZ4F_dctx_s, Free> lz4_;
  std::unique_ptr<ZSTD_DCtx_s, Free> zstd_;
};

}  // namespace ductus::kafka
