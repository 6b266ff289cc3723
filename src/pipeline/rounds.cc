#include "pipeline/rounds.h"

#include <algorithm>
#include <utility>

namespace ductus::pipeline {

Rounds::Slots& Rounds::slots_of(std::uint32_t child) {
  if (child >= slots_.size()) slots_.resize(child + 1);
  return slots_[child];
}

void Rounds::mark(ports::ChildRef child, bool urgent, base::Time now) {
  std::uint32_t& slot = slots_of(child.child).dirty;
  if (slot == kNone) {
    slot = static_cast<std::uint32_t>(dirty_.size());
    dirty_.push_back(child);
  } else {
    dirty_[slot] = child;
  }
  close_at_ = std::min(close_at_, urgent ? now : now + kRoundDelay);
}

std::vector<ports::ChildRef> Rounds::close(base::Time now) {
  if (now < close_at_) return {};
  close_at_ = base::Time::max();
  for (const ports::ChildRef& child : dirty_) slots_of(child.child).dirty = kNone;
  return std::exchange(dirty_, {});
}

void Rounds::add(const RoundEntry& entry) {
  std::uint32_t& slot = slots_of(entry.child.child).ready;
  if (slot == kNone) {
    slot = static_cast<std::uint32_t>(ready_.size());
    ready_.push_back(entry);
    return;
  }
  RoundEntry& waiting = ready_[slot];
  if (waiting.child == entry.child) {
    waiting.what.position = entry.what.position;
    waiting.what.batches += entry.what.batches;
  } else {
    waiting = entry;
  }
}

void Rounds::forget(ports::ChildRef child) {
  const std::uint32_t slot = slots_of(child.child).ready;
  if (slot == kNone) return;
  slots_of(ready_.back().child.child).ready = slot;
  ready_[slot] = ready_.back();
  ready_.pop_back();
  slots_of(child.child).ready = kNone;
}

std::vector<RoundEntry> Rounds::take(base::Time now) {
  if (writing_ || ready_.empty() || now < retry_at_) return {};
  writing_ = true;
  return take_ready();
}

std::vector<RoundEntry> Rounds::take_ready() {
  for (const RoundEntry& entry : ready_) slots_of(entry.child.child).ready = kNone;
  return std::exchange(ready_, {});
}

void Rounds::written(const std::vector<RoundEntry>& round, bool ok, base::Time now) {
  writing_ = false;
  if (ok) {
    retry_at_ = base::Time::min();
    retry_delay_ = kRetryDelayMin;
    return;
  }
  retry_at_ = now + retry_delay_;
  retry_delay_ = std::min(retry_delay_ * 2, kRetryDelayMax);
  std::vector<RoundEntry> newer = take_ready();
  for (const RoundEntry& entry : round) add(entry);
  for (const RoundEntry& entry : newer) add(entry);
}

base::Time Rounds::next_tick() const noexcept {
  const base::Time write_at = writing_ || ready_.empty() ? base::Time::max() : retry_at_;
  return std::min(close_at_, write_at);
}

}  // namespace ductus::pipeline
