#include "node/brain/brain.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ductus::node {

namespace {

pipeline::OffsetPolicy to_policy(config::OffsetPolicy policy) {
  switch (policy) {
    case config::OffsetPolicy::kStop:
      return pipeline::OffsetPolicy::kStop;
    case config::OffsetPolicy::kEarliest:
      return pipeline::OffsetPolicy::kEarliest;
    case config::OffsetPolicy::kLatest:
      return pipeline::OffsetPolicy::kLatest;
  }
  return pipeline::OffsetPolicy::kStop;
}

}  // namespace

supervise::SupervisorSettings Brain::supervision(const config::NodeConfig& config) {
  supervise::SupervisorSettings settings;
  settings.intensity = config.intensity;
  settings.period = config.period;
  settings.escalate_after = config.escalate_after;
  settings.has_periodic = config.periodic_every.has_value();
  return settings;
}

namespace {

constexpr base::Duration kLoadRetryDelay = std::chrono::milliseconds(500);

}  // namespace

Brain::Brain(const config::NodeConfig& config, ports::BatchSource& source, const BrainSettings& settings)
    : config_(config),
      source_(source),
      settings_(settings),
      supervisor_(supervision(config), settings.seed),
      paused_(settings.paused) {
  if (config.periodic_every) periodic_.emplace(*config.periodic_every);
  adapter_settings_ = adapter_settings();
}

pipeline::AdapterSettings Brain::adapter_settings() const {
  return {.max_uncommitted_batches = config_.max_uncommitted_batches,
          .when_missing = to_policy(config_.when_missing),
          .when_out_of_range = to_policy(config_.when_out_of_range),
          .when_truncated = to_policy(config_.when_truncated),
          .when_recreated = to_policy(config_.when_recreated),
          .idle_interval = settings_.idle_interval};
}

// ---- commands --------------------------------------------------------------------------------------------

void Brain::start(base::Time now, Effects& out) {
  if (draining_) return;  // a stop was asked for on the way up
  if (settings_.until_end_timeout) until_end_deadline_ = now + *settings_.until_end_timeout;
  for (const config::TopicConfig& topic : config_.topics) read_topic(topic, now);
  supervisor_.start(supervise_out_);
  settle(now, out);
}

void Brain::drain(base::Time now, Effects& out) {
  if (draining_) return;
  draining_ = calls_to_end_ = true;
  stop_deadline_ = now + config_.stop_timeout;
  give_up_changes();
  supervisor_.stop(now, supervise_out_);
  settle(now, out);
}

// ---- events ----------------------------------------------------------------------------------------------

void Brain::opened(ports::ConnectionId connection, base::Time now, Effects& out) {
  source_.opened(connection, now, source_out_);
  settle(now, out);
}

void Brain::answered(ports::ConnectionId connection, const ports::RequestTag& tag,
                     std::unique_ptr<ports::Answer> answer, base::Time now, Effects& out) {
  source_.answered(connection, tag, std::move(answer), now, source_out_);
  settle(now, out);
}

void Brain::lost(ports::ConnectionId connection, const Error& why, base::Time now, Effects& out) {
  source_.lost(connection, why, now, source_out_);
  settle(now, out);
}

void Brain::done(WorkDone what, base::Time now, Effects& out) {
  call_ended(what);
  if (what.kind == Work::Kind::kPeriodic) {
    on_aggregate_returned(what, out);
  } else {
    Partition* partition = find(what.child);
    DUCTUS_ASSERT(partition != nullptr);  // a new incarnation waits for the calls of the old one
    on_done(*partition, what, now, out);
  }
  settle(now, out);
}

void Brain::on_done(Partition& partition, WorkDone& what, base::Time now, Effects& out) {
  pipeline::AdapterEffects effects;
  pipeline::Adapter& adapter = partition.adapter;
  partition.call_since.reset();
  partition.history.call_ended(what, now);
  switch (what.kind) {
    case Work::Kind::kStartHandler:
      adapter.started(what.outcome, now, effects);
      break;
    case Work::Kind::kHandle:
      adapter.handled(what.handled, std::move(what.set), now, effects);
      break;
    case Work::Kind::kHandleIdle:
      adapter.handled_idle(what.handled, now, effects);
      break;
    case Work::Kind::kStopHandler:
      adapter.handler_stopped(effects);
      break;
    case Work::Kind::kSync:
      if (const auto storable = adapter.synced(what.outcome, effects)) rounds_.add({what.child, *storable});
      break;
    case Work::Kind::kAggregate:
      adapter.aggregated(effects);
      on_element(partition, what, out);
      break;
    case Work::Kind::kPeriodic:
      break;
  }
  const bool moved = what.kind == Work::Kind::kHandle && what.handled.kind == ports::Handled::Kind::kOk;
  if (moved) note_progress(partition, now, out);
  run_adapter(partition, std::move(effects), now, out);
}

