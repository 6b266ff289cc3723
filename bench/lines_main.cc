// What lines hold: the proof of those contestants that write messages instead of counting them.
//
//   bench_lines VALUE_BYTES < FILE
//
// Each line is a value of VALUE_BYTES bytes, the first line that of offset 0. Prints what the handler `null` prints, as
// `lines: …`.
#include <unistd.h>

#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace {

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "bench_lines: %s\n", what);
  std::exit(1);
}

std::size_t fill(std::vector<char>& block) {
  std::size_t size = 0;
  while (size < block.size()) {
    const ssize_t got = ::read(STDIN_FILENO, block.data() + size, block.size() - size);
    if (got < 0) fail("cannot read");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

}  // namespace

int main(int argc, char** argv) {
  const std::size_t value_bytes = argc == 2 ? std::strtoul(argv[1], nullptr, 10) : 0;
  if (value_bytes < sizeof(std::uint64_t)) fail("usage: bench_lines VALUE_BYTES, at least 8");
  const std::size_t line_bytes = value_bytes + 1;
  std::vector<char> block(line_bytes * 4096);
  std::uint64_t messages = 0;
  std::uint64_t checksum = 0;
  while (const std::size_t size = fill(block)) {
    if (size % line_bytes != 0) fail("the last line is cut off");
    for (std::size_t at = 0; at < size; at += line_bytes) {
      if (block[at + value_bytes] != '\n') fail("a line has another length");
      std::uint64_t first = 0;
      std::memcpy(&first, &block[at], sizeof first);
      checksum += first ^ messages++;
    }
  }
  std::printf("lines: messages=%" PRIu64 " value_bytes=%" PRIu64 " checksum=%" PRIu64 "\n", messages,
              messages * value_bytes, checksum);
  return 0;
}
