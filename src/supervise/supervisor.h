// Supervisor: who is restarted when, so that nothing that fails stays down.
//
//   root (one_for_all)
//   ├── store                    kStore
//   ├── adapter_sup (one_for_one)
//   │   ├── adapter of topic/0   0
//   │   └── adapter of topic/1   1 …
//   └── periodic                 kPeriodic, only where a period is set
//
// Level A: an adapter that ended restarts alone, after its back-off (backoff.h), for ever. It escalates nothing.
// Level B: the root stops all in reverse order and starts all in order. Because more than `intensity` counted failures
//   came in `period`; or work was due and no adapter progressed for `escalate_after`; or store or periodic ended.
// Level C: B brought no progress within `escalate_after`, or more than 100 of B came in `period`: consuming stops
//   everywhere and everything is tried again every `retry_every`, for ever. An attempt whose start succeeded is left
//   running longer each time (10, 20, 40, 60 s), so that a slow cluster gets to its first answer.
// An adapter that has not stopped after `stop_limit` (a callback that blocks) is left behind: the others start without
// it, and it starts once it has stopped; there are never two of one.
// Progress of any adapter leads back to A. Boot is a start like any other.
//
// A pure state machine: events in, effects out; it has no clock and no thread, and is entered under the node's baton.
// Every event and timer names its child's generation; what is stale is dropped. Timers are never cancelled.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "supervise/backoff.h"
#include "supervise/restart_window.h"

namespace ductus::supervise {

/// A child and its incarnation: the generation counts its starts.
struct Child {
  std::uint32_t id = 0;
  std::uint32_t generation = 0;
  bool operator==(const Child&) const = default;
};
/// The ids that are no adapters.
inline constexpr std::uint32_t kStore = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t kPeriodic = kStore - 1;

/// Of level B, how many may come in one period.
inline constexpr std::uint32_t kMaxRestartsOfAll = 100;

struct SupervisorSettings {
  std::uint32_t intensity = 100;
  base::Duration period = std::chrono::seconds(10);
  base::Duration escalate_after = std::chrono::seconds(60);
  base::Duration retry_every = std::chrono::seconds(10);
  base::Duration stop_limit = std::chrono::seconds(10);
  bool has_periodic = false;
};

/// What a child is doing: always exactly one of these.
enum class ChildState : std::uint8_t {
  kStarting,  ///< asked to start, or next in the order of a start of all
  kRunning,
  kStopping,    ///< asked to stop, or down while the others are being stopped
  kBackingOff,  ///< down, and a timer is armed that starts it
  kStopped,     ///< until an operator starts it
};
enum class Level : std::uint8_t { kA, kB, kC };

/// A timer: given back to on_timer() when it is due.
struct Timer {
  enum class Kind : std::uint8_t { kBackoff, kWatch, kRetry, kStopLimit } kind = Kind::kBackoff;
  Child child;  ///< kBackoff: whose; else only its generation means something
};

// ---- effects ---------------------------------------------------------------------------------------------

/// Answered by on_started() or on_exited().
struct StartChild {
  Child child;
};
/// Answered by on_stopped() or on_exited(). May overtake the answer to StartChild, which is then not waited for.
struct StopChild {
  Child child;
};
struct ArmTimer {
  Timer timer;
  base::Time at;
};
/// For the log and the node's state. Also when B or C is entered again.
struct LevelChanged {
  Level level;
  std::string why;
};
/// stop() is done: no child is up.
struct AllStopped {};

using Effect = std::variant<StartChild, StopChild, ArmTimer, LevelChanged, AllStopped>;
using Effects = std::vector<Effect>;

/// How a child ended.
struct Exit {
  std::string reason;
  /// A failure of the fetch path, the store client or the program; not of a user's handler.
  bool counted = false;
  /// Only an operator can help: it is kStopped instead of restarted.
  bool halted = false;
};

class Supervisor {
 public:
  /// `seed` decides the jitter of the back-offs.
  Supervisor(const SupervisorSettings& settings, std::uint64_t seed);

  // Commands.

  /// Intensity, period and escalate_after from now on; failures that were counted are forgotten.
  void configure(const SupervisorSettings& settings, Effects& out);
  /// A new adapter; ids count from 0. It starts with the others, or at once where they are up; `held`: once an operator
  /// starts it.
  std::uint32_t add_adapter(Effects& out, bool held = false);
  /// Starts all. Call it once.
  void start(Effects& out);
  /// Stops all in reverse order, for good: AllStopped.
  void stop(base::Time now, Effects& out);
  /// An operator stops one adapter, and starts it again. Nothing happens where it is so already.
  void stop_adapter(std::uint32_t id, Effects& out);
  void start_adapter(std::uint32_t id, Effects& out);

