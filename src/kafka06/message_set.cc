#include "kafka06/message_set.h"

#include "base/assert.h"

namespace ductus::kafka06 {

Walk walk(base::ByteView set) noexcept {
  Walk walked;
  Entry entry;
  while (walked.bytes < set.size()) {
    walked.end = read_entry(set.subspan(walked.bytes), entry);
    if (walked.end != Flaw::kNone) break;
    walked.bytes += entry.bytes;
  }
  return walked;
}

std::string describe(Flaw flaw, base::ByteView bytes) {
  const std::string size = std::to_string(claimed_size(bytes).value_or(0));
  switch (flaw) {
    case Flaw::kCut:
      if (bytes.size() < kSizeFieldBytes) return "it is cut off within its size field";
      return "its size field is " + size + ", but it is cut off after " +
             std::to_string(bytes.size() - kSizeFieldBytes) + " bytes";
    case Flaw::kSize:
      return "its size field is " + size + ", less than any message has";
    case Flaw::kMagic:
      return "its size field is " + size + " and its format (magic) " + std::to_string(bytes[kSizeFieldBytes]) +
             ", neither 0 nor 1";
    case Flaw::kCodec:
      return "its size field is " + size + " and its codec 3, which Kafka 0.7 has not";
    case Flaw::kNone:
      break;
  }
  DUCTUS_ASSERT(false);
  return {};
}

Error no_entry_at(std::int64_t offset, const Error& why) {
  return {why.code, "no message that can be read stands at offset " + std::to_string(offset) + ": " + why.message};
}

}  // namespace ductus::kafka06
