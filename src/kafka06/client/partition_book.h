// PartitionBook: what the source knows of each attached partition, and what its child was told of it.
//
// A partition is on either, both or none of two ways:
//
//   set:     idle ──want()──▶ queued ──▶ in flight ──▶ Deliver ▶ idle          question: its number, 0 when idle
//                               ▲            │ nothing yet: 10 ms doubling to 1 s
//                               └────────────┘ part of an entry: at once; error, loss: 100 ms doubling to 1 s
//   lookup:  none ──attach(), look_up(), 10 s, out of range──▶ is it there? ─▶ start and end ─▶ LogBounds … ▶ none
//                                                                   └▶ no: [0, 0)   └▶ time ─┘ where one is asked
//
// Questions and lookups are numbered; whatever comes back with an old number is stale.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/retry_delay.h"
#include "kafka06/client/cut_entry.h"
#include "kafka06/client/settings.h"
#include "ports/batch_source.h"

namespace ductus::kafka06 {

struct PartitionSlot {
  bool attached = false;
  ports::ChildRef child;
  std::uint32_t topic = 0;  ///< TopicBook's index
  std::int32_t partition = 0;

  // The question for a set.
  std::uint64_t question = 0;       ///< 0: nothing is wanted
  std::uint64_t in_flight = 0;      ///< the question that a request carries; 0: none
  std::int64_t place = 0;           ///< where the set is to start; after a Deliver: where it ended
  std::int64_t delivered_end = -1;  ///< of the last Deliver: `place` was learnt by reading; -1: none
  CutEntry cut;                     ///< what has come of the entry at `place`; charged to the byte budget
  bool filled = false;              ///< the last answer was as long as it was allowed to be
  bool alone = false;               ///< asked alone: twice the connection was lost when it was asked with others
  base::Duration idle_wait{0};      ///< the last wait before it was asked again
  base::Time idle_until = base::Time::min();

  // The lookup.
  std::uint64_t lookup = 0;      ///< 0: none
  std::uint64_t lookup_out = 0;  ///< the lookup that a request carries; 0: none
  std::optional<bool> exists;
  std::optional<std::int64_t> found_start;
  std::optional<std::int64_t> found_end;
  std::optional<ports::OffsetQuery> query;  ///< what look_up() asked
  bool out_of_range = false;                ///< the broker said so of `place`
  std::int64_t end_when_asked = -1;         ///< that was known then: a lower one is that of another log
  std::int64_t place_when_asked = -1;       ///< where it was read then
  base::Time look_again_at = base::Time::max();

  // What is known of the log; -1: unknown.
  std::int64_t log_start = -1;
  std::int64_t readable_end = -1;
  std::int64_t shrunk_from = -1;  ///< the log is another one than that which ended here; -1: it is not

  // What went wrong in a row.
  std::uint32_t failures = 0;
  std::uint32_t losses = 0;    ///< of the connection while its set was outstanding
  std::uint32_t hang_ups = 0;  ///< when its offsets were asked for
  std::uint32_t doubts = 0;    ///< answers that do not agree with each other
  base::Time not_before = base::Time::min();
  std::optional<base::Time> failing_since;
  bool told = false;  ///< Trouble was told and not yet Healed

  /// Where the next bytes are asked from.
  std::int64_t next_byte() const noexcept { return place + static_cast<std::int64_t>(cut.size()); }
  bool fresh() const noexcept { return place != delivered_end; }
  /// When its set may be asked for.
  base::Time due_at() const noexcept { return std::max(not_before, idle_until); }
};

class PartitionBook {
 public:
  PartitionBook(const SourceSettings& settings, base::Jitter& jitter, base::ByteBudget& budget)
      : settings_(settings), jitter_(jitter), budget_(budget) {}

  PartitionSlot& attach(ports::ChildRef child, std::uint32_t topic, std::int32_t partition) {
    if (free_.empty()) free_.push_back(&slots_.emplace_back());
    PartitionSlot& slot = *free_.back();
    free_.pop_back();
    slot = {};
    slot.attached = true;
    slot.child = child;
    slot.topic = topic;
    slot.partition = partition;
    by_child_[child.child] = &slot;
    return slot;
  }
  void detach(PartitionSlot& slot) {
    drop_cut(slot);
    by_child_.erase(slot.child.child);
    slot = {};
    free_.push_back(&slot);
  }
  /// Of whatever generation; nullptr: none.
  PartitionSlot* find_any(std::uint32_t child) const {
    const auto found = by_child_.find(child);
    return found == by_child_.end() ? nullptr : found->second;
  }
  /// nullptr: not attached, or of another generation.
  PartitionSlot* find(ports::ChildRef child) const {
    PartitionSlot* slot = find_any(child.child);
    return slot != nullptr && slot->child == child ? slot : nullptr;
  }
  /// Slots stay where they are; look at `attached`.
  std::deque<PartitionSlot>& slots() noexcept { return slots_; }

  /// A new question or lookup number.
  std::uint64_t number() noexcept { return ++last_number_; }

