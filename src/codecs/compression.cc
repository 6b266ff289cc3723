#include "codecs/compression.h"

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <string>

#include "codecs/snappy.h"

namespace ductus::codecs {
namespace {

Error broken(ErrorCode code, Codec codec, std::string_view what) {
  return {code, std::string(name_of(codec)) + ": " + std::string(what)};
}

Error beyond(std::size_t max_bytes) {
  return {ErrorCode::kLimit, "more than " + std::to_string(max_bytes) + " bytes decoded"};
}

struct Room {
  std::uint8_t* at;
  std::size_t bytes;
};

struct Progress {
  std::size_t taken;
  std::size_t given;
  bool frame_is_over;
};

// All of `bytes` through `step(bytes, room)`, which decodes some and returns Result<Progress>. `frames_may_follow`:
// else nothing may stand behind the first frame.
template <class Step>
Result<void> inflate_by(Step step, Codec codec, bool frames_may_follow, base::ByteView bytes, std::size_t max_bytes,
                        base::Buffer& out) {
  // One byte over the cap is room enough to see that there is more. What an earlier use left is taken whole.
  const std::size_t max_room = max_bytes + 1;
  constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
  const std::size_t guess = std::min(bytes.size() * 4 + kBlockBytes, max_room);
  out.resize_discarding(std::clamp(out.capacity(), guess, max_room));
  std::size_t written = 0;
  for (;;) {
    const Result<Progress> step_made = step(bytes, Room{out.data() + written, out.size() - written});
    if (!step_made) return step_made.error();
    written += step_made->given;
    bytes = bytes.subspan(step_made->taken);
    if (written > max_bytes) return beyond(max_bytes);
    if (step_made->frame_is_over) {
      if (bytes.empty()) break;
      if (frames_may_follow) continue;
      return broken(ErrorCode::kCorrupt, codec, std::to_string(bytes.size()) + " bytes left over behind the stream");
    }
    if (written == out.size()) {
      out.resize_keeping(std::min(out.size() * 2, max_room));
    } else if (step_made->given == 0 && step_made->taken == 0) {
      return broken(ErrorCode::kCorrupt, codec, "the stream is cut off");
    }
  }
  out.resize_discarding(written);
  return {};
}

Result<void> inflate_blocks(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  const auto claimed = claimed_snappy_bytes(bytes);
  if (!claimed) return claimed.error();
  if (*claimed > max_bytes) return beyond(max_bytes);
  out.resize_discarding(static_cast<std::size_t>(*claimed));
  return inflate_snappy(bytes, out.data());
}

std::string_view words_for(int isal_error) {
  switch (isal_error) {
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
      return "no header where one should be";
    case ISAL_INCORRECT_CHECKSUM:
      return "the checksum or the size does not match";
    default:
      return "the deflated data is broken";
  }
}

// Whether `bytes` are exactly one zstd frame, and its window is no larger than allowed. Source: RFC 8878, 3.1.1.1.
bool is_one_frame(base::ByteView bytes) {
  constexpr std::size_t kDescriptorAt = 4;
  constexpr std::size_t kWindowAt = 5;
  constexpr int kSingleSegment = 0x20;  // then there is no window, only the content
  constexpr int kLargestWindow = (kMaxZstdWindowLog - 10) << 3;
  return bytes.size() > kWindowAt && ZSTD_findFrameCompressedSize(bytes.data(), bytes.size()) == bytes.size() &&
         ((bytes[kDescriptorAt] & kSingleSegment) != 0 || bytes[kWindowAt] <= kLargestWindow);
}

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

void Inflater::Free::operator()(inflate_state* state) const noexcept { delete state; }
void Inflater::Free::operator()(LZ4F_dctx_s* context) const noexcept { LZ4F_freeDecompressionContext(context); }
void Inflater::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

Result<void> Inflater::inflate(Codec codec, base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  switch (codec) {
    case Codec::kGzip:
      return inflate_gzip(bytes, max_bytes, out);
    case Codec::kSnappy:
      return inflate_blocks(bytes, max_bytes, out);
    case Codec::kLz4:
      return inflate_lz4(bytes, max_bytes, out);
    case Codec::kZstd:
      return inflate_zstd(bytes, max_bytes, out);
    case Codec::kNone:
      break;
  }
  return Error{ErrorCode::kUnsupported, "codec " + std::to_string(static_cast<int>(codec)) + " (" +
                                            std::string(name_of(codec)) + ") is not supported"};
}

Result<void> Inflater::inflate_gzip(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  if (gzip_ == nullptr) gzip_ = std::unique_ptr<inflate_state, Free>(new inflate_state);
  isal_inflate_init(gzip_.get());
  gzip_->crc_flag = ISAL_GZIP;
  const auto step = [state = gzip_.get()](base::ByteView in, Room room) -> Result<Progress> {
    if (state->block_state == ISAL_BLOCK_FINISH) isal_inflate_reset(state);  // behind a member stands another one
    state->next_in = const_cast<std::uint8_t*>(in.data());
    state->avail_in = static_cast<std::uint32_t>(in.size());
    state->next_out = room.at;
    state->avail_out = static_cast<std::uint32_t>(room.bytes);
    const int outcome = isal_inflate(state);
    if (outcome < 0) return broken(ErrorCode::kCorrupt, Codec::kGzip, words_for(outcome));
    return Progress{in.size() - state->avail_in, room.bytes - state->avail_out,
                    state->block_state == ISAL_BLOCK_FINISH};
  };
  return inflate_by(step, Codec::kGzip, true, bytes, max_bytes, out);
}

Result<void> Inflater::inflate_lz4(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  if (lz4_ == nullptr) {
    LZ4F_dctx* context = nullptr;
    const auto made = LZ4F_createDecompressionContext(&context, LZ4F_VERSION);
    if (LZ4F_isError(made)) return broken(ErrorCode::kLimit, Codec::kLz4, LZ4F_getErrorName(made));
    lz4_.reset(context);
  } else {
    LZ4F_resetDecompressionContext(lz4_.get());
  }
  const auto step = [this](base::ByteView in, Room room) -> Result<Progress> {
    std::size_t taken = in.size();
    std::size_t given = room.bytes;
    const std::size_t hint = LZ4F_decompress(lz4_.get(), room.at, &given, in.data(), &taken, nullptr);
    if (LZ4F_isError(hint)) return broken(ErrorCode::kCorrupt, Codec::kLz4, LZ4F_getErrorName(hint));
    return Progress{taken, given, hint == 0};
  };
  return inflate_by(step, Codec::kLz4, false, bytes, max_bytes, out);
}

Result<void> Inflater::inflate_zstd(base::ByteView bytes, std::size_t max_bytes, base::Buffer& out) {
  if (zstd_ == nullptr) {
    zstd_.reset(ZSTD_createDCtx());
    if (zstd_ == nullptr) return broken(ErrorCode::kLimit, Codec::kZstd, "no memory for its context");
    ZSTD_DCtx_setParameter(zstd_.get(), ZSTD_d_windowLogMax, kMaxZstdWindowLog);
  } else {
    ZSTD_DCtx_reset(zstd_.get(), ZSTD_reset_session_only);
  }
  // A stream is decoded into a window of its own and copied from there. So only what does not fit in the memory that
  // earlier uses left, and what is unusual or broken, is taken as one.
  if (is_one_frame(bytes)) {
    out.resize_discarding(std::min(out.capacity(), max_bytes));
    const std::size_t written = ZSTD_decompressDCtx(zstd_.get(), out.data(), out.size(), bytes.data(), bytes.size());
    if (ZSTD_isError(written) == 0) {
      out.resize_discarding(written);
      return {};
    }
    ZSTD_DCtx_reset(zstd_.get(), ZSTD_reset_session_only);
  }
  const auto step = [this](base::ByteView in, Room room) -> Result<Progress> {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{room.at, room.bytes, 0};
    const std::size_t hint = ZSTD_decompressStream(zstd_.get(), &output, &input);
    if (ZSTD_isError(hint) == 0) return Progress{input.pos, output.pos, hint == 0};
    const ZSTD_ErrorCode code = ZSTD_getErrorCode(hint);
    const bool too_large = code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_memory_allocation;
    return broken(too_large ? ErrorCode::kLimit : ErrorCode::kCorrupt, Codec::kZstd, ZSTD_getErrorName(hint));
  };
  return inflate_by(step, Codec::kZstd, true, bytes, max_bytes, out);
}

}  // namespace ductus::codecs
