#include "kafka06/error_code.h"

namespace ductus::kafka06 {
namespace {

struct Meaning {
  std::string_view name;
  ErrorCode code;
  std::string_view advice;
};

Meaning meaning_of(BrokerError error) {
  switch (error) {
    case BrokerError::kNone:
      return {"none", ErrorCode::kNotNeeded, ""};
    case BrokerError::kOffsetOutOfRange:
      return {"offset out of range", ErrorCode::kNotFound, "reset the offset, or choose [offsets] when_out_of_range"};
    case BrokerError::kWrongPartition:
      return {"wrong partition", ErrorCode::kNotFound,
              "the broker has no such partition: see its num.partitions and topic.partition.count.map, and the "
              "partitions that the configuration names"};
    case BrokerError::kInvalidMessage:
      return {"invalid message", ErrorCode::kCorrupt, "see the broker's log"};
    case BrokerError::kInvalidFetchSize:
      return {"invalid fetch size", ErrorCode::kUnsupported, "see the broker's log"};
    case BrokerError::kUnknown:
      return {"unknown error", ErrorCode::kInvalid,
              "the broker does not take the topic's name, or cannot open its log: see the broker's log"};
  }
  return {"an error that Kafka has not", ErrorCode::kUnsupported, "is this a broker of Kafka 0.6 or 0.7?"};
}

}  // namespace

std::string describe(BrokerError error) {
  return std::string(meaning_of(error).name) + " (error " + std::to_string(static_cast<int>(error)) + ")";
}

Error error_of(const std::string& where, BrokerError error) {
  const Meaning meaning = meaning_of(error);
  return {meaning.code, where + ": " + describe(error) + ": " + std::string(meaning.advice)};
}

}  // namespace ductus::kafka06
