// When all are restarted: levels B and C, their timers, and what must always be true.
#include <algorithm>
#include <utility>

#include "supervise/supervisor.h"

namespace ductus::supervise {
namespace {

std::string seconds(base::Duration duration) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

}  // namespace

// ---- events ----------------------------------------------------------------------------------------------

void Supervisor::on_progressed(Child child, base::Time now, Effects& out) {
  Record* moved = current(child);
  if (moved == nullptr || moved->state != ChildState::kRunning) return;
  moved->backoff.progressed(now);
  waiting_since_ = now;
  if (level_ != Level::kA && phase_ == Phase::kUp) leave("an adapter progressed", now, out);
}

void Supervisor::on_failure(std::string_view why, base::Time now, Effects& out) {
  if (phase_ == Phase::kUp) count(why, now, out);
}

void Supervisor::restart_all(std::string_view why, base::Time now, Effects& out) {
  if (phase_ == Phase::kUp) enter_b(why, now, out);
}

void Supervisor::on_work_due(bool due, base::Time now, Effects& out) {
  if (std::exchange(work_due_, due) || !due) return;
  waiting_since_ = now;
  watch(out);
}

void Supervisor::on_timer(const Timer& timer, base::Time now, Effects& out) {
  switch (timer.kind) {
    case Timer::Kind::kBackoff: {
      Record* waiting = current(timer.child);
      if (waiting != nullptr && std::exchange(waiting->timer_armed, false)) start_child(*waiting, out);
      break;
    }
    case Timer::Kind::kWatch:
      if (timer.child.generation == watch_generation_) on_watch(now, out);
      break;
    case Timer::Kind::kRetry:
      if (timer.child.generation == retry_generation_ && retry_armed_) on_retry(now, out);
      break;
    case Timer::Kind::kStopLimit:
      if (timer.child.generation != stop_generation_ || phase_ != Phase::kStoppingAll) break;
      overdue_ = true;
      continue_stopping(out);
      break;
  }
}

// ---- levels ----------------------------------------------------------------------------------------------

void Supervisor::count(std::string_view why, base::Time now, Effects& out) {
  if (!failures_.record(now)) return;
  enter_b("more than " + std::to_string(settings_.intensity) + " failures in " + seconds(settings_.period) +
              ", the last: " + std::string(why),
          now, out);
}

void Supervisor::enter_b(std::string_view why, base::Time now, Effects& out) {
  failures_.clear();
  if (level_ == Level::kC) {  // the attempt failed; the timer of the next is armed
    out.emplace_back(LevelChanged{Level::kC, std::string(why)});
    return stop_all(After::kWait, now, out);
  }
  if (restarts_.record(now)) {
    return enter_c("more than " + std::to_string(kMaxRestartsOfAll) + " restarts of everything in " +
                       seconds(settings_.period) + ", the last: " + std::string(why),
                   now, out);
  }
  if (level_ == Level::kA) unproductive_since_ = now;
  level_ = Level::kB;
  out.emplace_back(LevelChanged{Level::kB, std::string(why)});
  watch(out);
  stop_all(After::kStart, now, out);
}

void Supervisor::enter_c(std::string_view why, base::Time now, Effects& out) {
  level_ = Level::kC;
  failures_.clear();
  restarts_.clear();
  attempt_rounds_ = 1;
  out.emplace_back(LevelChanged{Level::kC, std::string(why)});
  arm_retry(now, out);
  stop_all(After::kWait, now, out);
}

void Supervisor::leave(std::string_view why, base::Time now, Effects& out) {
  level_ = Level::kA;
  retry_armed_ = false;
  waiting_since_ = now;
  out.emplace_back(LevelChanged{Level::kA, std::string(why)});
  watch(out);
}

void Supervisor::arm_retry(base::Time now, Effects& out) {
  retry_armed_ = true;
  ++retry_generation_;
  retry_at_ = now + settings_.retry_every;
  out.emplace_back(ArmTimer{{Timer::Kind::kRetry, {0, retry_generation_}}, retry_at_});
}

std::optional<base::Time> Supervisor::next_attempt() const {
  return level_ == Level::kC && retry_armed_ ? std::optional(retry_at_) : std::nullopt;
}

/// The timer is armed before anything is tried: whatever becomes of the attempt, the next one comes.
void Supervisor::on_retry(base::Time now, Effects& out) {
  arm_retry(now, out);
  if (phase_ == Phase::kWaiting) return start_all(out);
  if (phase_ == Phase::kStoppingAll) {
    after_stopping_ = After::kStart;
    return;
  }
  if (phase_ == Phase::kUp && !work_due_) return leave("all are up, and no work is due", now, out);
  if (--rounds_left_ > 0) return;
  const std::int64_t longest = std::max<std::int64_t>(settings_.escalate_after / settings_.retry_every, 1);
  attempt_rounds_ = std::min(attempt_rounds_ * 2, longest);
  stop_all(After::kStart, now, out);
}

// ---- the watch -------------------------------------------------------------------------------------------

/// When somebody must look whether there was progress; nullopt where nothing is waited for.
std::optional<base::Time> Supervisor::watch_due() const {
  if (phase_ == Phase::kDown || ending() || level_ == Level::kC) return std::nullopt;
  if (level_ == Level::kB) return unproductive_since_ + settings_.escalate_after;
  if (work_due_ && phase_ == Phase::kUp) return waiting_since_ + settings_.escalate_after;
  return std::nullopt;
}

/// Arms the watch where it is not armed, or for too late. One that comes too early looks and is armed again.
void Supervisor::watch(Effects& out) {
  const auto due = watch_due();
  if (!due || (watch_at_ && *watch_at_ <= *due)) return;
  watch_at_ = due;
  ++watch_generation_;
  out.emplace_back(ArmTimer{{Timer::Kind::kWatch, {0, watch_generation_}}, *due});
}

void Supervisor::on_watch(base::Time now, Effects& out) {
  watch_at_.reset();
  const auto due = watch_due();
  if (due && now >= *due) {
    const std::string waited = " for " + seconds(settings_.escalate_after);
    if (level_ == Level::kA) {
      enter_b("work is due, and no adapter progressed" + waited, now, out);
    } else if (work_due_ || phase_ != Phase::kUp) {
      enter_c("a restart of everything brought no progress" + waited, now, out);
    } else {
      leave("all are up, and no work is due", now, out);
    }
  }
  watch(out);
}

// ---- what must always be true ----------------------------------------------------------------------------

std::optional<std::string> Supervisor::broken_invariant() const {
  std::string broken;
  bool any_asked = false;
  const auto check = [&](const Record& it) {
    any_asked = any_asked || it.asked;
    bool good = it.timer_armed == (it.state == ChildState::kBackingOff && phase_ == Phase::kUp);
    switch (it.state) {
      case ChildState::kStarting:
        good = good && (it.asked || phase_ == Phase::kStartingAll);
        break;
      case ChildState::kRunning:
        good = good && !it.asked;
        break;
      case ChildState::kStopping:
        good = good && (it.asked || phase_ == Phase::kStoppingAll);
        break;
      case ChildState::kBackingOff:
        good = good && !it.asked && (it.timer_armed || (phase_ == Phase::kWaiting && retry_armed_));
        break;
      case ChildState::kStopped:
        good = good && !it.asked && (it.held || phase_ == Phase::kDown);
        break;
    }
    if (good) return;
    broken += "child " + std::to_string(it.child.id) + " is in state " + std::to_string(static_cast<int>(it.state)) +
              ", the root in phase " + std::to_string(static_cast<int>(phase_)) + "; ";
  };
  check(store_);
  for (const Record& adapter : adapters_) check(adapter);
  if (periodic_) check(*periodic_);
  if (phase_ == Phase::kStoppingAll && !any_asked) broken += "all are being stopped, and nobody was asked; ";
  if (phase_ == Phase::kStartingAll && !store_.asked) broken += "all are being started, but not the store; ";
  if (phase_ == Phase::kWaiting && !retry_armed_) broken += "all wait for a timer that is not armed; ";
  if (level_ == Level::kC && !retry_armed_) broken += "level C without its timer; ";
  if (watch_due() && (!watch_at_ || *watch_at_ > *watch_due())) broken += "the watch is not armed; ";
  if (broken.empty()) return std::nullopt;
  return broken;
}

}  // namespace ductus::supervise
