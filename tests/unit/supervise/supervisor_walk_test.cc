// Random walks: whatever children, timers and operators do, no child is ever forgotten or there twice; and once the
// world behaves, everything runs.
#include <gtest/gtest.h>

#include <iterator>
#include <random>
#include <string>

#include "unit/supervise/supervised_world.h"

namespace ductus::supervise {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Stage = SupervisedWorld::Stage;

class Walk {
 public:
  explicit Walk(std::uint64_t seed)
      : random_(seed),
        world_(
            {.intensity = below(3) == 0 ? 100u : static_cast<std::uint32_t>(below(4)), .has_periodic = below(2) == 0},
            seed) {}

  void go(int steps) {
    world_.add_adapters(1 + below(4));
    world_.start();
    for (int step_number = 0; step_number < steps && !::testing::Test::HasFatalFailure(); ++step_number) step();
  }

  /// From now on everything does what it should.
  void heal() {
    world_.become_willing();
    for (std::uint32_t id = 0; id < world_.adapters; ++id) {
      world_.run([&](Supervisor& it, Effects& out) { it.start_adapter(id, out); });
    }
    world_.work_is_due();
    for (int second = 0; second < 300 && !::testing::Test::HasFatalFailure(); ++second) {
      world_.wait(seconds(1));
      for (std::uint32_t id = 0; id < world_.adapters; ++id) world_.progresses(id);
    }
    EXPECT_TRUE(world_.all_up());
    EXPECT_EQ(world_.supervisor.level(), Level::kA);
    world_.stop();
    EXPECT_TRUE(world_.all_stopped);
    EXPECT_TRUE(world_.lives.empty());
  }

 private:
  int below(int bound) { return static_cast<int>(random_() % static_cast<std::uint64_t>(bound)); }
  std::uint32_t any_adapter() { return static_cast<std::uint32_t>(below(static_cast<int>(world_.adapters))); }

  void step() {
    switch (below(12)) {
      case 0:
        return world_.work_is_due(below(3) > 0);
      case 1:
        return world_.broker_fails();
      case 2:
        return world_.wait(milliseconds(below(30'000)));
      case 3:
        return operate();
      case 4:
        return world_.fires(any_stale_timer());
      case 5:
        if (world_.is_up(0)) world_.progresses(0);
        return;
      default:
        return one_child_acts();
    }
  }

  void operate() {
    const std::uint32_t id = any_adapter();
    const bool stop = below(2) == 0;
    if (below(20) == 0) return world_.add_adapters(1);
    world_.run([&](Supervisor& it, Effects& out) { stop ? it.stop_adapter(id, out) : it.start_adapter(id, out); });
  }

  Timer any_stale_timer() {
    const auto kind = static_cast<Timer::Kind>(below(4));
    const std::uint32_t id = kind == Timer::Kind::kBackoff ? any_adapter() : 0;
    return {kind, {id, 0}};
  }

  void one_child_acts() {
    if (world_.lives.empty()) return world_.wait(milliseconds(below(2'000)));
    auto life = world_.lives.begin();
    std::advance(life, below(static_cast<int>(world_.lives.size())));
    const std::uint32_t id = life->first;
    const bool exits = below(3) == 0;
    if (exits) return world_.exits(id, {.reason = "chance", .counted = below(2) == 0, .halted = below(10) == 0});
    if (life->second.stage == Stage::kAskedToStart) return world_.started(id);
    if (life->second.stage == Stage::kAskedToStop) return world_.stopped(id);
  }

  std::mt19937_64 random_;
  SupervisedWorld world_;
};

TEST(SupervisorWalk, NoChildIsForgottenAndEverythingRunsAfterHealing) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Walk walk(seed);
    walk.go(300);
    if (HasFailure()) return;
    walk.heal();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace ductus::supervise
