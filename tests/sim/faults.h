// Faults: everything that can go wrong. The one place to add a fault: a row in faults.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/node.h"
#include "sim/world/random.h"
#include "sim/world/world.h"

namespace ductus::sim {

class Simulation;

/// One that a seed has chosen.
struct PlannedFault {
  base::Duration at{0};  ///< since the beginning
  std::size_t kind = 0;
  std::uint64_t seed = 0;
};

/// What a fault works with.
class FaultTools {
 public:
  FaultTools(Simulation& simulation, World& the_world, std::uint64_t seed)
      : world(the_world), random(seed), simulation_(simulation) {}

  World& world;
  Random random;

  base::Time now() const noexcept { return world.timeline.now(); }
  /// Nothing lasts beyond the end of the faults.
  base::Time until(base::Duration shortest, base::Duration longest);
  /// Where it still is in the middle of its faults.
  void later(base::Time time, std::function<void()> event);

  /// nullptr: it is down.
  SimNode* node();
  /// Fetches that wait see what has changed.
  void changed();
  Broker& any_broker() { return random.pick(world.brokers.all); }
  Place any_place();
  Log& log_of(const Place& place);
  std::int32_t other_broker(std::int32_t than);
  void long_transaction(Log& log, base::Time until, bool commits);
  void burst(Log& log);
  void add_producers();
  void operator_resets(const Place& place, std::int64_t offset);

 private:
  Simulation& simulation_;
};

struct FaultKind {
  const char* name;
  int weight;                                      ///< how often, beside the others
  int legacy_weight;                               ///< the same where the broker is of Kafka 0.6 or 0.7
  std::function<std::string(FaultTools&)> inject;  ///< says what it did; empty: there was nothing to do
};
std::span<const FaultKind> fault_kinds();
/// Its number, by name.
std::size_t fault_kind(std::string_view name);

/// As many as a seed of this length has, by time.
std::vector<PlannedFault> plan_faults(Random& random, base::Duration length, bool legacy);

}  // namespace ductus::sim
