#include "kafka/records/compression.h"

#include <lz4frame.h>

#include <algorithm>
#include <string>

namespace ductus::kafka {
namespace {

Error corrupt(std::string_view what) { return {ErrorCode::kCorrupt, "lz4: " + std::string(what)}; }

}  // namespace

std::string_view name_of(Codec codec) noexcept {
  switch (codec) {
    case Codec::kNone:
      return "none";
    case Codec::kGzip:
      return "gzip";
    case Codec::kSnappy:
      return "snappy";
    case Codec::kLz4:
      return "lz4";
    case Codec::kZstd:
      return "zstd";
  }
  return "unknown";
}

void Inflater::Free::operator()(LZ4F_dctx_s* context) const noexcept { LZ4F_freeDecompressionContext(context); }

Result<void> Inflater::inflate(Codec codec, base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  if (codec == Codec::kLz4) return inflate_lz4(bytes, max_bytes, out);
  return Error{ErrorCode::kUnsupported, "codec " + std::to_string(static_cast<int>(codec)) + " (" +
                                            std::string(name_of(codec)) + ") is not supported"};
}

Result<void> Inflater::inflate_lz4(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  if (lz4_ == nullptr) {
    LZ4F_dctx* context = nullptr;
    const auto made = LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
    if (LZ4F_isError(made)) return Error{ErrorCode::kLimit, std::string("lz4: ") + LZ4F_getErrorName(made)};
    lz4_.reset(context);
  } else {
    LZ4F_resetDecompressionContext(lz4_.get());
  }
  // One byte over the cap is room enough to see that there is more. What an earlier use left is taken whole.
  const std::size_t max_room = max_bytes + 1;
  constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  const std::size_t guess = std::min(bytes.size() * 4 + kBlockBytes, max_room);
  out.resize_discarding(std::clamp(out.capacity(), guess, max_room));
  std::size_t written = 0;
  for (;;) {
    std::size_t taken = bytes.size();
    std::size_t given = out.size() - written;
    const std::size_t hint = LZ4F_decompress(lz4_.get(), out.data() + written, &given, bytes.data(), &taken, nullptr);
    if (LZ4F_isError(hint)) return corrupt(LZ4F_getErrorName(hint));
    written += given;
    bytes = bytes.subspan(taken);
    if (written > max_bytes) {
      return Error{ErrorCode::kLimit, "a record batch holds more than " + std::to_string(max_bytes) + " bytes decoded"};
    }
    if (hint == 0) break;
    if (written == out.size()) {
      out.resize_keeping(std::min(out.size() * 2, max_room));
    } else if (given == 0 && taken == 0) {
      return corrupt("the stream is cut off");
    }
  }
  if (!bytes.empty()) return corrupt(std::to_string(bytes.size()) + " bytes left over behind the stream");
  out.resize_discarding(written);
  return {};
}

}  // namespace ductus::kafka
