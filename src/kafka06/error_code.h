// The error codes of Kafka 0.6 and 0.7, and what they mean to a consumer.
//
// Source: kafka/common/ErrorMapping.scala of 0.7.2; when each is sent was seen at real brokers
// (tests/golden/kafka-legacy).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::kafka06 {

/// As it stands in an answer. A broker may send any other number; that is no error of the format.
enum class BrokerError : std::int16_t {
  kUnknown = -1,  ///< "anything else": a topic name that the broker does not take
  kNone = 0,
  kOffsetOutOfRange = 1,
  kInvalidMessage = 2,  ///< not seen in an answer
  kWrongPartition = 3,
  kInvalidFetchSize = 4,  ///< not seen in an answer
};

/// "wrong partition (error 3)"; a number that Kafka has not is told as it is.
std::string describe(BrokerError error);

/// What `where` ("t/3 at host:9092") is told when the broker answers `error`, which is not kNone: what, and what to do.
Error error_of(const std::string& where, BrokerError error);

}  // namespace ductus::kafka06
