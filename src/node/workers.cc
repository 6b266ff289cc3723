#include "node/workers.h"

#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "base/assert.h"

namespace ductus::node {

namespace {

unsigned usable_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<unsigned>(std::max(CPU_COUNT(&set), 1));
}

}  // namespace

Workers::Workers(const Parts& parts)
    : parts_(parts),
      max_threads_(parts.config.max_threads),
      cpus_(usable_cpus()),
      store_thread_(
          parts.store, parts.config.dir,
          {.stored =
               [this](StoreRound round, const Result<void>& outcome) {
                 enter([&](Brain& brain, base::Time now,
                           Effects& out) { brain.stored(std::move(round), outcome, now, out); },
                       false);
               },
           .loaded =
               [this](LoadPositions asked, Result<std::vector<std::optional<ports::Position>>> positions) {
                 enter([&](Brain& brain, base::Time now,
                           Effects& out) { brain.loaded(asked, std::move(positions), now, out); },
                       false);
               },
           .changed =
               [this](std::uint64_t command, const Result<void>& outcome) {
                 enter([&](Brain& brain, base::Time now, Effects& out) { brain.changed(command, outcome, now, out); },
                       false);
               },
           .saved =
               [this](const Result<void>& outcome) {
                 enter([&](Brain& brain, base::Time now, Effects& out) { brain.saved(outcome, now, out); }, false);
               },
           .kept_alive =
               [this](const Result<void>& outcome) {
                 enter([&](Brain& brain, base::Time now, Effects& out) { brain.kept_alive(outcome, now, out); }, false);
               }}) {}

Workers::~Workers() = default;

Finished Workers::run() {
  {
    const std::lock_guard lock(mutex_);
    start_worker();
    if (workers_.empty()) return {.exit_code = 1, .forced = false};
  }
  monitor_thread_ = std::thread([this] { monitor(); });
  enter([](Brain& brain, base::Time now, Effects& out) { brain.start(now, out); }, false);
  Finished how;
  {
    std::unique_lock lock(mutex_);
    finished_changed_.wait(lock, [&] { return finished_.has_value(); });
    how = *finished_;
  }
  monitor_thread_.join();
  if (how.forced) return how;  // their callbacks may never return
  for (std::size_t i = 0;; ++i) {
    std::thread thread;
    {
      const std::lock_guard lock(mutex_);
      if (i == workers_.size()) break;
      thread = std::move(workers_[i]->thread);
    }
    thread.join();
  }
  return how;
}

void Workers::drain() {
  enter([](Brain& brain, base::Time now, Effects& out) { brain.drain(now, out); }, false);
}

Result<void> Workers::aggregate_now() {
  Result<void> outcome;
  enter([&](Brain& brain, base::Time now, Effects& out) { outcome = brain.aggregate_now(now, out); }, false);
  return outcome;
}

operate::StatusReport Workers::status() {
  const std::lock_guard lock(baton_);
  return parts_.brain.status(parts_.clock.now());
}

Result<CommandNumber> Workers::pause(const std::string& topic, std::optional<std::int32_t> partition) {
  Result<CommandNumber> command = 0u;
  enter([&](Brain& brain, base::Time now, Effects& out) { command = brain.pause(topic, partition, now, out); }, false);
  return command;
}

Result<CommandNumber> Workers::resume(const std::string& topic, std::optional<std::int32_t> partition) {
  Result<CommandNumber> command = 0u;
  enter([&](Brain& brain, base::Time now, Effects& out) { command = brain.resume(topic, partition, now, out); }, false);
  return command;
}

Result<void> Workers::restart(const std::string& topic, std::optional<std::int32_t> partition) {
  Result<void> done;
  enter([&](Brain& brain, base::Time now, Effects& out) { done = brain.restart(topic, partition, now, out); }, false);
  return done;
}

Result<CommandNumber> Workers::change_offsets(ports::OperatorChange change) {
  Result<CommandNumber> command = 0u;
  enter(
      [&](Brain& brain, base::Time now, Effects& out) { command = brain.change_offsets(std::move(change), now, out); },
      false);
  return command;
}

std::optional<CommandOutcome> Workers::outcome_of(CommandNumber command) {
  const std::lock_guard lock(baton_);
  const CommandOutcome* const outcome = parts_.brain.outcome_of(command);
  if (outcome == nullptr) return std::nullopt;
  return *outcome;
}

