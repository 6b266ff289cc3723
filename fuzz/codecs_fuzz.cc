// Compressed records of a hostile broker through Inflater.
// Input: one byte of choices, then the stream.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "codecs/compression.h"
#include "mutator.h"
#include "structure/codec_streams.h"

namespace {

using namespace ductus;          // NOLINT(*-build-using-namespace)
using namespace ductus::codecs;  // NOLINT(*-build-using-namespace)

constexpr std::uint8_t kCodecBits = 7;
constexpr std::uint8_t kSmallCap = 8;

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t max_bytes = (data[0] & kSmallCap) != 0 ? 100 : std::size_t{1} << 20;
  static Inflater inflater;  // as a worker keeps it: what one stream leaves behind must not change the next
  base::Buffer out;
  const Codec codec{static_cast<std::uint8_t>(data[0] & kCodecBits)};
  const base::ByteView stream(data + 1, size - 1);
  const bool good = inflater.inflate(codec, stream, max_bytes, out).ok();
  DUCTUS_ASSERT(out.capacity() <= 2 * (max_bytes + 1));
  DUCTUS_ASSERT(!good || out.size() <= max_bytes);
  base::Buffer again;
  DUCTUS_ASSERT(Inflater().inflate(codec, stream, max_bytes, again).ok() == good);
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_input(data, size, max_size, seed,
                            [](std::uint8_t choices, fuzz::Bytes& stream, fuzz::Dice& dice) {
                              fuzz::mutate_stream(choices & kCodecBits, stream, dice);
                            });
}
