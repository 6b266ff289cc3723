// peek(): the next messages of a partition, read from its broker by a source of its own. Nothing moves by it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "config/node_config.h"
#include "ductus/result.h"
#include "ports/batch_source.h"

namespace ductus::operate {

/// The most messages that can be asked for.
inline constexpr std::size_t kMaxPeeked = 100;
/// Keys, values and headers that are kept; what would go beyond it is left out.
inline constexpr std::size_t kMaxPeekedBytes = std::size_t{16} << 20;
/// Bytes as fetched, with what is not shown: aborted transactions, and what lies behind the last message.
inline constexpr std::size_t kMaxFetchedBytes = std::size_t{64} << 20;
inline constexpr std::chrono::milliseconds kPeekWithin{10'000};

struct PeekRequest {
  config::TopicConfig topic;
  std::optional<std::int32_t> partition;                 ///< nullopt: the only one that is read
  std::optional<std::int64_t> offset;                    ///< nullopt: that of `places`
  std::map<ports::TopicPartition, std::int64_t> places;  ///< next_offset of the topic's partitions, where it is known
  std::size_t count = 1;                                 ///< from 1 to kMaxPeeked
};

struct PeekedMessage {
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;    ///< as Message::timestamp_ms(); a broker may say anything
  std::optional<std::string> key;    ///< nullopt: null, as `value`
  std::optional<std::string> value;  ///< whatever bytes they are
  std::vector<std::pair<std::string, std::optional<std::string>>> headers;
};

struct Peeked {
  ports::TopicPartition partition;
  std::int64_t from = 0;  ///< the offset that was looked at first
  std::vector<PeekedMessage> messages;
  std::optional<std::int64_t> readable_end;
  std::optional<Error> trouble;  ///< why there are fewer than asked for; nullopt: all, or the end was reached
};

/// Reads with `source` (fresh, used for nothing else), on sockets of its own. Blocking: at most `timeout`.
/// Errors, where there is no message: kNotFound (the cluster denies the topic or partition, no place is known, or it
/// lies outside the log), kInvalid (a partition must be named), kTimedOut, kUnreachable, kLimit, and what a broker or
/// the bytes of the log are refused for.
Result<Peeked> peek(ports::BatchSource& source, const PeekRequest& request, const base::Clock& clock,
                    std::chrono::milliseconds timeout);

/// The same from the brokers of `config`, within kPeekWithin.
Result<Peeked> peek(const config::NodeConfig& config, const PeekRequest& request);

}  // namespace ductus::operate