void Workers::follow(config::NodeConfig config, const std::vector<std::string>& changed_topics,
                     const std::function<void()>& also) {
  max_threads_ = config.max_threads;
  enter(
      [&](Brain& brain, base::Time now, Effects& out) {
        also();
        brain.follow(std::move(config), changed_topics, now, out);
      },
      false);
}

// ---- the baton -------------------------------------------------------------------------------------------

/// Steps the brain with `event` and carries out what it wants. With `take`, returns the next piece of work.
template <class Event>
std::optional<Work> Workers::enter(Event&& event, bool take) {
  Effects effects;
  std::optional<Work> work;
  std::size_t left = 0;
  {
    const std::lock_guard lock(baton_);
    const base::Time now = parts_.clock.now();
    event(parts_.brain, now, effects);
    if (parts_.brain.next_tick() <= now) parts_.brain.tick(now, effects);
    if (take) work = parts_.brain.take_work(now);
    left = parts_.brain.ready_work();
    ready_work_.store(left);
    if (const base::Time next = parts_.brain.next_tick(); next < timer_at_) {
      timer_at_ = next;
      parts_.sockets.set_timer(next, now);
    }
  }
  carry_out_effects(effects);
  if (left > 0) wake_another();
  return work;
}

void Workers::carry_out_effects(Effects& effects) {
  for (Effect& effect : effects) {
    std::visit(
        [&](auto& it) {
          using T = std::decay_t<decltype(it)>;
          if constexpr (std::is_same_v<T, ports::Send>) {
            parts_.sockets.send(std::move(it));
          } else if constexpr (std::is_same_v<T, ports::OpenConnection>) {
            {
              const std::lock_guard lock(mutex_);
              dials_.push_back(std::move(it));
              ++dials_waiting_;
            }
            wake_another();
          } else if constexpr (std::is_same_v<T, ports::CloseConnection>) {
            {
              const std::lock_guard lock(mutex_);
              dials_waiting_ -= std::erase_if(
                  dials_, [&](const ports::OpenConnection& dial) { return dial.connection == it.connection; });
            }
            parts_.sockets.close(it.connection);
          } else if constexpr (std::is_same_v<T, StoreRound> || std::is_same_v<T, LoadPositions> ||
                               std::is_same_v<T, ChangePositions> || std::is_same_v<T, SavePaused>) {
            store_thread_.submit(std::move(it));
          } else if constexpr (std::is_same_v<T, LogLine>) {
            parts_.log.write(it.level, it.text, it.cause);
          } else if constexpr (std::is_same_v<T, EndCalls>) {
            end_calls();
          } else {
            static_assert(std::is_same_v<T, Finished>);
            finish(it);
          }
        },
        effect);
  }
}

// ---- one worker ------------------------------------------------------------------------------------------

void Workers::work(Worker& self) {
  std::optional<Work> next;
  base::Time polled_at = parts_.clock.now();
  while (!stopping_.load(std::memory_order_relaxed)) {
    dial_waiting(self);
    if (!next && ready_work_.load(std::memory_order_relaxed) > 0)
      next = enter([](Brain&, base::Time, Effects&) {}, true);
    if (!next) {
      if (polling_.exchange(true)) {
        sleep();
      } else if (ready_work_ > 0 || dials_waiting_ > 0 || stopping_) {
        polling_ = false;  // it came since the look above, and whoever brought it may have met no poller to wake
        continue;
      } else {
        next = poll(self, std::chrono::milliseconds(-1), true);
      }
      polled_at = parts_.clock.now();
      continue;
    }
    WorkDone done = call(self, *std::exchange(next, std::nullopt));
    next = enter([&](Brain& brain, base::Time now, Effects& out) { brain.done(std::move(done), now, out); }, true);
    if (const base::Time now = parts_.clock.now(); next && now - polled_at > kPollEvery) {
      polled_at = now;  // so much is ready that nobody comes to the sockets: look in passing
      if (!polling_.exchange(true)) poll(self, std::chrono::milliseconds(0), false);
    }
  }
}

