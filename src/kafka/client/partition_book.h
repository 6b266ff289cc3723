// PartitionBook: what the source knows of each attached partition, and what its child was told of it.
//
// A partition is on either, both or none of two ways:
//
//   set:     idle ──want()──▶ queued ──▶ in flight ──▶ Deliver ▶ idle      question: its number, 0 when idle
//                               ▲            │ nothing yet, error, loss
//                               └────────────┘ not before: 100 ms doubling to 1 s after an error
//   lookup:  none ──attach(), look_up(), out of range──▶ start ──▶ end ──▶ LogBounds, OffsetFound, Trouble ▶ none
//                                                                  └▶ time ─┘ where one is asked for
//
// Questions and lookups are numbered; whatever comes back with an old number is stale.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/retry_delay.h"
#include "kafka/client/link.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

class Planner;

struct PartitionSlot {
  bool attached = false;
  ports::ChildRef child;
  std::uint32_t topic = 0;  ///< Cluster's index
  std::int32_t partition = 0;

  Planner* planner = nullptr;  ///< of its leader; nullptr: none is known
  std::int32_t leader_epoch = -1;

  // The question for a set.
  std::uint64_t question = 0;      ///< 0: nothing is wanted
  std::uint64_t in_flight = 0;     ///< the question that a request carries; 0: none
  std::int64_t place = 0;          ///< where the set is to start; after a Deliver: where it ended
  std::int32_t epoch_before = -1;  ///< of the record before `place`
  bool validated = false;          ///< below Fetch v12: the leader's log, in its epoch, goes on from before `place`
  std::int32_t delivered_epoch = -1;
  std::int64_t delivered_end = -1;  ///< of the last Deliver; -1: none
  ports::TopicId topic_id{};        ///< that `place` belongs to
  bool alone = false;               ///< asked alone: with others, the answer was of no use

  // The lookup.
  std::uint64_t lookup = 0;  ///< 0: none
  struct FoundOffset {
    std::int64_t offset;
    std::int32_t leader_epoch;
  };
  ports::TopicId lookup_topic{};  ///< that it was begun for: both ends must be of one topic
  std::optional<FoundOffset> found_start;
  std::optional<FoundOffset> found_end;     ///< only where a time is looked up after it
  std::optional<ports::OffsetQuery> query;  ///< what look_up() asked
  bool out_of_range = false;                ///< the leader said so of `place`

  // What is known of the log; -1: unknown.
  std::int64_t log_start = -1;
  std::int64_t high_watermark = -1;
  std::int64_t readable_end = -1;

  // What went wrong in a row.
  std::uint32_t failures = 0;
  std::uint32_t refusals = 0;      ///< answers that cannot be true, or refuse the question: a new connection each
  std::uint32_t beyond = 0;        ///< answers beyond their own high watermark
  std::uint32_t doubts = 0;        ///< of the position: out of range, or on another branch of the log
  std::uint32_t empty_firsts = 0;  ///< first in a request, below the readable end, and yet nothing
  base::Time not_before = base::Time::min();
  std::optional<base::Time> failing_since;
  bool told = false;  ///< Trouble was told and not yet Healed

  /// Something has changed that makes it worth another try at once; not again and again, or a broker that tells of ever
  /// new leaders would make it spin.
  void hurry() noexcept {
    constexpr std::uint32_t kFailuresInHaste = 2;
    if (failures <= kFailuresInHaste) not_before = base::Time::min();
  }
  bool behind() const noexcept { return readable_end < 0 || place < readable_end; }
  bool waits() const noexcept { return question != 0 || lookup != 0; }
};

class PartitionBook {
 public:
  PartitionBook(const SourceSettings& settings, base::Jitter& jitter) : settings_(settings), jitter_(jitter) {}

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

  /// Notes what an answer says of the log, and tells it where it changed. -1: the answer does not say.
  void note_bounds(PartitionSlot& slot, std::int64_t log_start, std::int64_t high_watermark, std::int64_t readable_end,
                   ports::SourceEffects& out) {
    bool changed = false;
    const auto note = [&changed](std::int64_t& known, std::int64_t said) {
      changed = changed || (said >= 0 && said != known);
      if (said >= 0) known = said;
    };
    note(slot.log_start, log_start);
    note(slot.high_watermark, high_watermark);
    note(slot.readable_end, readable_end);
    if (!changed) return;
    out.emplace_back(ports::LogBounds{slot.child, slot.log_start, slot.high_watermark, slot.readable_end});
  }

  /// It was answered without an error.
  void served(PartitionSlot& slot, ports::SourceEffects& out) {
    slot.failures = slot.refusals = slot.doubts = 0;
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

  /// Only an operator or a policy can help: nothing more is asked until want().
  void stop(PartitionSlot& slot, const Error& why, ports::SourceEffects& out,
            ports::Trouble::Kind kind = ports::Trouble::Kind::kFinal, std::int64_t parted_at = -1) {
    slot.question = 0;
    slot.out_of_range = false;
    slot.delivered_end = -1;
    slot.topic_id = {};
    slot.doubts = 0;
    slot.failing_since.reset();
    slot.told = false;
    out.emplace_back(ports::Trouble{slot.child, why, kind, slot.log_start, slot.readable_end, parted_at});
  }

 private:
  const SourceSettings& settings_;
  base::Jitter& jitter_;
  std::deque<PartitionSlot> slots_;
  std::vector<PartitionSlot*> free_;
  std::unordered_map<std::uint32_t, PartitionSlot*> by_child_;
  std::uint64_t last_number_ = 0;
};

}  // namespace ductus::kafka
