// What a LegacySource is told.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/clock.h"

namespace ductus::kafka06 {

struct Endpoint {
  std::string host;
  std::uint16_t port = 9092;
  bool operator==(const Endpoint&) const = default;
};

/// "host:port", with brackets around an IPv6 address.
std::string to_string(const Endpoint& endpoint);

/// What the broker is. Both write the same requests; what a broker does about a topic that it has not differs.
enum class Line : std::uint8_t {
  k06,  ///< 0.6: makes every topic that it is asked about
  k07,  ///< 0.7: from 0.7.1 on it makes none, and answers that there is nothing
};

/// The bounds stand in docs/limits.md.
struct SourceSettings {
  Endpoint broker;
  Line line = Line::k07;
  std::string line_because;  ///< how `line` is known, for a person
  /// On 0.6: a topic may be asked about before anybody wants to read it from a stored offset.
  bool may_create_topics = false;

  std::size_t connections = 3;              ///< at most; a broker serves each with one thread
  std::size_t partitions_per_request = 64;  ///< at most
  std::size_t offsets_per_burst = 64;       ///< OFFSETS requests that are written one behind the other
  std::int32_t partition_max_bytes = 1 << 20;
  std::int32_t response_max_bytes = 1 << 20;  ///< of all partitions in a request, unless it asks for one alone
  std::int32_t idle_max_bytes = 16 << 10;     ///< of a partition of which no more is known to be there
  std::size_t max_message_bytes = std::size_t{64} << 20;  ///< of one entry

  base::Duration idle_wait_min = std::chrono::milliseconds(10);  ///< before what held nothing is asked again, doubling
  base::Duration idle_wait_max = std::chrono::seconds(1);
  base::Duration bounds_max_age = std::chrono::seconds(10);  ///< then both ends of a log are asked for anew

  base::Duration connect_timeout = std::chrono::seconds(10);  ///< until a connection is ready
  base::Duration request_timeout = std::chrono::seconds(30);
  base::Duration reconnect_min = std::chrono::milliseconds(50);
  base::Duration reconnect_max = std::chrono::seconds(1);
  base::Duration retry_min = std::chrono::milliseconds(100);  ///< after an answer that cannot be used
  base::Duration retry_max = std::chrono::seconds(1);
  base::Duration retry_slowly = std::chrono::seconds(5);  ///< after an error that only an operator can mend
  base::Duration missing_topic_retry = std::chrono::seconds(1);
  base::Duration trouble_after = std::chrono::seconds(1);  ///< what heals sooner is not told
  std::uint64_t seed = 1;                                  ///< of the jitter
};

}  // namespace ductus::kafka06
