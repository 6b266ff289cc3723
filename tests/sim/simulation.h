// Simulation: one seed: an hour or more of a node, its cluster, its store, its users and its operator, in one thread.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/faults.h"
#include "sim/node.h"
#include "sim/world/world.h"

namespace ductus::sim {

enum class Mode : std::uint8_t {
  kSafety,    ///< faults to the end: every promise holds at every moment
  kLiveness,  ///< faults end: then everything is read within kRecoveryLimit
};

inline constexpr base::Duration kHour = std::chrono::hours(1);
/// A seed that has delivered less by the end of its hour goes on, for kLongest in all at most.
inline constexpr std::uint64_t kLeastDeliveries = 5000;
inline constexpr base::Duration kLongest = 6 * kHour;
/// After the last fault of kLiveness.
inline constexpr base::Duration kRecoveryLimit = std::chrono::minutes(4);

/// What a run came to.
struct Outcome {
  std::optional<Violation> violation;
  base::Duration at{0};  ///< when it was violated, or the end
  std::uint64_t events = 0;
  std::uint64_t batches = 0;
  std::uint64_t messages = 0;
  std::uint64_t lives = 0;
  std::uint64_t levels_b = 0;
  std::uint64_t levels_c = 0;
  std::uint64_t faults = 0;
  std::set<std::string> kinds;                                       ///< of faults
  std::map<std::pair<std::string, std::string>, std::uint64_t> met;  ///< fault × state of a partition or of the node
  std::optional<base::Duration> recovery;
  char recovered_from = 'A';  ///< the level of supervision when faults ended
};

class Simulation {
 public:
  /// `without`: numbers of faults that are left out.
  Simulation(std::uint64_t seed, Mode mode, const std::set<std::size_t>& without = {}, bool trace = false);
  ~Simulation();

  Outcome run();

  const std::vector<PlannedFault>& plan() const noexcept { return plan_; }
  const World& world() const noexcept { return world_; }
  std::string describe_settings() const;
  base::Time began() const noexcept { return began_; }

 private:
  friend class FaultTools;

  void after(base::Duration delay, std::function<void()> event);
  void start_node();
  void end_node();
  void on_finished();
  void happen(const PlannedFault& fault);
  void note_states(const std::string& kind);

  base::Duration next_append();
  void append_now_and_then(const std::string& topic, std::int32_t partition);
  void append(Log& log);
  void append_to_legacy(Log& log);
  void begin_transaction(Log& log, base::Duration lasts, bool commits);
  void add_producers();
  void look();
  void reset_what_stopped();
  bool has_delivered_too_little() const;
  void end_faults();
  void mend_everything();
  void check_recovery();
  void resume_what_is_paused();

  Mode mode_;
  std::vector<PlannedFault> plan_;
  Random choices_;  ///< of settings, and then of the operator
  World world_;
  base::Time began_;
  base::Time end_;
  std::set<Place> producers_;
  std::int64_t last_producer_id_ = 1000;
  std::unique_ptr<SimNode> node_;
  std::map<Place, base::Time> stopped_since_;
  std::map<Place, std::int64_t> to_reset_;
  bool producing_ = true;
  Outcome outcome_;
};

}  // namespace ductus::sim
