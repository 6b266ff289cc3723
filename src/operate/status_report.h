// StatusReport: what `ductus status` shows, whether it comes from a running node or from store and broker alone.
//
// Format `ductus.status/1`: fields may be added, never renamed or given another meaning. Unknown is null, never 0.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ductus/result.h"
#include "operate/status_details.h"
#include "ports/batch_source.h"

namespace ductus::operate {

struct PartitionStatus {
  std::string topic;
  std::int32_t partition = 0;  ///< -1: the topic was not found yet, so its partitions are not known
  std::string state;           ///< ok behind stalled deferred backoff paused stopped starting waiting
  std::string reason;          ///< empty where the state says all
  std::optional<std::int64_t> next_offset;
  std::optional<std::int64_t> log_start_offset;
  std::optional<std::int64_t> high_watermark;
  std::optional<std::int64_t> readable_end;
  PartitionActivity activity{};  ///< nothing is known of it where the node does not run

  /// readable_end - next_offset, never below 0; unknown where one of them is.
  std::optional<std::int64_t> lag() const;
};

struct StatusReport {
  std::string name;
  std::string handler_name;
  std::string state;                        ///< starting running draining retrying not_running
  std::string source;                       ///< HOST:PORT of the first broker
  std::vector<PartitionStatus> partitions;  ///< sorted by topic and partition
  std::uint64_t fetched_bytes = 0;          ///< since the node started; known to the node alone
  std::string reason;                       ///< of the state, where it does not say all
  ProcessStatus process{};
  StoreStatus store{};
  SupervisionStatus supervision{};
  std::optional<ports::ProtocolFound> protocol;  ///< that the brokers speak

  /// What offsets and lags count.
  std::optional<ports::OffsetUnit> unit() const;
  /// The sum; unknown where one part is.
  std::optional<std::int64_t> total_lag() const;
};

/// One JSON document on one line.
std::string to_json(const StatusReport& report);
/// The same of one of its partitions.
std::string to_json(const PartitionStatus& partition);
/// The inverse: for the client of a running node. Error: kInvalid.
Result<StatusReport> status_from_json(const std::string& text);

}  // namespace ductus::operate
