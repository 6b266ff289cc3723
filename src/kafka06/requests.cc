#include "kafka06/requests.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "base/big_endian.h"

namespace ductus::kafka06 {
namespace {

constexpr std::uint32_t kErrorBytes = 2;
constexpr std::uint32_t kPartHeaderBytes = 4 + kErrorBytes;
constexpr std::uint32_t kOffsetsHeaderBytes = kErrorBytes + 4;
constexpr std::uint32_t kCheckFirst = std::uint32_t{1} << 31;  // no frame is so large

std::uint32_t frame_bytes(std::uint64_t bytes) noexcept {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, INT32_MAX));
}

base::BigEndianWriter begin(RequestKey key) {
  base::BigEndianWriter writer;
  writer.i32(0);
  writer.i16(static_cast<std::int16_t>(key));
  return writer;
}

void write_topic(std::string_view topic, base::BigEndianWriter& writer) {
  DUCTUS_ASSERT(topic.size() <= INT16_MAX);
  writer.i16(static_cast<std::int16_t>(topic.size()));
  writer.raw({reinterpret_cast<const std::uint8_t*>(topic.data()), topic.size()});
}

void write_range(const Range& range, base::BigEndianWriter& writer) {
  DUCTUS_ASSERT(range.max_bytes >= 0);  // the broker would answer with a negative size
  write_topic(range.topic, writer);
  writer.i32(range.partition);
  writer.i64(range.offset);
  writer.i32(range.max_bytes);
}

Request finish(base::BigEndianWriter writer, const Expected& expected) {
  writer.patch_i32(0, static_cast<std::int32_t>(writer.size() - sizeof(std::int32_t)));
  return {expected.tag(), std::move(writer).take()};
}

}  // namespace

std::string_view name_of(RequestKey key) noexcept {
  switch (key) {
    case RequestKey::kFetch:
      return "FETCH";
    case RequestKey::kMultiFetch:
      return "MULTIFETCH";
    case RequestKey::kOffsets:
      return "OFFSETS";
  }
  return "a request";
}

// What a FETCH, which has one part, has to skip stands in the place of the number of parts.
Expected Expected::of(const ports::RequestTag& tag) noexcept {
  const auto number = static_cast<std::uint16_t>(tag.api_version);
  const bool alone = RequestKey{tag.api_key} == RequestKey::kFetch;
  return {.key = RequestKey{tag.api_key},
          .parts = alone ? std::uint16_t{1} : number,
          .max_bytes = tag.correlation_id & ~kCheckFirst,
          .check_first = (tag.correlation_id & kCheckFirst) != 0,
          .skip = alone ? number : std::size_t{0}};
}

ports::RequestTag Expected::tag() const noexcept {
  const std::size_t number = key == RequestKey::kFetch ? std::min(skip, kUnknownSkip) : parts;
  return {.correlation_id = max_bytes | (check_first ? kCheckFirst : 0),
          .api_key = static_cast<std::int16_t>(key),
          .api_version = static_cast<std::int16_t>(number)};
}

Request fetch(const Range& range, bool check_first, std::size_t skip) {
  base::BigEndianWriter writer = begin(RequestKey::kFetch);
  write_range(range, writer);
  const std::uint64_t bytes = std::uint64_t{kErrorBytes} + static_cast<std::uint32_t>(range.max_bytes);
  return finish(std::move(writer), {RequestKey::kFetch, 1, frame_bytes(bytes), check_first, skip});
}

Request multi_fetch(std::span<const Range> ranges, bool check_first) {
  DUCTUS_ASSERT(ranges.size() <= INT16_MAX);
  base::BigEndianWriter writer = begin(RequestKey::kMultiFetch);
  writer.i16(static_cast<std::int16_t>(ranges.size()));
  std::uint64_t bytes = kErrorBytes;
  for (const Range& range : ranges) {
    write_range(range, writer);
    bytes += std::uint64_t{kPartHeaderBytes} + static_cast<std::uint32_t>(range.max_bytes);
  }
  return finish(std::move(writer),
                {RequestKey::kMultiFetch, static_cast<std::uint16_t>(ranges.size()), frame_bytes(bytes), check_first});
}

Request offsets(const OffsetsQuestion& question) {
  DUCTUS_ASSERT(question.max_offsets >= 0);  // the broker would hang up
  base::BigEndianWriter writer = begin(RequestKey::kOffsets);
  write_topic(question.topic, writer);
  writer.i32(question.partition);
  writer.i64(question.time);
  writer.i32(question.max_offsets);
  const std::uint64_t bytes =
      kOffsetsHeaderBytes + std::uint64_t{sizeof(std::int64_t)} * static_cast<std::uint32_t>(question.max_offsets);
  return finish(std::move(writer), {RequestKey::kOffsets, 0, frame_bytes(bytes)});
}

}  // namespace ductus::kafka06