void Brain::loaded(const LoadPositions& asked, Result<std::vector<std::optional<ports::Position>>> positions,
                   base::Time now, Effects& out) {
  loading_ = false;
  const bool permanent = !positions && (positions.error().code == ErrorCode::kCorrupt ||
                                        positions.error().code == ErrorCode::kUnsupported);
  if (!positions && !permanent) {
    note_store_away(positions.error(), now, out);
    load_again_.insert(load_again_.end(), asked.children.begin(), asked.children.end());
    load_retry_at_ = now + kLoadRetryDelay;
    return settle(now, out);
  }
  note_store_back(out);
  for (const auto& [topic, known] : asked.known_topics) ledger_.loaded(topic, known);
  for (std::size_t i = 0; i < asked.children.size(); ++i) {
    Partition* partition = find(asked.children[i]);
    if (partition == nullptr) continue;
    pipeline::AdapterEffects effects;
    if (permanent) {
      partition->adapter.loaded(positions.error(), pipeline::Unstored::kMissing, effects);
    } else {
      const auto& position = (*positions)[i];
      if (position) ledger_.stored(partition->id, *position);
      partition->adapter.loaded(position, ledger_.why_unstored(partition->id), effects);
    }
    run_adapter(*partition, std::move(effects), now, out);
  }
  settle(now, out);
}

void Brain::stored(StoreRound round, const Result<void>& outcome, base::Time now, Effects& out) {
  writing_ = false;
  if (!outcome && outcome.error().code == ErrorCode::kRefused) {
    on_refused(round, outcome.error(), now, out);
    return settle(now, out);
  }
  if (!outcome) note_store_away(outcome.error(), now, out);
  if (outcome) stored_at_ = now;
  if (outcome) note_store_back(out);
  std::erase_if(round.entries, [&](const pipeline::RoundEntry& entry) {
    return outcome ? find(entry.child) == nullptr : !may_be_written(entry.child);
  });
  if (outcome) {
    for (const pipeline::RoundEntry& entry : round.entries) {
      Partition* partition = find(entry.child);
      pipeline::AdapterEffects effects;
      ledger_.stored(partition->id, entry.what.position);
      partition->adapter.stored(entry.what, effects);
      run_adapter(*partition, std::move(effects), now, out);
    }
  }
  if (!outcome) ledger_.give_back(round.topics);
  rounds_.written(round.entries, outcome.ok(), now);
  settle(now, out);
}

/// Who has ended begins again at what is stored: nothing of it may be written after that was loaded.
bool Brain::may_be_written(ports::ChildRef child) {
  const Partition* const partition = find(child);
  return partition != nullptr && partition->adapter.phase() != pipeline::AdapterPhase::kIdle;
}

/// A state, and one failure, however many partitions wait for it.
void Brain::note_store_away(const Error& why, base::Time now, Effects& out) {
  if (!std::exchange(store_trouble_, why.message).empty()) return;
  log(LogLevel::kWarn, "store: " + why.message, out, "store away");
  supervisor_.on_failure("store: " + why.message, now, supervise_out_);
}

/// That it lives is no news to those whose load or write fails for another reason.
void Brain::kept_alive(const Result<void>& outcome, base::Time now, Effects& out) {
  if (!outcome) note_store_away(outcome.error(), now, out);
  if (outcome && keep_alive_failed_) note_store_back(out);
  keep_alive_failed_ = !outcome;
  if (!supervise_out_.empty()) settle(now, out);
}

void Brain::note_store_back(Effects& out) {
  if (!std::exchange(store_trouble_, {}).empty()) log(LogLevel::kInfo, "store: answers again", out, "store back");
}

void Brain::tick(base::Time now, Effects& out) {
  if (source_.next_tick() <= now) source_.tick(now, source_out_);
  while (!timers_.empty() && timers_.front().at <= now) {
    std::pop_heap(timers_.begin(), timers_.end());
    const Timer timer = timers_.back();
    timers_.pop_back();
    if (const auto* supervised = std::get_if<supervise::Timer>(&timer.whose)) {
      supervisor_.on_timer(*supervised, now, supervise_out_);
      continue;
    }
    Partition* partition = find(std::get<ports::ChildRef>(timer.whose));
    if (partition == nullptr) continue;
    pipeline::AdapterEffects effects;
    partition->adapter.tick(now, effects);
    run_adapter(*partition, std::move(effects), now, out);
  }
  if (load_retry_at_ <= now) {
    load_retry_at_ = base::Time::max();
    for (const ports::ChildRef& child : std::exchange(load_again_, {})) {
      if (Partition* partition = find(child)) {
        to_load_.children.push_back(child);
        to_load_.partitions.push_back(partition->id);
      }
    }
  }
  if (stall_check_at_ <= now) check_stalls(now, out);
  if (waiting_check_at_ <= now) check_waiting(now);
  if (until_end_deadline_ <= now && !draining_) {
    timed_out_ = true;
    log(LogLevel::kError, "--timeout is over before the end was reached", out);
    drain(now, out);
  }
  if (stop_deadline_ <= now && !finished_) {
    log(LogLevel::kError, "stop_timeout is over: what is still running is left behind", out);
    finish(1, true, out);
  }
  settle(now, out);
}

