// What decoding a message set of Kafka 0.6 and 0.7 costs in memory, CRC-32 of every message included, beside what
// reading the same bytes costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <vector>

#include "base/big_endian.h"
#include "kafka06/crc32.h"
#include "kafka06/message_set.h"
#include "kafka06/set_decoder.h"

namespace ductus::kafka06 {
namespace {

constexpr std::size_t kFetchBytes = 1 << 20;  // as a source asks for

// A log as a producer of 0.7 writes it: whole entries, at least `total_bytes` of them.
std::vector<std::uint8_t> log_of(std::size_t payload_bytes, std::size_t total_bytes) {
  base::BigEndianWriter log;
  std::vector<std::uint8_t> payload(payload_bytes);
  for (std::size_t i = 0; log.size() < total_bytes; ++i) {
    for (std::size_t b = 0; b < payload_bytes; ++b) {
      payload[b] = static_cast<std::uint8_t>('a' + ((i * 31) ^ (b * b / 7)) % 23);
    }
    log.i32(static_cast<std::int32_t>(payload_bytes + 6));
    log.i8(1);
    log.i8(0);
    log.i32(static_cast<std::int32_t>(crc32(payload)));
    log.raw(payload);
  }
  return std::move(log).take();
}

// The log in sets as fetch answers hold them.
std::vector<ports::FetchedSet> sets_of(const std::vector<std::uint8_t>& log) {
  std::vector<ports::FetchedSet> sets;
  for (std::size_t at = 0; at < log.size();) {
    const base::ByteView left = base::ByteView(log).subspan(at);
    ports::FetchedSet set;
    set.records = left.first(walk(left.first(std::min(kFetchBytes, left.size()))).bytes);
    set.asked_offset = static_cast<std::int64_t>(at);
    at += set.records.size();
    sets.push_back(std::move(set));
  }
  return sets;
}

// Arguments of both: bytes of a payload, MiB of the log: one set that stays in the cache, or more than the cache holds.
void decode_log(benchmark::State& state) {
  const auto log = log_of(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)) << 20);
  const auto sets = sets_of(log);
  const MessageSetDecoder decoder;
  ports::DecodeArena arena;
  std::int64_t messages = 0;
  for (auto _ : state) {
    for (const ports::FetchedSet& set : sets) {
      const auto batch = decoder.decode(set, {0, set.asked_offset}, SIZE_MAX, arena);
      if (!batch || !batch->last) return state.SkipWithError("the set was not decoded whole");
      benchmark::DoNotOptimize(arena.messages.data());
      messages += static_cast<std::int64_t>(arena.messages.size());
    }
  }
  state.SetItemsProcessed(messages);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(log.size()));
}

// Every byte is read, and nothing is done with it.
void drain_log(benchmark::State& state) {
  const auto log = log_of(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)) << 20);
  for (auto _ : state) {
    std::uint64_t sum = 0;
    std::size_t at = 0;
    for (; at + sizeof sum <= log.size(); at += sizeof sum) {
      std::uint64_t word;
      std::memcpy(&word, log.data() + at, sizeof word);
      sum ^= word;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(log.size()));
}

BENCHMARK(decode_log)->Args({100, 1})->Args({100, 256})->Args({1024, 1})->Args({1024, 256});
BENCHMARK(drain_log)->Args({100, 1})->Args({100, 256})->Args({1024, 1})->Args({1024, 256});

}  // namespace
}  // namespace ductus::kafka06

BENCHMARK_MAIN();
