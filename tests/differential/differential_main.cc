// Mutated record batches to our decoder and to librdkafka's, which must agree, or differ for a known reason.
//
//   differential [SEED [FIRST [COUNT]]]
//
// Inputs FIRST … FIRST+COUNT-1 of SEED (default: 1, 0, 12000). Prints how many of each verdict there were. Exit 1 where
// a difference is not explained, with the input and its bytes; or where too few inputs got as far as they should.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "base/assert.h"
#include "differential/differences.h"
#include "differential/inputs.h"
#include "differential/outcome.h"

namespace {

using namespace ductus;                // NOLINT(*-build-using-namespace)
using namespace ductus::differential;  // NOLINT(*-build-using-namespace)

constexpr std::size_t kWave = 500;

// What the process that librdkafka runs in tells, and leaves behind when it dies.
struct Shared {
  std::atomic<std::size_t> serving = 0;
  std::array<std::uint8_t, kWave> verdicts{};
};

struct Case {
  std::size_t number;
  Input input;
  Outcome ours;
};

void print(const char* who, const Outcome& outcome) {
  std::fprintf(stderr, "  %s: %zu messages, next offset %lld, %s\n", who, outcome.messages.size(),
               static_cast<long long>(outcome.next_offset), outcome.refusal.value_or("takes it").c_str());
}

void print_unexplained(const Case& one, const Outcome& theirs) {
  std::fprintf(stderr, "input %zu, asked from %lld, %zu aborted transactions:\n  ", one.number,
               static_cast<long long>(one.input.asked_offset), one.input.aborted.size());
  for (const auto byte : one.input.records) std::fprintf(stderr, "%02x", byte);
  std::fputc('\n', stderr);
  print("ours", one.ours);
  print("librdkafka", theirs);
}

// In a process of its own: the cases at `places`.
[[noreturn]] void judge(const std::vector<Case>& wave, const std::vector<std::size_t>& places, Shared& shared) {
  std::vector<Input> inputs;
  for (const std::size_t place : places) inputs.push_back(wave[place].input);
  read_by_librdkafka(inputs, shared.serving, [&](std::size_t index, const Outcome& theirs) {
    const Case& one = wave[places[index]];
    const std::uint8_t verdict = verdict_on(one.input, one.ours, theirs);
    if (verdict == kUnexplained) print_unexplained(one, theirs);
    shared.verdicts.at(places[index]) = verdict;
  });
  std::fflush(nullptr);
  std::_Exit(0);
}

// Until each has a verdict: librdkafka is begun anew after what it died of.
void judge_all(const std::vector<Case>& wave, Shared& shared) {
  shared.verdicts.fill(kNoVerdict);
  for (;;) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < wave.size(); ++i) {
      if (shared.verdicts.at(i) == kNoVerdict) places.push_back(i);
    }
    if (places.empty()) return;
    const pid_t child = ::fork();
    DUCTUS_ASSERT(child >= 0);
    if (child == 0) judge(wave, places, shared);
    int status = 0;
    DUCTUS_ASSERT(::waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status)) {
      shared.verdicts.at(places.at(shared.serving)) = kDied;
    } else if (WEXITSTATUS(status) != 0) {
      std::exit(1);
    }
  }
}

Shared& shared_memory() {
  void* const memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  DUCTUS_ASSERT(memory != MAP_FAILED);
  return *new (memory) Shared;
}

std::uint64_t number_at(int argc, char** argv, int place, std::uint64_t otherwise) {
  return place < argc ? std::strtoull(argv[place], nullptr, 10) : otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const std::uint64_t seed = number_at(argc, argv, 1, 1);
  const std::uint64_t first = number_at(argc, argv, 2, 0);
  const std::uint64_t count = number_at(argc, argv, 3, 12'000);
  const std::vector<Input> good = good_inputs();
  Shared& shared = shared_memory();
  std::array<std::size_t, 256> counts{};
  std::size_t valid = 0;
  for (std::uint64_t begin = first; begin < first + count; begin += kWave) {
    std::vector<Case> wave;
    for (std::uint64_t i = begin; i < std::min(begin + kWave, first + count); ++i) {
      Input input = make_input(good, seed, i);
      Outcome ours = read_by_ductus(input);
      valid += has_valid_checksums(input) ? 1 : 0;
      wave.push_back({i, std::move(input), std::move(ours)});
    }
    judge_all(wave, shared);
    for (std::size_t i = 0; i < wave.size(); ++i) ++counts.at(shared.verdicts.at(i));
  }
  std::printf("seed %llu: %llu inputs, %zu with valid checksums\n", static_cast<unsigned long long>(seed),
              static_cast<unsigned long long>(count), valid);
  for (std::uint8_t verdict = 0; const char* name = name_of_verdict(verdict); ++verdict) {
    std::printf("%8zu %s\n", counts.at(verdict), name);
  }
  if (counts[kUnexplained] > 0) return 1;
  // Of a few inputs, as they are looked at one by one, nothing is asked.
  const bool enough = counts[kBothTake] * 5 >= count && valid * 2 >= count && counts[kDied] * 20 <= count;
  if (count < 1000 || enough) return 0;
  std::fprintf(stderr,
               "too few taken by both (a fifth) or with valid checksums (half), or too many fatal (a twentieth)\n");
  return 1;
}
