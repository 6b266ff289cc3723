// Record batches of a hostile broker through hop() and RecordSetDecoder.
// Input: one byte of choices, then the records of an answer. Checksums are mostly put right, else little would get past
// them.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/assert.h"
#include "kafka/record_batch.h"
#include "kafka/records/crc32c.h"
#include "kafka/set_decoder.h"
#include "mutator.h"
#include "structure/record_batches.h"

namespace {

using namespace ductus;         // NOLINT(*-build-using-namespace)
using namespace ductus::kafka;  // NOLINT(*-build-using-namespace)

constexpr std::size_t kCrcAt = 17;
constexpr std::uint8_t kWithAborted = 1;
constexpr std::uint8_t kOneByOne = 2;
constexpr std::uint8_t kHoppedFirst = 4;
constexpr std::uint8_t kChecksumsAsTheyAre = 8;

void correct_checksums(std::vector<std::uint8_t>& records) {
  for (std::size_t at = 0; records.size() - at >= RecordBatchHeader::kBytes;) {
    const RecordBatchHeader header = read_header(base::ByteView(records).subspan(at));
    if (!check_header(header) || header.total_bytes() > records.size() - at) return;
    const auto covered = base::ByteView(records).subspan(at, header.total_bytes());
    const std::uint32_t crc = __builtin_bswap32(crc32c(covered.subspan(RecordBatchHeader::kCrcStart)));
    std::memcpy(&records[at + kCrcAt], &crc, sizeof crc);
    at += header.total_bytes();
  }
}

// Reads every byte that a handler could reach; the sanitizers tell of one that is not ours.
std::uint64_t touch(const Message& message) {
  std::uint64_t sum = 0;
  const auto add = [&](std::string_view bytes) {
    for (const char byte : bytes) sum += static_cast<std::uint8_t>(byte);
  };
  add(message.key());
  add(message.value());
  for (const auto& header : message.headers()) {
    add(header.key);
    if (header.value) add(*header.value);
  }
  return sum;
}

void decode_all(const ports::FetchedSet& set, std::size_t max_bytes) {
  static ports::DecodeArena arena;  // as a worker keeps it
  ports::SetCursor cursor{0, set.asked_offset};
  std::int64_t offset = set.asked_offset - 1;
  for (bool last = false; !last;) {
    const auto batch = RecordSetDecoder().decode(set, cursor, max_bytes, arena);
    if (!batch) return;
    DUCTUS_ASSERT(batch->last || batch->cursor.bytes > cursor.bytes);
    DUCTUS_ASSERT(batch->cursor.next_offset >= cursor.next_offset);
    for (const auto& message : arena.messages) {
      DUCTUS_ASSERT(message.offset() > offset && message.offset() < batch->cursor.next_offset);
      offset = message.offset();
      volatile std::uint64_t sum = touch(message);
      (void)sum;
    }
    cursor = batch->cursor;
    last = batch->last;
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choices = data[0];
  std::vector<std::uint8_t> records(data + 1, data + size);
  if ((choices & kChecksumsAsTheyAre) == 0) correct_checksums(records);
  const Hop hopped = hop(records, -1);
  DUCTUS_ASSERT(hopped.bytes <= records.size());
  ports::FetchedSet set;
  set.records = base::ByteView(records).first((choices & kHoppedFirst) != 0 ? hopped.bytes : records.size());
  if ((choices & kWithAborted) != 0) set.aborted = {{3, 3}, {1, 0}};
  decode_all(set, (choices & kOneByOne) != 0 ? 1 : SIZE_MAX);
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_input(data, size, max_size, seed, [](std::uint8_t, fuzz::Bytes& records, fuzz::Dice& dice) {
    fuzz::mutate_records(records, dice);
  });
}
