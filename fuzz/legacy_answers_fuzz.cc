// Answers of a hostile broker of 0.6 or 0.7 through LegacyAnswerCutter.
// Input: what was asked (OFFSETS, FETCH, or MULTIFETCH of so many parts) in one byte; then the answer, without its
// size.
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/big_endian.h"
#include "kafka06/answer_cutter.h"
#include "mutator.h"
#include "structure/message_sets.h"

namespace {

using namespace ductus;           // NOLINT(*-build-using-namespace)
using namespace ductus::kafka06;  // NOLINT(*-build-using-namespace)

constexpr std::int32_t kMaxBytes = 8 << 10;
constexpr std::uint8_t kCheckFirst = 0x80;
constexpr std::uint8_t kKindBits = 3;
constexpr std::size_t kErrorBytes = 2;

// What the first byte of an input chooses: two bits for the kind, five for a number, one to check.
Request request_of(std::uint8_t choice) {
  const bool check = (choice & kCheckFirst) != 0;
  const unsigned number = (choice & 0x7FU) >> 2;
  switch (choice & kKindBits) {
    case 0:
      return offsets({"t", 0, OffsetsQuestion::kLatest, static_cast<std::int32_t>(number)});
    case 1:
      return fetch({"t", 0, 0, kMaxBytes}, check, number == 31 ? Expected::kUnknownSkip : number);
    default: {
      const std::vector<Range> ranges(number, Range{"t", 0, 0, kMaxBytes / 8});
      return multi_fetch(ranges, check);
    }
  }
}

void mutate_parts(fuzz::Bytes& frame, fuzz::Dice& dice) {
  base::BigEndianReader reader(frame);
  const std::int16_t error = reader.i16();
  std::vector<std::pair<std::int16_t, fuzz::Bytes>> parts;
  while (reader.left() > 0) {
    const auto size = static_cast<std::size_t>(std::max(reader.i32(), 0));
    const std::int16_t part_error = reader.i16();
    if (!reader.ok() || size < kErrorBytes || size - kErrorBytes > reader.left()) break;
    const base::ByteView set = reader.raw(size - kErrorBytes);
    parts.emplace_back(part_error, fuzz::Bytes(set.begin(), set.end()));
  }
  if (!parts.empty()) {
    auto& part = parts[dice.below(parts.size())];
    if (dice.one_in(4)) dice.change(part.first);
    if (dice.one_in(2)) fuzz::mutate_set(part.second, dice);
    if (dice.one_in(8)) parts.push_back(part);
  }
  base::BigEndianWriter writer;
  writer.i16(dice.one_in(16) ? static_cast<std::int16_t>(dice.number(error, sizeof error)) : error);
  for (const auto& [part_error, set] : parts) {
    const auto size = static_cast<std::int32_t>(set.size() + kErrorBytes);
    writer.i32(dice.one_in(16) ? static_cast<std::int32_t>(dice.number(size, sizeof size)) : size);
    writer.i16(part_error);
    writer.raw(set);
  }
  frame = std::move(writer).take();
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Request request = request_of(data[0]);
  const Expected expected = Expected::of(request.tag);
  auto answer = LegacyAnswerCutter().cut(request.tag, base::Buffer::copy_of({data + 1, size - 1}));
  if (!answer) return 0;
  if (expected.key == RequestKey::kOffsets) {
    const auto& told = static_cast<const OffsetsAnswer&>(**answer);
    DUCTUS_ASSERT(6 + 8 * told.offsets.size() <= expected.max_bytes);
    return 0;
  }
  const auto& fetched = static_cast<const FetchAnswer&>(**answer);
  DUCTUS_ASSERT(fetched.parts.size() == expected.parts);
  const base::ByteView body = fetched.body->view();
  for (const FetchedPart& part : fetched.parts) {
    DUCTUS_ASSERT(part.skipped + part.walked.bytes <= part.set.size());
    DUCTUS_ASSERT(part.set.empty() ||
                  (part.set.data() >= body.data() && part.set.data() + part.set.size() <= body.data() + body.size()));
    DUCTUS_ASSERT(part.error == BrokerError::kNone || part.set.empty());
  }
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  return fuzz::mutate_input(data, size, max_size, seed, [](std::uint8_t choice, fuzz::Bytes& frame, fuzz::Dice& dice) {
    const unsigned kind = choice & kKindBits;
    if (kind >= 2 && !dice.one_in(4)) return mutate_parts(frame, dice);
    if (kind == 1 && frame.size() >= kErrorBytes && !dice.one_in(4)) {
      fuzz::Bytes set(frame.begin() + kErrorBytes, frame.end());
      fuzz::mutate_set(set, dice);
      frame.resize(kErrorBytes);
      frame.insert(frame.end(), set.begin(), set.end());
      return;
    }
    dice.damage(frame);
  });
}
