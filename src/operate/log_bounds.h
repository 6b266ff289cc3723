// look_at_log(): what a cluster says of its topics, asked once, without a node.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "ports/batch_source.h"

namespace ductus::operate {

/// Unknown is nullopt.
struct PartitionBounds {
  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> high_watermark;
  std::optional<std::int64_t> readable_end;
  std::optional<std::int64_t> at_time;  ///< of the time that was asked for, as OffsetQuery::kAtTime
  std::string trouble;                  ///< why something is unknown
};

struct LogLook {
  std::map<ports::TopicPartition, PartitionBounds> partitions;
  std::map<std::string, ports::KnownTopic> topics;  ///< those that were found
  std::optional<ports::ProtocolFound> protocol;     ///< that the cluster speaks
  std::map<std::string, Error> missing_topics;      ///< with the reason; kNotFound where the cluster denies it
  std::string trouble;                              ///< of the cluster; empty where it was reached
};

/// Partitions that a look takes in; further ones are left out.
inline constexpr std::size_t kMaxPartitions = 100'000;

/// Whether a partition is looked at; empty: each is.
using Reads = std::function<bool(const ports::TopicPartition& partition)>;

/// The highest partition of a topic that the configuration names + 1; empty: 1 for each topic.
using NamedPartitions = std::function<std::int32_t(const std::string& topic)>;

/// Finds the partitions of `topics` that are read, their bounds and, where `time_ms` is given (milliseconds since
/// 1970), the offset at that time. What is not answered stays unknown: after `timeout`, or as soon as every place that
/// could answer has refused a connection. Runs `source` (fresh, used for nothing else) on sockets of its own, so it
/// blocks: at most `timeout`.
LogLook look_at_log(ports::BatchSource& source, const std::vector<std::string>& topics, const base::Clock& clock,
                    std::chrono::milliseconds timeout, std::optional<std::int64_t> time_ms = std::nullopt,
                    const Reads& reads = {}, const NamedPartitions& named_partitions = {});

}  // namespace ductus::operate
