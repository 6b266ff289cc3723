#include "kafka06/answer_cutter.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "base/big_endian.h"
#include "kafka06/set_decoder.h"

namespace ductus::kafka06 {
namespace {

Error corrupt(RequestKey key, const std::string& what) {
  return {ErrorCode::kCorrupt, "answer to " + std::string(name_of(key)) + ": " + what};
}

FetchedPart part_of(BrokerError error, base::ByteView set, const Expected& expected) {
  FetchedPart part{.error = error};
  if (error != BrokerError::kNone) return part;
  part.set = set;
  part.skipped = expected.skip < Expected::kUnknownSkip ? std::min(expected.skip, set.size()) : set.size();
  const base::ByteView entries = set.subspan(part.skipped);
  part.walked = walk(entries);
  if (!expected.check_first || part.walked.bytes == 0 || part.skipped > 0) return part;
  if (auto checked = check_first_entry(entries.first(part.walked.bytes)); !checked) {
    part.first_is_bad = std::move(checked).error();
  }
  return part;
}

Result<std::unique_ptr<ports::Answer>> cut_fetch(const Expected& expected, base::Buffer frame) {
  auto answer = std::make_unique<FetchAnswer>();
  base::BigEndianReader reader(frame.view());
  const BrokerError error{reader.i16()};
  answer->parts.push_back(part_of(error, reader.raw(reader.left()), expected));
  // The views stay good: moving a Buffer does not move its bytes.
  answer->body = std::make_shared<const base::Buffer>(std::move(frame));
  return answer;
}

Result<std::unique_ptr<ports::Answer>> cut_multi_fetch(const Expected& expected, base::Buffer frame) {
  constexpr std::int32_t kErrorBytes = 2;
  auto answer = std::make_unique<FetchAnswer>();
  base::BigEndianReader reader(frame.view());
  if (const BrokerError error{reader.i16()}; error != BrokerError::kNone) {
    return corrupt(expected.key, describe(error) + " for all parts at once, which no broker says");
  }
  answer->parts.reserve(expected.parts);
  for (std::size_t i = 0; i < expected.parts; ++i) {
    const std::int32_t size = reader.i32();
    const BrokerError error{reader.i16()};
    if (!reader.ok() || size < kErrorBytes || static_cast<std::size_t>(size - kErrorBytes) > reader.left()) {
      return corrupt(expected.key, "part " + std::to_string(i + 1) + " of " + std::to_string(expected.parts) +
                                       " is cut off, or has an impossible size");
    }
    const base::ByteView set = reader.raw(static_cast<std::size_t>(size - kErrorBytes));
    answer->parts.push_back(part_of(error, set, expected));
  }
  if (!reader.complete()) return corrupt(expected.key, std::to_string(reader.left()) + " bytes left over");
  answer->body = std::make_shared<const base::Buffer>(std::move(frame));
  return answer;
}

Result<std::unique_ptr<ports::Answer>> cut_offsets(const Expected& expected, base::ByteView frame) {
  auto answer = std::make_unique<OffsetsAnswer>();
  base::BigEndianReader reader(frame);
  answer->error = BrokerError{reader.i16()};
  if (answer->error != BrokerError::kNone) return answer;
  const std::int32_t count = reader.i32();
  if (!reader.ok() || count < 0 || static_cast<std::size_t>(count) * sizeof(std::int64_t) != reader.left()) {
    return corrupt(expected.key, "its count of " + std::to_string(count) + " does not agree with its size");
  }
  answer->offsets.resize(static_cast<std::size_t>(count));
  for (std::int64_t& offset : answer->offsets) offset = reader.i64();
  if (!std::ranges::is_sorted(answer->offsets, std::ranges::greater()) || (count > 0 && answer->offsets.back() < 0)) {
    return corrupt(expected.key, "its offsets ascend, or are negative");
  }
  return answer;
}

}  // namespace

Result<std::unique_ptr<ports::Answer>> LegacyAnswerCutter::cut(const ports::RequestTag& tag, base::Buffer frame) const {
  constexpr std::size_t kSmallestFrame = 2;
  const Expected expected = Expected::of(tag);
  if (frame.size() < kSmallestFrame || frame.size() > expected.max_bytes) {
    return corrupt(expected.key, std::to_string(frame.size()) + " bytes, where it has from " +
                                     std::to_string(kSmallestFrame) + " to " + std::to_string(expected.max_bytes));
  }
  switch (expected.key) {
    case RequestKey::kFetch:
      return cut_fetch(expected, std::move(frame));
    case RequestKey::kMultiFetch:
      return cut_multi_fetch(expected, std::move(frame));
    case RequestKey::kOffsets:
      return cut_offsets(expected, frame.view());
  }
  return Error{ErrorCode::kUnsupported, "answer to an unknown request (key " + std::to_string(tag.api_key) + ")"};
}

}  // namespace ductus::kafka06
