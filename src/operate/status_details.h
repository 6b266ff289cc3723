// What a running node tells of itself beyond where each partition is: its process, its store, who was restarted when,
// and what each partition is doing.
//
// Durations are in seconds, counted from or to the moment of the report. What is unknown, or is not so now, is nullopt.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ductus::operate {

/// A call of the handler with a batch that has ended.
struct CallResult {
  std::string verdict;  ///< ok defer fail bad_bytes
  double took_s = 0;
  double ago_s = 0;                     ///< since it ended
  std::uint64_t messages = 0;           ///< of the batch
  std::optional<double> deferred_by_s;  ///< of a defer
};

/// The call that a partition is in.
struct PartitionCall {
  std::string what;  ///< init handle_messages handle_idle sync aggregate_element stop
  double for_s = 0;
};

/// The set that is being handled, or waits for its callback: the offsets it covers, and its bytes as fetched.
struct BatchInHand {
  std::int64_t first_offset = 0;
  std::int64_t next_offset = 0;
  std::uint64_t bytes = 0;
};

struct PartitionActivity {
  std::optional<std::uint64_t> restarts;  ///< by itself: those of everything are counted in SupervisionStatus
  std::string last_error;                 ///< empty: none since the node started
  std::optional<double> last_error_ago_s;
  std::optional<double> retry_in_s;  ///< back-off or defer: until it is started, or its batch offered, again
  std::optional<double> in_per_s;    ///< what the log grows by, and what is accepted, over the last seconds
  std::optional<double> out_per_s;
  std::optional<std::int64_t> last_message_at_ms;  ///< timestamp of the last message handled, since 1970
  std::optional<double> behind_s;                  ///< its age while there is a lag; 0 without one
  std::optional<std::int64_t> approx_lag_bytes;    ///< lag times the mean size of a message, decoded
  std::optional<std::uint32_t> uncommitted_batches;
  std::optional<PartitionCall> call;
  std::optional<BatchInHand> batch;
  std::vector<CallResult> last_results;  ///< at most five, the newest first
};

struct ProcessStatus {
  std::optional<pid_t> pid;
  std::string started_at;  ///< RFC 3339, UTC; empty: it does not run
  std::optional<double> uptime_s;
  std::string log_trouble;  ///< why what was logged last is not in the log; empty: it is
  std::string module;
  std::string guardian;  ///< guarded unguarded; empty: no daemon
  std::string log_file;  ///< absolute; empty: its log goes to stderr
};

struct StoreStatus {
  std::string url;                     ///< without its password
  std::string state;                   ///< ok away; empty: unknown
  std::string reason;                  ///< of being away
  std::optional<double> stored_ago_s;  ///< since a round was stored
};

struct PeriodicStatus {
  std::string state;  ///< as of adapters
  std::optional<double> next_in_s;
  std::uint64_t collections = 0;
  std::uint64_t failures = 0;  ///< of handle_periodic_aggregate()
};

/// The tree: root over store, adapter_sup with one adapter for each partition, and periodic where a period is set.
struct SupervisionStatus {
  std::string level;  ///< A B C
  std::string reason;
  std::optional<double> retry_in_s;  ///< level C: until everything is tried again
  std::uint64_t restarts = 0;        ///< of everything
  std::optional<double> last_restart_ago_s;
  std::string last_restart_why;
  std::size_t counted_failures = 0;  ///< in the period that is counted; beyond the intensity everything restarts
  std::string store;                 ///< state of the child: starting running stopping backing_off stopped
  std::map<std::string, std::size_t> adapters;  ///< how many are in each of those states
  std::uint64_t adapter_restarts = 0;
  std::optional<PeriodicStatus> periodic;
};

}  // namespace ductus::operate