// ---- the end of each entry -------------------------------------------------------------------------------

/// Runs what the event set off until nothing is left, then sends and stores it in one go.
void Brain::settle(base::Time now, Effects& out) {
  if (periodic_) run_periodic(now, out);
  do {
    run_source(now, out);
    pump_rounds(now, out);
    check_store_stopped();
    run_supervisor(now, out);
    pump_changes(out);
    save_paused(now, out);
  } while (!source_out_.empty());
  if (!loading_ && !to_load_.children.empty()) {
    loading_ = true;
    out.emplace_back(std::exchange(to_load_, {}));
  }
  if (settings_.until_end && !draining_) check_until_end(now, out);
  if (std::exchange(calls_to_end_, false)) out.emplace_back(EndCalls{});
  source_.flush(now, source_out_);
  run_source(now, out);
  supervisor_.on_work_due(work_is_due(), now, supervise_out_);
  run_supervisor(now, out);
}

void Brain::pump_rounds(base::Time now, Effects& out) {
  for (const ports::ChildRef& child : rounds_.close(now)) {
    Partition* partition = find(child);
    if (partition == nullptr) continue;
    pipeline::AdapterEffects effects;
    if (const auto storable = partition->adapter.collect(effects)) rounds_.add({child, *storable});
    run_adapter(*partition, std::move(effects), now, out);
  }
  write_round(now, out);
}

void Brain::write_round(base::Time now, Effects& out) {
  StoreRound round;
  round.entries = rounds_.take(now);
  if (round.entries.empty()) return;
  writing_ = true;
  for (const pipeline::RoundEntry& entry : round.entries) {
    round.positions.push_back({partitions_[entry.child.child].id, entry.what.position});
  }
  round.topics = ledger_.take();
  out.emplace_back(std::move(round));
}

void Brain::check_until_end(base::Time now, Effects& out) {
  if (topics_missing_ > 0) return;
  for (const Partition& partition : partitions_) {
    if (partition.halted || partition.paused || partition.left) continue;
    // Who has failed begins again at what is stored, and that may be less than what it accepted.
    const pipeline::AdapterPhase phase = partition.adapter.phase();
    if (phase == pipeline::AdapterPhase::kIdle || phase == pipeline::AdapterPhase::kStopping) return;
    if (!partition.until_end || partition.adapter.has_unstored()) return;
    const std::int64_t next = partition.adapter.next_offset().value_or(-1);
    if (next < *partition.until_end) return;
    if (next > partition.readable_end) return;  // beyond all that there is: the broker has yet to say what is wrong
  }
  until_end_reached_ = true;
  drain(now, out);
}

void Brain::end_by_force(Effects& out) {
  if (!finished_) log(LogLevel::kError, "ended by a second signal: what is still running is left behind", out);
  finish(1, true, out);
}

void Brain::finish(int exit_code, bool forced, Effects& out) {
  if (std::exchange(finished_, true)) return;
  out.emplace_back(Finished{exit_code, forced});
}

base::Time Brain::next_tick() const {
  base::Time next = std::min({source_.next_tick(), rounds_.next_tick(), load_retry_at_, stop_deadline_, save_again_at_,
                              stall_check_at_, waiting_check_at_});
  if (periodic_) next = std::min(next, periodic_->next_tick());
  if (!timers_.empty()) next = std::min(next, timers_.front().at);
  if (!draining_) next = std::min(next, until_end_deadline_);
  return finished_ ? base::Time::max() : next;
}

Partition* Brain::find(ports::ChildRef child) {
  if (child.child >= partitions_.size()) return nullptr;
  Partition& partition = partitions_[child.child];
  return partition.child.generation == child.generation ? &partition : nullptr;
}

void Brain::arm(base::Time at, const std::variant<ports::ChildRef, supervise::Timer>& whose) {
  timers_.push_back({at, whose});
  std::push_heap(timers_.begin(), timers_.end());
}

void Brain::log(LogLevel level, std::string text, Effects& out, std::string cause) {
  out.emplace_back(LogLine{level, std::move(text), std::move(cause)});
}

}  // namespace ductus::node
