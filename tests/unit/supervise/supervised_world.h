// SupervisedWorld: a supervisor with children that do as the test says, and timers that come when time goes on.
//
// After every event the supervisor's invariants are checked, and that no child ever has two incarnations at once.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "supervise/supervisor.h"

namespace ductus::supervise {

class SupervisedWorld {
 public:
  enum class Stage { kAskedToStart, kUp, kAskedToStop };
  struct Life {
    Child child;
    Stage stage;
  };

  explicit SupervisedWorld(const SupervisorSettings& settings = {}, std::uint64_t seed = 1)
      : supervisor(settings, seed) {}

  /// Runs one event and takes in its effects.
  template <class Event>
  void run(Event&& event) {
    Effects out;
    event(supervisor, out);
    for (const Effect& effect : out) take(effect);
    const auto broken = supervisor.broken_invariant();
    ASSERT_FALSE(broken) << *broken;
    for (const auto& [id, life] : lives) {
      ASSERT_EQ(life.child, supervisor.child(id)) << "child " << id << " is up in an incarnation that is not known";
    }
    if (willing) answer_all();
  }

  void add_adapters(int count) {
    for (int i = 0; i < count; ++i) run([](Supervisor& it, Effects& out) { adapters_of(it, out); });
    adapters += static_cast<std::uint32_t>(count);
  }
  void start() {
    run([](Supervisor& it, Effects& out) { it.start(out); });
  }
  void stop() {
    run([&](Supervisor& it, Effects& out) { it.stop(now, out); });
  }
  void started(std::uint32_t id) {
    const Child child = lives.at(id).child;
    lives.at(id).stage = Stage::kUp;
    run([&](Supervisor& it, Effects& out) { it.on_started(child, now, out); });
  }
  void stopped(std::uint32_t id) {
    const Child child = lives.at(id).child;
    lives.erase(id);
    run([&](Supervisor& it, Effects& out) { it.on_stopped(child, out); });
  }
  void exits(std::uint32_t id, Exit exit) {
    const Child child = lives.at(id).child;
    lives.erase(id);
    run([&](Supervisor& it, Effects& out) { it.on_exited(child, exit, now, out); });
  }
  void fails(std::uint32_t id) { exits(id, {"the answer made no sense", true}); }
  void handler_fails(std::uint32_t id) { exits(id, {"poison", false}); }
  void progresses(std::uint32_t id) {
    run([&](Supervisor& it, Effects& out) { it.on_progressed(supervisor.child(id), now, out); });
  }
  void broker_fails() {
    run([&](Supervisor& it, Effects& out) { it.on_failure("no route to host", now, out); });
  }
  void work_is_due(bool due = true) {
    run([&](Supervisor& it, Effects& out) { it.on_work_due(due, now, out); });
  }
  void fires(const Timer& timer) {
    run([&](Supervisor& it, Effects& out) { it.on_timer(timer, now, out); });
  }

  /// Lets time go on, and every timer come that is due.
  void wait(base::Duration duration) {
    const base::Time until = now + duration;
    while (next_timer() && next_timer()->at <= until) fire_next();
    now = until;
  }
  void fire_next() {
    const auto next = next_timer();
    const ArmTimer armed = *next;
    timers.erase(timers.begin() + (next - timers.data()));
    now = std::max(now, armed.at);
    fires(armed.timer);
  }
  const ArmTimer* next_timer() const {
    const auto next = std::ranges::min_element(timers, {}, &ArmTimer::at);
    return next == timers.end() ? nullptr : &*next;
  }

  /// From now on children start and stop as they are asked.
  void become_willing() {
    willing = true;
    answer_all();
  }
  bool is_up(std::uint32_t id) const { return lives.contains(id) && lives.at(id).stage == Stage::kUp; }
  bool all_up() const {
    for (std::uint32_t id = 0; id < adapters; ++id) {
      if (!is_up(id)) return false;
    }
    return is_up(kStore);
  }

  Supervisor supervisor;
  base::Time now{std::chrono::hours(1)};
  std::map<std::uint32_t, Life> lives;  ///< those that are up, or on their way
  std::vector<ArmTimer> timers;
  std::vector<std::string> log;  ///< "start 0", "stop store", "B", …
  std::uint32_t adapters = 0;
  bool willing = false;
  bool all_stopped = false;

 private:
  static void adapters_of(Supervisor& supervisor, Effects& out) { (void)supervisor.add_adapter(out); }

  static std::string name(std::uint32_t id) {
    return id == kStore ? "store" : id == kPeriodic ? "periodic" : std::to_string(id);
  }

  void take(const Effect& effect) {
    if (const auto* start = std::get_if<StartChild>(&effect)) {
      ASSERT_FALSE(lives.contains(start->child.id)) << "two of child " << start->child.id;
      lives.insert({start->child.id, {start->child, Stage::kAskedToStart}});
      log.push_back("start " + name(start->child.id));
    } else if (const auto* stop = std::get_if<StopChild>(&effect)) {
      ASSERT_TRUE(lives.contains(stop->child.id)) << "nothing to stop: child " << stop->child.id;
      lives.at(stop->child.id).stage = Stage::kAskedToStop;
      log.push_back("stop " + name(stop->child.id));
    } else if (const auto* timer = std::get_if<ArmTimer>(&effect)) {
      ASSERT_GE(timer->at, now);
      timers.push_back(*timer);
    } else if (const auto* level = std::get_if<LevelChanged>(&effect)) {
      constexpr const char* kNames[] = {"A", "B", "C"};
      log.emplace_back(kNames[static_cast<int>(level->level)]);
    } else {
      all_stopped = true;
    }
  }

  void answer_all() {
    willing = false;
    for (bool answered = true; answered;) {
      answered = false;
      for (const auto& [id, life] : lives) {
        if (life.stage == Stage::kUp) continue;
        answered = true;
        life.stage == Stage::kAskedToStart ? started(id) : stopped(id);
        break;
      }
    }
    willing = true;
  }
};

}  // namespace ductus::supervise
