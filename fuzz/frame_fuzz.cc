// The bytes of a hostile broker through FrameStream and KafkaAnswerCutter, as a connection reads them.
// Input: one byte that chooses the request, one that says in pieces of how many bytes the rest comes; then the stream.
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/assert.h"
#include "kafka/answer_cutter.h"
#include "net/frame_stream.h"

namespace {

using namespace ductus;         // NOLINT(*-build-using-namespace)
using namespace ductus::kafka;  // NOLINT(*-build-using-namespace)

constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20;
constexpr std::uint32_t kCorrelationId = 7;
constexpr std::array<ports::RequestTag, 6> kTags = {{{kCorrelationId, 18, 0},
                                                     {kCorrelationId, 18, 3},
                                                     {kCorrelationId, 3, 12},
                                                     {kCorrelationId, 2, 7},
                                                     {kCorrelationId, 1, 4},
                                                     {kCorrelationId, 1, 12}}};

// False: the connection is over.
bool read_frames(net::FrameStream& stream, const ports::RequestTag& tag) {
  for (;;) {
    auto frame = stream.read();
    if (!frame) return false;
    if (!frame->has_value()) return true;
    DUCTUS_ASSERT((*frame)->size() <= kMaxFrameBytes);
    if (!KafkaAnswerCutter().cut(tag, std::move(**frame))) return false;
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const ports::RequestTag& tag = kTags[data[0] % kTags.size()];
  const std::size_t piece_bytes = std::max<std::size_t>(data[1], 1);
  std::array<int, 2> ends{-1, -1};
  DUCTUS_ASSERT(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()) == 0);
  const net::Socket broker(ends[0]);
  net::FrameStream stream(net::Socket(ends[1]), kMaxFrameBytes);
  for (base::ByteView left(data + 2, size - 2); !left.empty();) {
    const base::ByteView piece = left.first(std::min(piece_bytes, left.size()));
    DUCTUS_ASSERT(::send(broker.fd(), piece.data(), piece.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(piece.size()));
    if (!read_frames(stream, tag)) return 0;
    left = left.subspan(piece.size());
  }
  return 0;
}
