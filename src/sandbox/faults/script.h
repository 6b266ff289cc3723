// A script of faults: lines that say at which request what goes wrong. docs/sandbox.md describes them for users.
//
//   line   := [rule] ["#" comment]
//   rule   := AT [WHICH] ["of" TOPIC["/"PARTITION]] ["at" NODE] ":" ACTION
//   AT     := "connection" | "list_offsets" | "fetch" | today: "api_versions" | "metadata" | the old line: "produce"
//   WHICH  := N | N"-"M | N"-" | "every" N                counted from 1, over what matches the rest of the rule
//   ACTION := "error" CODE | "delay" MS | "silence" | "cut" BYTES | "cut" "after" | "dribble" BYTES MS
//             | "shorten" BYTES | "flip" PLACE | "repeat" | "replace" HEX | "down" NODE MS
//             | today: "id" ADDED | "move" TOPIC"/"PARTITION NODE | "old_leaders"
//             | the old line: "roll" TOPIC"/"PARTITION | "expire" TOPIC"/"PARTITION SEGMENTS
//             | "append" TOPIC"/"PARTITION BYTES | "forget" TOPIC
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ductus/result.h"

namespace ductus::sandbox {

/// A script of more rules is refused.
inline constexpr std::size_t kMaxFaultRules = 1000;

/// The protocol that a script is for: not all happens in both.
enum class Dialect : std::uint8_t { kToday, kLegacy };

/// What a rule waits for.
enum class Moment : std::uint8_t { kConnection, kApiVersions, kMetadata, kListOffsets, kFetch, kProduce };

// ---- what it does then

/// The partitions that the rule is about (of Metadata the topics, of ApiVersions the answer) get this error code.
struct GiveError {
  std::int16_t code;
};
/// The answer leaves so much later.
struct Delay {
  std::chrono::milliseconds by;
};
/// Nothing more is read or answered on the connection.
struct Silence {};
/// The connection ends after so many bytes of the answer; nullopt: after all of it.
struct Cut {
  std::optional<std::size_t> after_bytes;
};
/// The answer leaves in pieces of so many bytes, one each time the pause is over.
struct Dribble {
  std::size_t bytes;
  std::chrono::milliseconds pause;
};
/// Is added to the correlation id.
struct ShiftId {
  std::int32_t added;
};
/// The last bytes are left out, and the length is made to fit.
struct Shorten {
  std::size_t bytes;
};
/// All bits of the byte at this place are turned; the length is at 0 to 3; a negative place counts from the end.
struct Flip {
  std::int64_t place;
};
/// The answer is sent twice.
struct Repeat {};
/// These bytes are sent instead, without a length.
struct Replace {
  std::vector<std::uint8_t> bytes;
};
struct MoveLeader {
  std::string topic;
  std::int32_t partition;
  std::int32_t node_id;
};
/// Metadata tells the leaders that were before any move.
struct OldLeaders {};
/// The broker hangs up on all its clients and on all that come meanwhile.
struct Down {
  std::int32_t node_id;
  std::chrono::milliseconds duration;
};

/// A new segment begins.
struct RollLog {
  std::string topic;
  std::int32_t partition;
};
/// The oldest segments are gone. Where that is all of them, an empty one begins at the end of the log.
struct ExpireSegments {
  std::string topic;
  std::int32_t partition;
  std::size_t segments;
};
/// A message of so many payload bytes comes in, whatever the broker's limit.
struct AppendMessage {
  std::string topic;
  std::int32_t partition;
  std::int64_t payload_bytes;
};
/// All of the topic is gone, as if its folders had been removed.
struct ForgetTopic {
  std::string topic;
};
/// What the script does to a broker's logs.
using LogChange = std::variant<RollLog, ExpireSegments, AppendMessage, ForgetTopic>;

using FaultAction = std::variant<GiveError, Delay, Silence, Cut, Dribble, ShiftId, Shorten, Flip, Repeat, Replace,
                                 MoveLeader, OldLeaders, Down, LogChange>;

struct FaultRule {
  Moment moment = Moment::kFetch;
  std::int64_t first = 1;
  std::int64_t last = std::numeric_limits<std::int64_t>::max();
  std::int64_t every = 1;
  std::string topic;                      ///< empty: any
  std::optional<std::int32_t> partition;  ///< nullopt: any
  std::optional<std::int32_t> node_id;    ///< nullopt: any
  FaultAction action;
};

/// The rules of a script for a sandbox of so many brokers. Error: kInvalid, which names the line.
Result<std::vector<FaultRule>> read_faults(std::string_view script, std::int32_t brokers,
                                           Dialect dialect = Dialect::kToday);

}  // namespace ductus::sandbox