/// Connects to what waits to be connected to: a call like any other, since names may take seconds to look up.
void Workers::dial_waiting(Worker& self) {
  while (!stopping_ && dials_waiting_.load(std::memory_order_relaxed) > 0) {
    ports::OpenConnection to;
    {
      const std::lock_guard lock(mutex_);
      if (dials_.empty()) return;
      to = std::move(dials_.front());
      dials_.pop_front();
      --dials_waiting_;
    }
    begin_call(self);
    const Result<void> outcome = parts_.sockets.dial(to);
    self.call_since_ns.store(0, std::memory_order_relaxed);
    if (outcome) continue;
    enter([&](Brain& brain, base::Time now, Effects& out) { brain.lost(to.connection, outcome.error(), now, out); },
          false);
  }
}

/// A call like any other, since its files may lie on a disk that hangs.
void Workers::reload(Worker& self) {
  begin_call(self);
  parts_.reload();
  self.call_since_ns.store(0, std::memory_order_relaxed);
}

void Workers::begin_call(Worker& self) {
  self.calls.store(self.calls.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  self.call_since_ns = parts_.clock.now().time_since_epoch().count();
  arm_monitor();
}

WorkDone Workers::call(Worker& self, Work work) {
  begin_call(self);
  std::stop_token stop;
  if (work.kind == Work::Kind::kStartHandler) {
    const std::lock_guard lock(mutex_);
    stop = stop_handlers_.get_token();
  }
  WorkDone done = carry_out(std::move(work), parts_.host, stop, self.arena);
  self.call_since_ns.store(0, std::memory_order_relaxed);
  return done;
}

/// Waits for one socket event as the one poller, gives that place up, and carries the event through the brain.
std::optional<Work> Workers::poll(Worker& self, std::chrono::milliseconds timeout, bool take) {
  SocketEvent event = parts_.sockets.wait(timeout);
  polling_.store(false);
  switch (event.kind) {
    case SocketEvent::Kind::kNothing:
      return std::nullopt;
    case SocketEvent::Kind::kReadable:
      return on_readable(event.connection, take);
    case SocketEvent::Kind::kSignal:
      event.signal == SIGHUP ? reload(self) : on_stop_signal(event.sender);
      return std::nullopt;
    case SocketEvent::Kind::kTimer:
      return enter([&](Brain&, base::Time, Effects&) { timer_at_ = base::Time::max(); }, take);
    case SocketEvent::Kind::kOpened:
      parts_.sockets.rearm(event.connection);
      return enter([&](Brain& brain, base::Time now, Effects& out) { brain.opened(event.connection, now, out); }, take);
    case SocketEvent::Kind::kLost:
      parts_.sockets.close(event.connection);
      return enter(
          [&](Brain& brain, base::Time now, Effects& out) { brain.lost(event.connection, event.error, now, out); },
          take);
  }
  return std::nullopt;
}

/// The first one drains, a second one is somebody's impatience. The guardian's does not count: what asks all processes
/// of a session to end is heard from it once more.
void Workers::on_stop_signal(pid_t sender) {
  const bool from_guardian = parts_.guardian != 0 && sender == parts_.guardian;
  if (!from_guardian && signalled_.exchange(true)) {
    enter([](Brain& brain, base::Time, Effects& out) { brain.end_by_force(out); }, false);
  } else {
    drain();
  }
}

std::optional<Work> Workers::on_readable(ports::ConnectionId connection, bool take) {
  Result<std::optional<Frame>> frame = parts_.sockets.read(connection);
  Result<std::unique_ptr<ports::Answer>> answer = std::unique_ptr<ports::Answer>();
  if (frame && !frame->has_value()) {
    parts_.sockets.rearm(connection);
    return std::nullopt;
  }
  if (frame) answer = parts_.source.cutter().cut((*frame)->tag, std::move((*frame)->body));
  if (!frame || !answer) {
    const Error& why = !frame ? frame.error() : answer.error();
    parts_.sockets.close(connection);
    return enter([&](Brain& brain, base::Time now, Effects& out) { brain.lost(connection, why, now, out); }, take);
  }
  std::optional<Work> work =
      enter([&](Brain& brain, base::Time now,
                Effects& out) { brain.answered(connection, (*frame)->tag, std::move(*answer), now, out); },
            take);
  parts_.sockets.rearm(connection);
  return work;
}

// ---- who is awake ----------------------------------------------------------------------------------------

void Workers::sleep() {
  std::unique_lock lock(mutex_);
  if (ready_work_.load(std::memory_order_relaxed) > 0 || dials_waiting_ > 0 || !polling_.load()) return;
  ++sleepers_;
  woken_.wait(lock, [&] { return wake_ups_ > 0 || stopping_; });
  --sleepers_;
  if (wake_ups_ > 0) --wake_ups_;
}

// With mutex_ held.
bool Workers::wake_sleeper() {
  if (sleepers_ <= wake_ups_) return false;
  ++wake_ups_;
  woken_.notify_one();
  return true;
}

/// There is a second piece of work: a sleeper, or the poller, or a new worker while a CPU is left.
void Workers::wake_another() {
  const std::lock_guard lock(mutex_);
  if (wake_sleeper()) return;
  if (polling_.load()) {
    parts_.sockets.wake();
  } else if (workers_.size() < cpus_ && !stopping_) {
    start_worker();
  }
}

// With mutex_ held. Where the system has no thread to give, those that are there go on; who needs one asks again.
void Workers::start_worker() {
  workers_.push_back(std::make_unique<Worker>());
  Worker* worker = workers_.back().get();
  try {
    worker->thread = std::thread([this, worker] { work(*worker); });
  } catch (const std::system_error& error) {
    workers_.pop_back();
    if (std::exchange(told_no_thread_, true)) return;
    parts_.log.write(LogLevel::kWarn, std::string("no more threads for callbacks than ") +
                                          std::to_string(workers_.size()) + ": " + error.what());
  }
}

/// What hears of it is the user's code, which may block: it must hold up neither the stop nor its deadline.
void Workers::end_calls() {
  std::stop_source ended;
  {
    const std::lock_guard lock(mutex_);
    ended = std::exchange(stop_handlers_, std::stop_source());
  }
  try {
    std::thread([ended]() mutable { ended.request_stop(); }).detach();
  } catch (const std::system_error&) {
    ended.request_stop();  // no thread is to be had: late is better than never
  }
}

void Workers::finish(const Finished& how) {
  {
    const std::lock_guard lock(mutex_);
    finished_ = how;
    stopping_ = true;
  }
  woken_.notify_all();
  monitor_changed_.notify_all();
  finished_changed_.notify_all();
  parts_.sockets.wake();
}

// ---- the monitor -----------------------------------------------------------------------------------------

/// Wakes the monitor where it sleeps. It has disarmed before it looked for calls a last time, and this call was noted
/// before the look at monitor_armed_: one of the two sees the other.
void Workers::arm_monitor() {
  if (monitor_armed_) return;
  const std::lock_guard lock(mutex_);
  monitor_armed_ = true;
  monitor_changed_.notify_one();
}

void Workers::monitor() {
  std::unique_lock lock(mutex_);
  std::uint64_t calls_seen = 0;
  while (!stopping_) {
    if (!monitor_armed_) {
      monitor_changed_.wait(lock, [&] { return monitor_armed_ || stopping_; });
    }
    monitor_changed_.wait_for(lock, kBlockedAfter, [&] { return stopping_.load(); });
    if (stopping_) return;
    const std::uint64_t calls = count_calls();
    if (calls == std::exchange(calls_seen, calls) && !anyone_is_in_a_call()) {
      monitor_armed_ = false;
      monitor_armed_ = anyone_is_in_a_call();
    } else if (everyone_is_blocked() && !wake_sleeper() &&
               workers_.size() < std::size_t{max_threads_} + kSpareWorkers) {
      start_worker();
    }
  }
}

// With mutex_ held.
std::uint64_t Workers::count_calls() const {
  std::uint64_t calls = 0;
  for (const auto& worker : workers_) calls += worker->calls.load(std::memory_order_relaxed);
  return calls;
}

// With mutex_ held.
bool Workers::anyone_is_in_a_call() const {
  return std::any_of(workers_.begin(), workers_.end(), [](const auto& worker) { return worker->call_since_ns != 0; });
}

// With mutex_ held: no worker waits for sockets, and each one that is awake has been in a call for kBlockedAfter.
bool Workers::everyone_is_blocked() {
  if (polling_) return false;
  const base::Duration now = parts_.clock.now().time_since_epoch();
  std::size_t blocked = 0;
  for (const auto& worker : workers_) {
    const std::int64_t since = worker->call_since_ns.load(std::memory_order_relaxed);
    if (since != 0 && now - std::chrono::nanoseconds(since) >= kBlockedAfter) ++blocked;
  }
  return blocked + sleepers_ >= workers_.size();
}

}  // namespace ductus::node
