#include "pipeline/adapter.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/assert.h"

namespace ductus::pipeline {

void Adapter::configure(const AdapterSettings& settings) {
  const auto idle_interval = settings_.idle_interval;
  settings_ = settings;
  settings_.idle_interval = idle_interval;
}

void Adapter::start(AdapterEffects& out) {
  DUCTUS_ASSERT(phase_ == AdapterPhase::kIdle);
  *this = Adapter(settings_);
  phase_ = AdapterPhase::kLoading;
  out.emplace_back(LoadPosition{});
}

void Adapter::loaded(Result<std::optional<ports::Position>> position, Unstored unstored, AdapterEffects& out) {
  if (draining_) {
    phase_ = AdapterPhase::kIdle;
    return;
  }
  if (!position) return end(Halted{std::move(position).error()}, out);
  if (!position->has_value() && unstored == Unstored::kNew) return apply_policy(OffsetPolicy::kEarliest, {}, out);
  if (!position->has_value() && unstored == Unstored::kRecreated) {
    return apply_policy(settings_.when_recreated,
                        {ErrorCode::kRefused,
                         "no stored offset, and the topic was deleted and made anew since its others were stored: set "
                         "one with reset_offsets, or choose [offsets] when_recreated"},
                        out);
  }
  if (!position->has_value()) {
    return apply_policy(
        settings_.when_missing,
        {ErrorCode::kNotFound, "no stored offset; set one with reset_offsets, or choose [offsets] when_missing"}, out);
  }
  position_ = **position;
  fetch_offset_ = position_->next_offset;
  phase_ = AdapterPhase::kStartingHandler;
  in_call_ = true;
  out.emplace_back(StartHandler{});
}

void Adapter::apply_policy(OffsetPolicy policy, Error why, AdapterEffects& out) {
  const bool by_offset = !moved_by_ || moved_by_->kind != ports::Trouble::Kind::kFinal;
  if (policy == OffsetPolicy::kStop) return end(Halted{std::move(why), by_offset}, out);
  phase_ = AdapterPhase::kLookingUp;
  query_ = policy == OffsetPolicy::kEarliest ? ports::OffsetQuery::kEarliest : ports::OffsetQuery::kLatest;
  out.emplace_back(LookUp{query_});
}

void Adapter::found(const ports::OffsetFound& where, AdapterEffects& out) {
  if (draining_ || phase_ != AdapterPhase::kLookingUp) return;
  if (moved_by_ && moved_by_->kind != ports::Trouble::Kind::kRecreated && is_of_another_topic(where.topic_id)) {
    // Made anew since the source ended: what it ended for is over, and another policy decides.
    moved_by_->kind = ports::Trouble::Kind::kRecreated;
    return apply_policy(
        settings_.when_recreated,
        {ErrorCode::kRefused, "the topic was deleted and made anew; offset " + std::to_string(position_->next_offset) +
                                  " belongs to the old one: reset it, or choose [offsets] when_recreated"},
        out);
  }
  tell_lost(where.offset, out);
  moved_by_.reset();
  position_ = ports::Position{where.offset, where.leader_epoch, where.topic_id};
  fetch_offset_ = where.offset;
  phase_ = AdapterPhase::kStoringPolicy;
  accepted_batches_ = uncommitted_batches_ = 1;
  out.emplace_back(Accepted{.urgent = true});
}

bool Adapter::is_of_another_topic(const ports::TopicId& id) const {
  const ports::TopicId unknown{};
  return id != unknown && position_->topic_id != unknown && id != position_->topic_id;
}

// What the policy passes over.
void Adapter::tell_lost(std::int64_t chosen, AdapterEffects& out) const {
  if (!moved_by_) return;
  std::int64_t from = position_->next_offset;
  std::string cause = "the log no longer holds them; a policy moved the offset on";
  if (moved_by_->kind == ports::Trouble::Kind::kRecreated) {
    out.emplace_back(Lost{from, std::nullopt, "the topic was deleted with what had not been read"});
    from = 0;
    cause = "the topic was made anew, and a policy passes over what came since";
  } else if (moved_by_->kind == ports::Trouble::Kind::kTruncated || moved_by_->parted_at >= 0) {
    if (moved_by_->parted_at >= 0) from = std::min(from, moved_by_->parted_at);
    const std::string where = moved_by_->parted_at == moved_by_->log_start_offset ? " somewhere in there" : "";
    cause = "the log was truncated" + where + ", and a policy passes over what came since";
  }
  if (chosen > from) out.emplace_back(Lost{from, chosen, std::move(cause)});
}

void Adapter::started(const Result<void>& outcome, base::Time now, AdapterEffects& out) {
  in_call_ = false;
  if (!outcome) return end(Exited{outcome.error(), false}, out);
  handler_running_ = true;
  phase_ = AdapterPhase::kFetching;
  arm_idle(now, out);
  advance(out);
}

void Adapter::delivered(ports::FetchedSet set, AdapterEffects& out) {
  wanted_ = false;
  if (draining_ || failed_ || last_words_ || set.asked_offset != fetch_offset_) {
    out.emplace_back(ReleaseSet{set.charge});
    return advance(out);
  }
  DUCTUS_ASSERT(!prefetched_);
  fetch_offset_ = set.next_offset;
  prefetched_ = std::move(set);
  advance(out);
}

void Adapter::source_ended(const ports::Trouble& trouble, AdapterEffects& out) {
  const bool was_wanted = std::exchange(wanted_, false);
  if (draining_ || failed_ || last_words_) return;
  if (phase_ == AdapterPhase::kLookingUp) {
    if (trouble.kind == ports::Trouble::Kind::kFinal) end(Halted{trouble.error, true}, out);
    return;
  }
  if (!was_wanted) return;
  source_ended_ = trouble;
  advance(out);
}

void Adapter::handled(const ports::Handled& outcome, ports::FetchedSet set, base::Time now, AdapterEffects& out) {
  in_call_ = false;
  using Kind = ports::Handled::Kind;
  if (outcome.kind == Kind::kFail || outcome.kind == Kind::kBadBytes) {
    out.emplace_back(ReleaseSet{set.charge});
    return fail(Exited{outcome.error, outcome.kind == Kind::kBadBytes}, out);
  }
  if (outcome.kind == Kind::kOk) {
    position_ = outcome.position;
    ++accepted_batches_;
    ++uncommitted_batches_;
    cursor_ = outcome.cursor;
    // Halfway to the limit the round closes, so that it is stored while the rest is handled.
    out.emplace_back(Accepted{.urgent = 2 * uncommitted_batches_ >= limit()});
  } else {
    defer_until_ = now + outcome.delay;
    out.emplace_back(ArmTimer{*defer_until_});
  }
  if (outcome.kind == Kind::kOk && outcome.last) {
    out.emplace_back(ReleaseSet{set.charge});
  } else {
    current_ = std::move(set);
  }
  arm_idle(now, out);
  advance(out);
}

void Adapter::handled_idle(const ports::Handled& outcome, base::Time now, AdapterEffects& out) {
  in_call_ = false;
  if (outcome.kind == ports::Handled::Kind::kFail) return fail(Exited{outcome.error, false}, out);
  arm_idle(now, out);
  advance(out);
}

std::optional<Storable> Adapter::collect(AdapterEffects& out) {
  if (accepted_batches_ == 0 || last_words_) return std::nullopt;
  if (needs_no_sync_ || phase_ == AdapterPhase::kStoringPolicy) return take_storable();
  if (in_call_) {
    sync_due_ = true;
  } else {
    begin_sync(out);
  }
  return std::nullopt;
}

void Adapter::begin_sync(AdapterEffects& out) {
  sync_due_ = false;
  in_call_ = true;
  syncing_ = take_storable();
  out.emplace_back(SyncHandler{});
}

bool Adapter::aggregate(AdapterEffects& out) {
  if (!handler_running_ || draining_ || failed_ || last_words_) return false;
  if (in_call_) {
    aggregate_due_ = true;
  } else {
    begin_aggregate(out);
  }
  return true;
}

void Adapter::begin_aggregate(AdapterEffects& out) {
  aggregate_due_ = false;
  in_call_ = true;
  out.emplace_back(AggregateHandler{});
}

void Adapter::aggregated(AdapterEffects& out) {
  in_call_ = false;
  advance(out);
}

std::optional<Storable> Adapter::synced(const Result<void>& outcome, AdapterEffects& out) {
  in_call_ = false;
  if (!outcome && outcome.error().code != ErrorCode::kNotNeeded) {
    end(Exited{outcome.error(), false}, out);
    return std::nullopt;
  }
  needs_no_sync_ = !outcome;
  advance(out);
  if (last_words_) return std::nullopt;
  return std::exchange(syncing_, Storable{});
}

void Adapter::stored(const Storable& what, AdapterEffects& out) {
  uncommitted_batches_ -= std::min(what.batches, uncommitted_batches_);
  if (phase_ == AdapterPhase::kStoringPolicy && !draining_) {
    phase_ = AdapterPhase::kFetching;
    if (!handler_running_) {
      phase_ = AdapterPhase::kStartingHandler;
      in_call_ = true;
      out.emplace_back(StartHandler{});
      return;
    }
  }
  advance(out);
}

void Adapter::tick(base::Time now, AdapterEffects& out) {
  if (defer_until_ && *defer_until_ <= now) defer_until_.reset();
  if (idle_timer_armed_ && idle_at_) {
    idle_timer_armed_ = false;
    if (*idle_at_ <= now && phase_ == AdapterPhase::kFetching && !in_call_ && !draining_ && !last_words_) {
      in_call_ = true;
      phase_ = AdapterPhase::kHandling;
      out.emplace_back(HandleIdle{position_->next_offset});
      return;
    }
    if (*idle_at_ <= now) idle_at_ = now + *settings_.idle_interval;
    idle_timer_armed_ = true;
    out.emplace_back(ArmTimer{*idle_at_});
  }
  advance(out);
}

void Adapter::arm_idle(base::Time now, AdapterEffects& out) {
  if (!settings_.idle_interval) return;
  idle_at_ = now + *settings_.idle_interval;
  if (std::exchange(idle_timer_armed_, true)) return;  // the timer that is out looks at idle_at_ again
  out.emplace_back(ArmTimer{*idle_at_});
}

void Adapter::advance(AdapterEffects& out) {
  if (in_call_ || !handler_running_ || last_words_) return;
  if (refused_) return end(*std::exchange(refused_, std::nullopt), out);
  if (sync_due_) return begin_sync(out);
  if (failed_) return fail(*std::exchange(failed_, std::nullopt), out);
  if (draining_) return drop_sets(out);
  if (aggregate_due_) return begin_aggregate(out);
  if (phase_ == AdapterPhase::kLookingUp || phase_ == AdapterPhase::kStoringPolicy) return;
  if (defer_until_) {
    phase_ = AdapterPhase::kDeferred;
    return;
  }
  if (!current_ && prefetched_) {
    cursor_ = {0, prefetched_->asked_offset};
    current_ = std::exchange(prefetched_, std::nullopt);
  }
  if (!current_) {
    phase_ = AdapterPhase::kFetching;
    if (source_ended_) return finish_ending(out);
    return want_more(out);
  }
  if (uncommitted_batches_ >= limit()) {
    phase_ = AdapterPhase::kWaitingStore;
    return;
  }
  phase_ = AdapterPhase::kHandling;
  in_call_ = true;
  out.emplace_back(HandleSet{*std::exchange(current_, std::nullopt), cursor_});
  want_more(out);
}

// Only once everything in hand is stored: then a policy, or the operator, may move the offset.
void Adapter::finish_ending(AdapterEffects& out) {
  if (uncommitted_batches_ > 0) {
    phase_ = AdapterPhase::kWaitingStore;
    ask_once_more_ = true;
    out.emplace_back(Accepted{.urgent = true});
    return;
  }
  if (std::exchange(ask_once_more_, false)) {  // what the source said is old by now
    source_ended_.reset();
    return want_more(out);
  }
  moved_by_ = std::exchange(source_ended_, std::nullopt);
  apply_policy(policy_for(moved_by_->kind), moved_by_->error, out);
}

OffsetPolicy Adapter::policy_for(ports::Trouble::Kind kind) const noexcept {
  switch (kind) {
    case ports::Trouble::Kind::kOffsetOutOfRange:
      return settings_.when_out_of_range;
    case ports::Trouble::Kind::kTruncated:
      return settings_.when_truncated;
    case ports::Trouble::Kind::kRecreated:
      return settings_.when_recreated;
    case ports::Trouble::Kind::kFinal:
    case ports::Trouble::Kind::kRetrying:
      break;
  }
  return OffsetPolicy::kStop;
}

void Adapter::want_more(AdapterEffects& out) {
  if (wanted_ || prefetched_ || source_ended_) return;
  wanted_ = true;
  out.emplace_back(WantSet{{fetch_offset_, position_->leader_epoch, position_->topic_id}});
}

void Adapter::ask_again(AdapterEffects& out) {
  if (phase_ == AdapterPhase::kLookingUp) {
    out.emplace_back(LookUp{query_});
  } else if (std::exchange(wanted_, false)) {
    want_more(out);
  }
}

bool Adapter::refuse(Error why, bool halt, AdapterEffects& out) {
  if (last_words_ || phase_ == AdapterPhase::kIdle) return false;
  accepted_batches_ = uncommitted_batches_ = 0;
  sync_due_ = false;
  if (draining_) return false;
  AdapterEffect words = Exited{why, false};
  if (halt) words = Halted{std::move(why)};
  if (in_call_) {
    refused_ = std::move(words);
  } else {
    end(std::move(words), out);
  }
  return true;
}

void Adapter::drain(AdapterEffects& out) {
  draining_ = true;
  defer_until_.reset();
  const bool waits_for_an_offset = phase_ == AdapterPhase::kLookingUp || phase_ == AdapterPhase::kLoading;
  if (waits_for_an_offset && !handler_running_) phase_ = AdapterPhase::kIdle;
  drop_sets(out);
}

void Adapter::stop(AdapterEffects& out) {
  DUCTUS_ASSERT(!in_call_);
  if (last_words_) return;
  if (!handler_running_) {
    phase_ = AdapterPhase::kIdle;
    return;
  }
  in_call_ = true;
  phase_ = AdapterPhase::kStopping;
  out.emplace_back(StopHandler{});
}

void Adapter::handler_stopped(AdapterEffects& out) {
  in_call_ = false;
  handler_running_ = false;
  phase_ = AdapterPhase::kIdle;
  if (last_words_) out.push_back(*std::exchange(last_words_, std::nullopt));
}

// What was accepted before is stored first: else it would come again with each try.
void Adapter::fail(AdapterEffect why, AdapterEffects& out) {
  if (uncommitted_batches_ == 0) return end(std::move(why), out);
  drop_sets(out);
  failed_ = std::move(why);
  phase_ = AdapterPhase::kWaitingStore;
  if (accepted_batches_ > 0) out.emplace_back(Accepted{.urgent = true});
  if (sync_due_) begin_sync(out);
}

void Adapter::end(AdapterEffect last_words, AdapterEffects& out) {
  drop_sets(out);
  failed_.reset();
  accepted_batches_ = uncommitted_batches_ = 0;  // not stored: they come again
  defer_until_.reset();
  if (!handler_running_) {
    phase_ = AdapterPhase::kIdle;
    out.push_back(std::move(last_words));
    return;
  }
  last_words_ = std::move(last_words);
  phase_ = AdapterPhase::kStopping;
  in_call_ = true;
  out.emplace_back(StopHandler{});
}

void Adapter::drop_sets(AdapterEffects& out) {
  for (std::optional<ports::FetchedSet>* held : {&current_, &prefetched_}) {
    if (!*held) continue;
    out.emplace_back(ReleaseSet{(*held)->charge});
    held->reset();
  }
}

std::uint32_t Adapter::limit() const noexcept { return std::max(settings_.max_uncommitted_batches, 1u); }

Storable Adapter::take_storable() { return {*position_, std::exchange(accepted_batches_, 0u)}; }

std::optional<std::int64_t> Adapter::next_offset() const noexcept {
  return position_ ? std::optional(position_->next_offset) : std::nullopt;
}

}  // namespace ductus::pipeline
