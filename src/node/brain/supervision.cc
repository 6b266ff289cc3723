// The supervisor's children: who is started, stopped and restarted, and what the periodic one does.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "node/brain/brain.h"

namespace ductus::node {

void Brain::run_supervisor(base::Time now, Effects& out) {
  while (!supervise_out_.empty()) {
    for (const supervise::Effect& effect : std::exchange(supervise_out_, {})) on_supervisor(effect, now, out);
    if (std::exchange(offers_to_withdraw_, false)) withdraw_offers(now, out);
    check_store_stopped();
  }
}

void Brain::on_supervisor(const supervise::Effect& effect, base::Time now, Effects& out) {
  if (const auto* start = std::get_if<supervise::StartChild>(&effect)) {
    start_child(start->child, now, out);
  } else if (const auto* stop = std::get_if<supervise::StopChild>(&effect)) {
    stop_child(stop->child, now, out);
  } else if (const auto* timer = std::get_if<supervise::ArmTimer>(&effect)) {
    arm(timer->at, timer->timer);
  } else if (const auto* level = std::get_if<supervise::LevelChanged>(&effect)) {
    on_level(*level, out);
  } else {
    DUCTUS_ASSERT(std::holds_alternative<supervise::AllStopped>(effect));
    finish(timed_out_ ? 4 : settings_.until_end ? until_end_exit_code(out) : 0, false, out);
  }
}

void Brain::on_level(const supervise::LevelChanged& change, Effects& out) {
  level_why_ = change.level == supervise::Level::kA ? std::string() : change.why;
  switch (change.level) {
    case supervise::Level::kA:
      return log(LogLevel::kInfo, "supervision: back to level A: " + change.why, out, "level A");
    case supervise::Level::kB:
      return log(LogLevel::kWarn, "supervision: level B, everything is restarted: " + change.why, out, "level B");
    case supervise::Level::kC:
      return log(LogLevel::kError, "supervision: level C, everything is tried again every 10 s: " + change.why, out,
                 "level C");
  }
}

// ---- children --------------------------------------------------------------------------------------------

/// An adapter counts as running as soon as it is under way: what it waits for has names of its own.
void Brain::start_child(const supervise::Child& child, base::Time now, Effects& out) {
  if (child.id == supervise::kStore) {
    if (child.generation > 1) {
      restarted_at_ = now;
      restart_why_ = level_why_;
      source_.reconnect(now, source_out_);
    }
  } else if (child.id == supervise::kPeriodic) {
    periodic_child_ = child;
    periodic_->start(now);
  } else {
    partitions_[child.id].child = {child.id, child.generation};
    start_partition(partitions_[child.id], now, out);
  }
  supervisor_.on_started(child, now, supervise_out_);
}

void Brain::stop_child(const supervise::Child& child, base::Time now, Effects& out) {
  if (child.id == supervise::kStore) {
    store_to_stop_ = child;
  } else if (child.id == supervise::kPeriodic) {
    periodic_->stop();
    periodic_to_stop_ = periodic_->calling();
    if (!periodic_to_stop_) supervisor_.on_stopped(child, supervise_out_);
  } else {
    stop_partition(partitions_[child.id], now, out);
  }
}

/// The store has stopped once its thread is at nothing.
void Brain::check_store_stopped() {
  if (!store_to_stop_ || loading_ || writing_ || saving_ || (!changes_.empty() && changes_.front().submitted)) return;
  supervisor_.on_stopped(*std::exchange(store_to_stop_, std::nullopt), supervise_out_);
}

void Brain::start_partition(Partition& partition, base::Time now, Effects& out) {
  partition.progress_at = now;
  partition.trouble.reset();
  partition.heard = false;
  partition.silences = 0;
  source_.attach(partition.child, partition.id, now, source_out_);
  pipeline::AdapterEffects effects;
  partition.adapter.start(effects);
  run_adapter(partition, std::move(effects), now, out);
}

/// Its call ends, what it accepted is stored, its handler stops: a restart of all repeats nothing.
void Brain::stop_partition(Partition& partition, base::Time now, Effects& out) {
  source_.detach(partition.child, now, source_out_);
  offers_to_withdraw_ = true;
  calls_to_end_ = calls_to_end_ || (partition.call_since && supervisor_.stopping_all());
  pipeline::AdapterEffects effects;
  partition.adapter.drain(effects);
  run_adapter(partition, std::move(effects), now, out);
}

/// The next step of a partition that is being stopped, after each of its events.
void Brain::go_on_stopping(Partition& partition, base::Time now, Effects& out) {
  pipeline::Adapter& adapter = partition.adapter;
  if (adapter.in_call()) return;
  if (adapter.phase() == pipeline::AdapterPhase::kIdle) {
    supervisor_.on_stopped({partition.child.child, partition.child.generation}, supervise_out_);
  } else if (adapter.has_unstored()) {
    if (adapter.has_uncollected()) rounds_.mark(partition.child, true, now);  // what a round has, the store answers
  } else {
    pipeline::AdapterEffects effects;
    adapter.stop(effects);
    run_adapter(partition, std::move(effects), now, out);
  }
}

/// Offers that no worker has taken yet are not made to those that are being stopped.
void Brain::withdraw_offers(base::Time now, Effects& out) {
  std::vector<Partition*> freed;
  std::erase_if(ready_, [&](Work& work) {
    const bool offer =
        work.kind == Work::Kind::kHandle || work.kind == Work::Kind::kHandleIdle || work.kind == Work::Kind::kAggregate;
    Partition* partition = offer ? find(work.child) : nullptr;
    if (partition == nullptr || !partition->adapter.draining()) return false;
    if (work.kind == Work::Kind::kHandle) source_.released(work.set.charge, now, source_out_);
    partition->adapter.withdrawn();
    freed.push_back(partition);
    return true;
  });
  for (Partition* partition : freed) go_on_stopping(*partition, now, out);
}

/// Level A: the failed partition alone restarts, with back-off, for ever; a halted one waits for an operator.
void Brain::end_partition(Partition& partition, const Error& why, bool counted, bool halted, base::Time now,
                          Effects& out) {
  source_.detach(partition.child, now, source_out_);
  rounds_.forget(partition.child);
  partition.last_error = why.message;
  partition.history.failed(!halted, now);
  if (halted) partition.halted = why.message;
  log(halted ? LogLevel::kError : LogLevel::kWarn,
      partition.name() + (halted ? " stopped: " : " failed and restarts: ") + why.message, out,
      (halted ? "stopped: " : "failed: ") + partition.id.topic);
  supervisor_.on_exited({partition.child.child, partition.child.generation},
                        {.reason = partition.name() + ": " + why.message, .counted = counted, .halted = halted}, now,
                        supervise_out_);
}

// ---- the periodic aggregate: asked of all handlers, then given to the module ------------------------------

void Brain::run_periodic(base::Time now, Effects& out) {
  if (periodic_->begins(now)) {
    for (Partition& partition : partitions_) {
      pipeline::AdapterEffects effects;
      if (!partition.adapter.aggregate(effects)) {
        periodic_->absent(partition.id);
        continue;
      }
      periodic_->expect(partition.child, partition.id);
      run_adapter(partition, std::move(effects), now, out);
    }
  }
  if (std::optional<pipeline::Periodic::Collected> collected = periodic_->take(now)) {
    tell_busy(collected->busy, out);
    ready_periodic_ = {.kind = Work::Kind::kPeriodic,
                       .child = {periodic_child_.id, periodic_child_.generation},
                       .aggregate = std::make_unique<const Aggregate>(std::move(collected->aggregate))};
  }
}

void Brain::tell_busy(const std::vector<ports::TopicPartition>& busy, Effects& out) {
  if (busy.empty()) return;
  std::string names;
  for (std::size_t i = 0; i < std::min(busy.size(), kBusyNamed); ++i) {
    names += (i == 0 ? "" : ", ") + busy[i].topic + "/" + std::to_string(busy[i].partition);
  }
  if (busy.size() > kBusyNamed) names += " and " + std::to_string(busy.size() - kBusyNamed) + " more";
  log(LogLevel::kWarn, "the aggregate goes without handlers that are busy: " + names, out, "busy at the aggregate");
}

Result<void> Brain::aggregate_now(base::Time now, Effects& out) {
  if (!periodic_) return Error{ErrorCode::kRefused, "[periodic] every is not set: nothing is collected"};
  if (supervisor_.state(supervise::kPeriodic) != supervise::ChildState::kRunning) {
    return Error{ErrorCode::kRefused, "nothing is collected while everything starts or stops"};
  }
  if (periodic_->collecting() || periodic_->calling()) {
    return Error{ErrorCode::kRefused, "an aggregate is being made already"};
  }
  periodic_->start(now);
  settle(now, out);
  return {};
}

void Brain::on_element(Partition& partition, WorkDone& what, Effects& out) {
  if (!what.outcome)
    log(LogLevel::kWarn, partition.name() + ": aggregate_element(): " + what.outcome.error().message, out,
        "aggregate_element() of " + partition.id.topic);
  periodic_->answered(partition.child, what.round,
                      what.outcome ? std::optional(std::move(what.element)) : std::nullopt);
}

/// Its failures are the module's own: told, counted, and nothing more.
void Brain::on_aggregate_returned(const WorkDone& what, Effects& out) {
  periodic_->returned();
  if (!what.outcome) {
    log(LogLevel::kWarn,
        "handle_periodic_aggregate() failed, " + std::to_string(++failed_aggregates_) +
            " times by now: " + what.outcome.error().message,
        out, "handle_periodic_aggregate()");
  }
  if (std::exchange(periodic_to_stop_, false)) supervisor_.on_stopped(periodic_child_, supervise_out_);
}

}  // namespace ductus::node
