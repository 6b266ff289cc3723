// Message sets of a hostile broker of 0.6 or 0.7 through walk() and MessageSetDecoder.
// Input: one byte of choices, then the bytes of a log.
#include <cstdint>

#include "base/assert.h"
#include "kafka06/message_set.h"
#include "kafka06/set_decoder.h"
#include "mutator.h"
#include "structure/message_sets.h"

namespace {

using namespace ductus;           // NOLINT(*-build-using-namespace)
using namespace ductus::kafka06;  // NOLINT(*-build-using-namespace)

constexpr std::uint8_t kWalkedFirst = 1;
constexpr std::uint8_t kFirstEntryApart = 2;
constexpr std::int64_t kOffset = 1'000;

// Reads every byte that a handler could reach; the sanitizers tell of one that is not ours.
std::uint64_t touch(const Message& message) {
  std::uint64_t sum = 0;
  for (const char byte : message.value()) sum += static_cast<std::uint8_t>(byte);
  return sum;
}

struct Decoded {
  std::size_t messages = 0;
  std::uint64_t sum = 0;
  std::size_t bytes = 0;
  bool operator==(const Decoded&) const = default;
};

Decoded decode_all(const ports::FetchedSet& set, std::size_t max_bytes) {
  static ports::DecodeArena arena;  // as a worker keeps it
  Decoded all;
  ports::SetCursor cursor{0, set.asked_offset};
  std::int64_t offset = set.asked_offset;
  const std::size_t size = set.joined.size() + set.records.size();
  while (cursor.bytes < size) {
    const auto batch = MessageSetDecoder().decode(set, cursor, max_bytes, arena);
    if (!batch) break;
    DUCTUS_ASSERT(batch->cursor.bytes > cursor.bytes && batch->cursor.bytes <= size);
    DUCTUS_ASSERT(batch->cursor.next_offset == set.asked_offset + static_cast<std::int64_t>(batch->cursor.bytes));
    DUCTUS_ASSERT(batch->last == (batch->cursor.bytes == size));
    for (const auto& message : arena.messages) {
      DUCTUS_ASSERT(message.offset() >= offset && message.offset() < batch->cursor.next_offset);
      offset = message.offset();
      all.sum += touch(message);
    }
    all.messages += arena.messages.size();
    cursor = batch->cursor;
  }
  all.bytes = cursor.bytes;
  return all;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::uint8_t choices = data[0];
  const base::ByteView log(data + 1, size - 1);
  const Walk walked = walk(log);
  DUCTUS_ASSERT(walked.bytes <= log.size() && (walked.end == Flaw::kNone) == (walked.bytes == log.size()));
  ports::FetchedSet set;
  set.asked_offset = kOffset;
  set.records = log.first((choices & kWalkedFirst) != 0 ? walked.bytes : log.size());
  Entry first;
  if ((choices & kFirstEntryApart) != 0 && read_entry(set.records, first) == Flaw::kNone) {
    set.joined = base::Buffer::copy_of(set.records.first(first.bytes));
    set.records = set.records.subspan(first.bytes);
  }
  const Decoded at_once = decode_all(set, SIZE_MAX);
  DUCTUS_ASSERT(at_once.bytes <= walked.bytes);
  DUCTUS_ASSERT(decode_all(set, 1) == at_once);
  DUCTUS_ASSERT(check_first_entry(log).ok() == (log.empty() || at_once.bytes > 0));
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_input(data, size, max_size, seed,
                            [](std::uint8_t, fuzz::Bytes& log, fuzz::Dice& dice) { fuzz::mutate_set(log, dice); });
}
