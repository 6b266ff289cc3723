// What is asked of a broker of Kafka 0.6 or 0.7, as it goes on the wire.
//
//   frame      = size:int32 key:int16 body                size counts what follows it
//   FETCH      = range                                    key 1
//   MULTIFETCH = count:int16 { range }                    key 2; count 0 is legal: the broker reads no log for it
//   OFFSETS    = topic:string partition:int32 time:int64 max_offsets:int32          key 4
//   range      = topic:string partition:int32 offset:int64 max_size:int32
//   string     = size:int16 bytes
// There is no correlation id: answers come in the order of the requests. What an answer may be is written on its
// request's tag, since it does not say itself what it answers.
// Source: kafka/api/{FetchRequest,MultiFetchRequest,OffsetRequest}.scala of 0.7.2, the same in all of 0.6 and 0.7; the
// original writes the number of characters before a topic, its broker reads one of bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ports/batch_source.h"

namespace ductus::kafka06 {

enum class RequestKey : std::int16_t { kFetch = 1, kMultiFetch = 2, kOffsets = 4 };

/// "FETCH".
std::string_view name_of(RequestKey key) noexcept;

/// The longest topic name that goes into a request; brokers of 0.7 take 255 bytes at most.
inline constexpr std::size_t kMaxTopicBytes = 255;

/// Bytes of one partition's log: [offset, offset + max_bytes), of which the broker gives what lies in one segment.
struct Range {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int32_t max_bytes = 0;  ///< >= 0
};

/// Which offsets OFFSETS asks for.
struct OffsetsQuestion {
  static constexpr std::int64_t kLatest = -1;
  static constexpr std::int64_t kEarliest = -2;
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t time = kLatest;   ///< kLatest, kEarliest, or milliseconds since 1970
  std::int32_t max_offsets = 1;  ///< >= 0
};

/// What the answer to a request may be, as its tag carries it.
struct Expected {
  static constexpr std::size_t kUnknownSkip = UINT16_MAX;

  RequestKey key = RequestKey::kFetch;
  std::uint16_t parts = 0;      ///< 1 for FETCH
  std::uint32_t max_bytes = 0;  ///< of the frame, without its size
  bool check_first = false;     ///< the first entry of each part is to be decoded on a trial
  std::size_t skip = 0;         ///< of FETCH: bytes before the first entry; from kUnknownSkip on: not known

  static Expected of(const ports::RequestTag& tag) noexcept;
  ports::RequestTag tag() const noexcept;
};

/// One whole request, and the tag that its answer is read by.
struct Request {
  ports::RequestTag tag;
  std::vector<std::uint8_t> bytes;
};

/// Topics: at most kMaxTopicBytes. `check_first`: where an offset was not learnt by reading up to it. `skip`: the range
/// begins with so many bytes of an entry whose start is known.
Request fetch(const Range& range, bool check_first = false, std::size_t skip = 0);
/// At most INT16_MAX ranges. What they ask for together is below 2 GiB: that is the caller's to see to.
Request multi_fetch(std::span<const Range> ranges, bool check_first = false);
Request offsets(const OffsetsQuestion& question);

}  // namespace ductus::kafka06
