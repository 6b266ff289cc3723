// The bytes of a hostile Redis server through the guard and hiredis. Input: one byte that says in pieces of how many
// bytes the rest comes; then the stream. What comes in pieces must mean the same as what comes at once.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "offsets/redis/reply.h"

namespace {

using namespace ductus;           // NOLINT(*-build-using-namespace)
using namespace ductus::offsets;  // NOLINT(*-build-using-namespace)

void print(const RedisReply& reply, std::string& to) {
  to += std::to_string(static_cast<int>(reply.kind)) + ":" + std::to_string(reply.integer) + reply.text + "(";
  for (const RedisReply& element : reply.list) print(element, to);
  to += ")";
}

// What all whole replies are, and how the stream ends.
std::string read(std::string_view bytes, std::size_t piece_bytes) {
  ReplyReader reader;
  std::string printed;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    bytes.remove_prefix(piece.size());
    if (!reader.feed(piece)) return printed + "!";
    for (;;) {
      auto reply = reader.next();
      if (!reply) return printed + "!";
      if (!*reply) break;
      print(**reply, printed);
    }
  }
  return printed;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const std::string stream(data + 1, data + size);
  const std::string in_pieces = read(stream, std::max<std::size_t>(data[0], 1));
  const std::string at_once = read(stream, std::max<std::size_t>(stream.size(), 1));
  // Where the stream breaks, the replies before it may be seen or not.
  if (!in_pieces.ends_with('!')) DUCTUS_ASSERT(in_pieces == at_once || at_once.ends_with('!'));
  return 0;
}
