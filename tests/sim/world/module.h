// SimModule: the user's code of a simulated node: its handlers do what the script of faults wants, and tell the checker
// what they were given.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/clock.h"
#include "ductus/module.h"
#include "sim/checker.h"
#include "sim/world/random.h"
#include "sim/world/timeline.h"

namespace ductus::sim {

/// What handlers of one place do, each until its time has come.
struct Behaviour {
  base::Time fails_until = base::Time::min();
  base::Time throws_until = base::Time::min();
  base::Time defers_until = base::Time::min();
  base::Time hangs_until = base::Time::min();  ///< a call that begins before does not end sooner
  base::Time slow_until = base::Time::min();
  base::Time init_fails_until = base::Time::min();
  base::Time sync_fails_until = base::Time::min();
};

struct Behaviours {
  bool has_sync = false;
  std::optional<std::chrono::milliseconds> idle_interval;
  std::map<Place, Behaviour> of;
  base::Time aggregate_throws_until = base::Time::min();
};

class SimModule final : public Module {
 public:
  SimModule(Behaviours& behaviours, Checker& checker, Timeline& timeline, Random& random)
      : behaviours_(behaviours), checker_(checker), timeline_(timeline), random_(random) {}

  /// How long the call takes that was made last, or is about to be made.
  base::Duration call_time(const Place& place);
  /// The node drains: handlers that stop have failed in nothing.
  bool draining = false;
  std::uint64_t aggregates = 0;

  Result<std::unique_ptr<Handler>> init(const Context& context, const Value& init_data) override;
  std::optional<std::chrono::milliseconds> idle_interval() const override { return behaviours_.idle_interval; }
  void handle_periodic_aggregate(const Aggregate& aggregate) override;

 private:
  class SimHandler;
  Behaviours& behaviours_;
  Checker& checker_;
  Timeline& timeline_;
  Random& random_;
};

}  // namespace ductus::sim
