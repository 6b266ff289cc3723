// Runs a fuzz target where libFuzzer is not built in: REPLAY FOLDER [SEED]. Each file of the folder as it stands; then,
// where the target has a mutator of its own, mutations of each.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

#include "mutator.h"

// NOLINTBEGIN(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" [[gnu::weak]] std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                                             unsigned seed);
// libFuzzer's own mutations are not here; ours take their turn.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t*, std::size_t size, std::size_t) { return size; }
// NOLINTEND(readability-identifier-naming)

namespace {

using ductus::fuzz::Bytes;

constexpr std::size_t kMaxInputBytes = 16 << 10;
constexpr unsigned kMutationsOfEach = 50;

Bytes content_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  Bytes content(bytes.size());
  std::ranges::copy(bytes, content.begin());
  return content;
}

// Each in memory of its own size, so that a read behind its end is found.
void run_mutated(const Bytes& input, unsigned seed) {
  Bytes room = input;
  room.resize(std::max(input.size(), kMaxInputBytes));
  const std::size_t size = LLVMFuzzerCustomMutator(room.data(), input.size(), room.size(), seed);
  const Bytes mutated(room.data(), room.data() + size);
  (void)LLVMFuzzerTestOneInput(mutated.data(), mutated.size());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s FOLDER [SEED]\n", argv[0]);
    return 2;
  }
  unsigned seed = argc == 3 ? static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10)) : std::random_device()();
  std::printf("seed %u\n", seed);
  std::fflush(stdout);
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& file : files) {
    const Bytes input = content_of(file);
    (void)LLVMFuzzerTestOneInput(input.data(), input.size());
    for (unsigned i = 0; i < kMutationsOfEach && LLVMFuzzerCustomMutator != nullptr; ++i) run_mutated(input, seed++);
  }
  std::printf("%zu inputs replayed\n", files.size());
  return files.empty() ? 1 : 0;
}
