// What decoding costs in memory: CRC, codec and parse of a set of record batches, per record and byte.
#include <benchmark/benchmark.h>
#include <lz4frame.h>

#include <string>
#include <vector>

#include "kafka/records/crc32c.h"
#include "kafka/set_decoder.h"
#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes records(int count, std::size_t value_bytes) {
  Writer all;
  for (int i = 0; i < count; ++i) {
    Writer record;
    record.i8(0);
    record.varlong(i / 10);
    record.varint(i);
    record.varint(8);
    for (int b = 0; b < 8; ++b) record.i8(static_cast<std::int8_t>('0' + (i + b) % 10));
    record.varint(static_cast<std::int32_t>(value_bytes));
    for (std::size_t b = 0; b < value_bytes; ++b) {
      record.i8(static_cast<std::int8_t>('a' + ((static_cast<std::size_t>(i) * 31) ^ (b * b / 7)) % 23));
    }
    record.varint(0);
    all.varint(static_cast<std::int32_t>(record.size()));
    all.raw(record.bytes());
  }
  return std::move(all).take();
}

Bytes record_batch(std::int64_t base_offset, int count, std::size_t value_bytes, bool lz4) {
  Bytes content = records(count, value_bytes);
  if (lz4) {
    Bytes frame(LZ4F_compressFrameBound(content.size(), nullptr));
    frame.resize(LZ4F_compressFrame(frame.data(), frame.size(), content.data(), content.size(), nullptr));
    content = std::move(frame);
  }
  Writer tail;
  tail.i16(lz4 ? 3 : 0);
  tail.i32(count - 1);
  tail.i64(1'700'000'000'000);
  tail.i64(1'700'000'000'000);
  tail.i64(-1);
  tail.i16(-1);
  tail.i32(-1);
  tail.i32(count);
  tail.raw(content);
  Writer batch;
  batch.i64(base_offset);
  batch.i32(static_cast<std::int32_t>(tail.size() + 9));
  batch.i32(0);
  batch.i8(2);
  batch.i32(static_cast<std::int32_t>(crc32c(tail.bytes())));
  batch.raw(tail.bytes());
  return std::move(batch).take();
}

// Arguments: bytes of a value, records in a record batch, lz4 or not. A set of about 1 MiB, as a fetch brings it.
void decode_set(benchmark::State& state) {
  const auto value_bytes = static_cast<std::size_t>(state.range(0));
  const int count = static_cast<int>(state.range(1));
  Bytes bytes;
  std::int64_t offset = 0;
  for (; offset == 0 || static_cast<std::size_t>(offset) * (value_bytes + 20) < (1 << 20); offset += count) {
    const Bytes batch = record_batch(offset, count, value_bytes, state.range(2) != 0);
    bytes.insert(bytes.end(), batch.begin(), batch.end());
  }
  ports::FetchedSet set;
  set.records = bytes;
  ports::DecodeArena arena;
  const RecordSetDecoder decoder;
  std::uint64_t touched = 0;
  for (auto _ : state) {
    const auto batch = decoder.decode(set, {}, SIZE_MAX, arena);
    if (!batch || arena.messages.size() != static_cast<std::size_t>(offset)) {
      state.SkipWithError("the set was not decoded whole");
      break;
    }
    for (const auto& message : arena.messages) touched += static_cast<std::uint8_t>(message.value().front());
  }
  benchmark::DoNotOptimize(touched);
  state.SetItemsProcessed(state.iterations() * offset);
  state.SetBytesProcessed(state.iterations() * offset * state.range(0));
}
BENCHMARK(decode_set)
    ->Args({100, 560, 0})
    ->Args({100, 8, 0})
    ->Args({1024, 64, 0})
    ->Args({100, 560, 1})
    ->Args({1024, 64, 1});

}  // namespace
}  // namespace ductus::kafka

BENCHMARK_MAIN();