  // Events.

  void on_started(Child child, base::Time now, Effects& out);
  void on_stopped(Child child, Effects& out);
  void on_exited(Child child, const Exit& exit, base::Time now, Effects& out);
  /// The adapter's position moved. Cheap: call it once per batch.
  void on_progressed(Child child, base::Time now, Effects& out);
  /// A counted failure that ended no child: a broker that is away.
  void on_failure(std::string_view why, base::Time now, Effects& out);
  /// What is wrong cannot be mended by restarting one: level B at once.
  void restart_all(std::string_view why, base::Time now, Effects& out);
  /// Whether some adapter has work to do and waits in no state that excuses it. Call it when that changes.
  void on_work_due(bool due, base::Time now, Effects& out);
  void on_timer(const Timer& timer, base::Time now, Effects& out);

  Level level() const noexcept { return level_; }
  /// All are being stopped, for a restart or for good.
  bool stopping_all() const noexcept { return phase_ == Phase::kStoppingAll; }
  ChildState state(std::uint32_t id) const { return record(id).state; }
  /// The incarnation that is up, or was last.
  Child child(std::uint32_t id) const { return record(id).child; }
  /// When a child that backs off is started again; nullopt: it does not back off.
  std::optional<base::Time> starts_at(std::uint32_t id) const;
  /// Level C: when everything is tried again.
  std::optional<base::Time> next_attempt() const;
  /// Counted failures in the period, as of the last one.
  std::size_t counted_failures() const noexcept { return failures_.size(); }
  /// What is wrong with the supervisor itself: for tests, after every event. nullopt: nothing.
  std::optional<std::string> broken_invariant() const;

 private:
  /// What the root is doing with all of them.
  enum class Phase : std::uint8_t { kDown, kStartingAll, kUp, kStoppingAll, kWaiting };
  enum class After : std::uint8_t { kStart, kWait, kNothing };
  struct Record {
    Child child;
    ChildState state = ChildState::kStopped;
    bool held = false;   ///< by an operator, or halted
    bool asked = false;  ///< an answer to StartChild or StopChild is due
    bool timer_armed = false;
    base::Time starts_at;  ///< where the timer is armed
    Backoff backoff;
    bool up() const noexcept { return asked || state == ChildState::kRunning; }
  };

  Record& record(std::uint32_t id);
  const Record& record(std::uint32_t id) const;
  Record* current(Child child);
  template <class Self, class Visit>
  static void each(Self& self, Visit&& visit);

  // One child.
  void start_child(Record& record, Effects& out);
  void stop_child(Record& record, Effects& out);
  void back_off(Record& record, base::Time now, Effects& out);
  void join(Record& record, Effects& out);
  void down(Record& record, Effects& out);

  // All of them.
  void start_all(Effects& out);
  void start_the_rest(base::Time now, Effects& out);
  void stop_all(After after, base::Time now, Effects& out);
  void continue_stopping(Effects& out);
  void all_down(Effects& out);
  bool ending() const noexcept { return phase_ == Phase::kStoppingAll && after_stopping_ == After::kNothing; }

  // Levels.
  void count(std::string_view why, base::Time now, Effects& out);
  void enter_b(std::string_view why, base::Time now, Effects& out);
  void enter_c(std::string_view why, base::Time now, Effects& out);
  void leave(std::string_view why, base::Time now, Effects& out);
  void on_retry(base::Time now, Effects& out);
  void arm_retry(base::Time now, Effects& out);
  std::optional<base::Time> watch_due() const;
  void watch(Effects& out);
  void on_watch(base::Time now, Effects& out);

  SupervisorSettings settings_;
  const std::uint64_t seed_;
  Record store_;
  std::optional<Record> periodic_;
  std::deque<Record> adapters_;

  Phase phase_ = Phase::kDown;
  After after_stopping_ = After::kNothing;
  Level level_ = Level::kA;
  RestartWindow failures_;  ///< counted failures
  RestartWindow restarts_;  ///< of level B
  bool work_due_ = false;
  base::Time waiting_since_;       ///< the last progress, or when work became due, or all were started
  base::Time unproductive_since_;  ///< level B: when it was entered
  bool overdue_ = false;           ///< who has not stopped by now is left behind
  std::uint32_t stop_generation_ = 0;
  std::int64_t attempt_rounds_ = 1;  ///< level C: how many times retry_every an attempt may go on
  std::int64_t rounds_left_ = 1;
  std::uint32_t retry_generation_ = 0;
  bool retry_armed_ = false;
  base::Time retry_at_;  ///< where it is armed
  std::uint32_t watch_generation_ = 0;
  std::optional<base::Time> watch_at_;
};

}  // namespace ductus::supervise