  /// Bytes of entries that are put together, of all slots.
  std::size_t cut_bytes() const noexcept { return cut_bytes_; }
  /// The same, of a topic's slots.
  std::size_t cut_bytes_of(std::uint32_t topic) const noexcept {
    return topic < cut_bytes_by_topic_.size() ? cut_bytes_by_topic_[topic] : 0;
  }
  /// Takes from the start of `bytes` what belongs to the slot's cut entry. Returns how many.
  std::size_t extend_cut(PartitionSlot& slot, base::ByteView bytes) {
    const std::size_t taken = slot.cut.take_from(bytes);
    budget_.charge({slot.topic, taken});
    if (slot.topic >= cut_bytes_by_topic_.size()) cut_bytes_by_topic_.resize(slot.topic + 1, 0);
    cut_bytes_by_topic_[slot.topic] += taken;
    cut_bytes_ += taken;
    return taken;
  }
  /// Its bytes, whose charge goes over to the caller.
  base::Buffer release_cut(PartitionSlot& slot) {
    if (!slot.cut.empty()) cut_bytes_by_topic_[slot.topic] -= slot.cut.size();
    cut_bytes_ -= slot.cut.size();
    return slot.cut.release();
  }
  void drop_cut(PartitionSlot& slot) {
    budget_.release({slot.topic, slot.cut.size()});
    (void)release_cut(slot);
  }

  /// Notes what was learnt of the log, and tells it where it changed. -1: nothing of that.
  void note_bounds(PartitionSlot& slot, std::int64_t log_start, std::int64_t readable_end, ports::SourceEffects& out) {
    bool changed = false;
    const auto note = [&changed](std::int64_t& known, std::int64_t said) {
      changed = changed || (said >= 0 && said != known);
      if (said >= 0) known = said;
    };
    note(slot.log_start, log_start);
    note(slot.readable_end, readable_end);
    if (changed) out.emplace_back(ports::LogBounds{slot.child, slot.log_start, slot.readable_end, slot.readable_end});
  }

  /// The log was seen up to here. Where its end is not known yet, more may lie behind: nothing is told.
  void note_seen(PartitionSlot& slot, std::int64_t seen_end, ports::SourceEffects& out) {
    if (slot.readable_end >= 0) note_bounds(slot, -1, std::max(slot.readable_end, seen_end), out);
  }

  /// It was answered without an error.
  void served(PartitionSlot& slot, ports::SourceEffects& out) {
    slot.failures = slot.losses = 0;
    slot.failing_since.reset();
    if (std::exchange(slot.told, false)) out.emplace_back(ports::Healed{slot.child});
  }

  /// It cannot be served now. Told once, when it has lasted; `at_once`: without waiting for that.
  void failing(PartitionSlot& slot, const Error& why, base::Time now, ports::SourceEffects& out, bool at_once = false) {
    if (!slot.failing_since) slot.failing_since = now;
    if (slot.told || !(at_once || now - *slot.failing_since >= settings_.trouble_after)) return;
    slot.told = true;
    out.emplace_back(
        ports::Trouble{slot.child, why, ports::Trouble::Kind::kRetrying, slot.log_start, slot.readable_end});
  }

  /// The next try comes after a delay that doubles with every failure in a row.
  void delay(PartitionSlot& slot, base::Time now) {
    const std::uint32_t doublings = std::min(slot.failures++, 16u);
    slot.not_before = now + jitter_.of(std::min(settings_.retry_min * (1u << doublings), settings_.retry_max));
  }
  void delay_slowly(PartitionSlot& slot, base::Time now) { slot.not_before = now + jitter_.of(settings_.retry_slowly); }
  /// There was nothing to read: it is asked again after a wait that doubles each time.
  void idle(PartitionSlot& slot, base::Time now) {
    slot.idle_wait = std::clamp(slot.idle_wait * 2, settings_.idle_wait_min, settings_.idle_wait_max);
    slot.idle_until = now + jitter_.of(slot.idle_wait);
  }
  void look_again(PartitionSlot& slot, base::Time now) {
    slot.look_again_at = now + jitter_.of(settings_.bounds_max_age);
  }

  /// Only an operator or a policy can help: nothing more is asked until want(). A log that was cut may be another one
  /// from its start on: no more is known of where it parts.
  void stop(PartitionSlot& slot, const Error& why, ports::SourceEffects& out,
            ports::Trouble::Kind kind = ports::Trouble::Kind::kFinal) {
    const bool is_another_log = kind == ports::Trouble::Kind::kTruncated || slot.place > slot.readable_end;
    const std::int64_t parted_at =
        is_another_log && kind != ports::Trouble::Kind::kFinal ? slot.log_start : std::int64_t{-1};
    drop_cut(slot);
    slot.question = 0;
    slot.out_of_range = false;
    slot.delivered_end = slot.shrunk_from = -1;
    slot.doubts = 0;
    slot.failing_since.reset();
    slot.told = false;
    out.emplace_back(ports::Trouble{slot.child, why, kind, slot.log_start, slot.readable_end, parted_at});
  }

 private:
  const SourceSettings& settings_;
  base::Jitter& jitter_;
  base::ByteBudget& budget_;
  std::deque<PartitionSlot> slots_;
  std::vector<PartitionSlot*> free_;
  std::unordered_map<std::uint32_t, PartitionSlot*> by_child_;
  std::size_t cut_bytes_ = 0;
  std::vector<std::size_t> cut_bytes_by_topic_;
  std::uint64_t last_number_ = 0;
};

}  // namespace ductus::kafka06
