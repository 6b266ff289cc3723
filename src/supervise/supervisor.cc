// The children and the order in which all are stopped and started; levels.cc decides when that happens.
#include "supervise/supervisor.h"

#include <utility>

#include "base/assert.h"

namespace ductus::supervise {

Supervisor::Supervisor(const SupervisorSettings& settings, std::uint64_t seed)
    : settings_(settings),
      seed_(seed),
      store_{.child = {kStore, 0}, .backoff = Backoff(seed)},
      failures_(settings.intensity, settings.period),
      restarts_(kMaxRestartsOfAll, settings.period) {
  if (settings.has_periodic) periodic_.emplace(Record{.child = {kPeriodic, 0}, .backoff = Backoff(seed)});
}

const Supervisor::Record& Supervisor::record(std::uint32_t id) const {
  if (id == kStore) return store_;
  if (id == kPeriodic && periodic_) return *periodic_;
  DUCTUS_ASSERT(id < adapters_.size());
  return adapters_[id];
}

Supervisor::Record& Supervisor::record(std::uint32_t id) {
  return const_cast<Record&>(std::as_const(*this).record(id));
}

Supervisor::Record* Supervisor::current(Child child) {
  Record& found = record(child.id);
  return found.child == child ? &found : nullptr;
}

/// All children in the order in which they start.
template <class Self, class Visit>
void Supervisor::each(Self& self, Visit&& visit) {
  visit(self.store_);
  for (auto& adapter : self.adapters_) visit(adapter);
  if (self.periodic_) visit(*self.periodic_);
}

std::optional<base::Time> Supervisor::starts_at(std::uint32_t id) const {
  const Record& waiting = record(id);
  return waiting.timer_armed ? std::optional(waiting.starts_at) : std::nullopt;
}

// ---- commands --------------------------------------------------------------------------------------------

void Supervisor::configure(const SupervisorSettings& settings, Effects& out) {
  settings_.intensity = settings.intensity;
  settings_.period = settings.period;
  settings_.escalate_after = settings.escalate_after;
  failures_ = RestartWindow(settings.intensity, settings.period);
  restarts_ = RestartWindow(kMaxRestartsOfAll, settings.period);
  watch(out);
}

std::uint32_t Supervisor::add_adapter(Effects& out, bool held) {
  const auto id = static_cast<std::uint32_t>(adapters_.size());
  DUCTUS_ASSERT(id < kPeriodic);
  adapters_.push_back(Record{.child = {id, 0}, .held = held, .backoff = Backoff(seed_ + 1 + id)});
  if (!held) join(adapters_.back(), out);
  return id;
}

void Supervisor::start(Effects& out) {
  DUCTUS_ASSERT(phase_ == Phase::kDown);
  start_all(out);
}

void Supervisor::stop(base::Time now, Effects& out) {
  if (phase_ == Phase::kDown) {
    out.emplace_back(AllStopped{});
    return;
  }
  level_ = Level::kA;
  retry_armed_ = false;
  stop_all(After::kNothing, now, out);
}

void Supervisor::stop_adapter(std::uint32_t id, Effects& out) {
  Record& adapter = record(id);
  adapter.held = true;
  adapter.timer_armed = false;
  if (adapter.up()) {
    stop_child(adapter, out);
  } else {
    adapter.state = ChildState::kStopped;
  }
}

void Supervisor::start_adapter(std::uint32_t id, Effects& out) {
  Record& adapter = record(id);
  if (!std::exchange(adapter.held, false)) return;
  if (!adapter.up()) join(adapter, out);  // else it is still stopping, and starts once it has stopped
}

// ---- events ----------------------------------------------------------------------------------------------

void Supervisor::on_started(Child child, base::Time now, Effects& out) {
  Record* started = current(child);
  if (started == nullptr || started->state != ChildState::kStarting || !started->asked) return;
  started->asked = false;
  started->state = ChildState::kRunning;
  if (started == &store_ && phase_ == Phase::kStartingAll) start_the_rest(now, out);
}

void Supervisor::on_stopped(Child child, Effects& out) {
  Record* stopped = current(child);
  if (stopped != nullptr && stopped->asked && stopped->state == ChildState::kStopping) down(*stopped, out);
}

void Supervisor::on_exited(Child child, const Exit& exit, base::Time now, Effects& out) {
  Record* ended = current(child);
  if (ended == nullptr || !ended->up()) return;
  const bool own_accord = ended->state != ChildState::kStopping && phase_ != Phase::kStoppingAll;
  if (exit.halted && child.id < adapters_.size()) ended->held = true;
  if (!own_accord || ended->held) {
    down(*ended, out);  // a death noticed while all are stopped is swallowed
  } else if (child.id < adapters_.size()) {
    back_off(*ended, now, out);
  } else {
    ended->asked = false;
    ended->state = ChildState::kStopping;
    enter_b(exit.reason, now, out);
  }
  if (own_accord && exit.counted && child.id < adapters_.size()) count(exit.reason, now, out);
}

// ---- one child -------------------------------------------------------------------------------------------

void Supervisor::start_child(Record& record, Effects& out) {
  ++record.child.generation;
  record.timer_armed = false;
  record.asked = true;
  record.state = ChildState::kStarting;
  out.emplace_back(StartChild{record.child});
}

void Supervisor::stop_child(Record& record, Effects& out) {
  if (!record.up() || record.state == ChildState::kStopping) return;
  record.asked = true;
  record.state = ChildState::kStopping;
  out.emplace_back(StopChild{record.child});
}

void Supervisor::back_off(Record& record, base::Time now, Effects& out) {
  record.asked = false;
  record.timer_armed = true;
  record.state = ChildState::kBackingOff;
  record.starts_at = now + record.backoff.next();
  out.emplace_back(ArmTimer{{Timer::Kind::kBackoff, record.child}, record.starts_at});
}

/// A child that is down does what the others do.
void Supervisor::join(Record& record, Effects& out) {
  switch (phase_) {
    case Phase::kDown:
      record.state = ChildState::kStopped;
      break;
    case Phase::kStartingAll:
      record.state = ChildState::kStarting;
      break;
    case Phase::kUp:
      start_child(record, out);
      break;
    case Phase::kStoppingAll:
      record.state = ChildState::kStopping;
      break;
    case Phase::kWaiting:
      record.state = ChildState::kBackingOff;
      break;
  }
}

void Supervisor::down(Record& record, Effects& out) {
  record.asked = false;
  if (record.held) {
    record.state = ChildState::kStopped;
  } else {
    join(record, out);
  }
  if (phase_ == Phase::kStoppingAll) continue_stopping(out);
}

// ---- all of them -----------------------------------------------------------------------------------------

void Supervisor::start_all(Effects& out) {
  phase_ = Phase::kStartingAll;
  rounds_left_ = attempt_rounds_;
  each(*this, [](Record& it) {
    if (!it.held && !it.asked) it.state = ChildState::kStarting;
  });
  start_child(store_, out);
}

/// Adapters start beside each other, and nobody waits for them: their handlers may take long.
void Supervisor::start_the_rest(base::Time now, Effects& out) {
  phase_ = Phase::kUp;
  waiting_since_ = now;
  each(*this, [&](Record& it) {
    if (it.state == ChildState::kStarting && !it.asked) start_child(it, out);
  });
  watch(out);
}

void Supervisor::stop_all(After after, base::Time now, Effects& out) {
  if (ending()) return;
  after_stopping_ = after;
  if (phase_ != Phase::kStoppingAll) {
    phase_ = Phase::kStoppingAll;
    overdue_ = false;
    ++stop_generation_;
    out.emplace_back(ArmTimer{{Timer::Kind::kStopLimit, {0, stop_generation_}}, now + settings_.stop_limit});
  }
  each(*this, [](Record& it) {
    if (it.up() || it.held) return;
    it.timer_armed = false;
    it.state = ChildState::kStopping;
  });
  continue_stopping(out);
}

/// The next in reverse order, once those behind it are down. The store is always waited for.
void Supervisor::continue_stopping(Effects& out) {
  const bool may_leave_behind = overdue_ && !ending();
  if (periodic_) {
    stop_child(*periodic_, out);
    if (periodic_->up() && !may_leave_behind) return;
  }
  bool adapters_up = false;
  for (Record& adapter : adapters_) {
    stop_child(adapter, out);
    adapters_up = adapters_up || adapter.up();
  }
  if (adapters_up && !may_leave_behind) return;
  stop_child(store_, out);
  if (!store_.up()) all_down(out);
}

void Supervisor::all_down(Effects& out) {
  if (after_stopping_ == After::kStart) return start_all(out);
  phase_ = after_stopping_ == After::kWait ? Phase::kWaiting : Phase::kDown;
  each(*this, [&](Record& it) {
    if (!it.held && !it.asked) join(it, out);
  });
  if (phase_ == Phase::kDown) out.emplace_back(AllStopped{});
}

}  // namespace ductus::supervise
