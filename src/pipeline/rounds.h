// Rounds: when accepted positions are stored, and which go together (group commit).
//
// A round closes kRoundDelay after its first position, or at once when a partition waits for it. What it collected is
// written in one go as soon as the store is free; what comes meanwhile goes into the next write. A write that fails is
// tried again with back-off, for ever, with newer positions in place of older ones.
// A pure state machine, entered under the node's baton.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "pipeline/adapter.h"
#include "ports/batch_source.h"

namespace ductus::pipeline {

struct RoundEntry {
  ports::ChildRef child;
  Storable what;
};

class Rounds {
 public:
  static constexpr base::Duration kRoundDelay = std::chrono::milliseconds(50);
  static constexpr base::Duration kRetryDelayMin = std::chrono::milliseconds(100);
  static constexpr base::Duration kRetryDelayMax = std::chrono::seconds(5);

  /// `child` has something to store.
  void mark(ports::ChildRef child, bool urgent, base::Time now);
  /// The children to collect from if the round closes now; empty where it does not.
  std::vector<ports::ChildRef> close(base::Time now);
  /// Something to write, as collected. A newer entry of the same child is merged into the older one.
  void add(const RoundEntry& entry);
  /// The child has ended: what it has ready is not written any more. Its next incarnation begins at what is stored.
  void forget(ports::ChildRef child);
  /// What to write now; empty where nothing is ready or the store is busy. Answered by written().
  std::vector<RoundEntry> take(base::Time now);
  /// The outcome of the write. On failure `round` (less what has become stale) waits to be written again.
  void written(const std::vector<RoundEntry>& round, bool ok, base::Time now);

  base::Time next_tick() const noexcept;

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  /// Where `child` stands in dirty_ and ready_, so that ten thousand partitions cost no search.
  struct Slots {
    std::uint32_t dirty = kNone;
    std::uint32_t ready = kNone;
  };
  Slots& slots_of(std::uint32_t child);
  std::vector<RoundEntry> take_ready();

  std::vector<Slots> slots_;
  std::vector<ports::ChildRef> dirty_;
  base::Time close_at_ = base::Time::max();
  std::vector<RoundEntry> ready_;
  bool writing_ = false;
  base::Time retry_at_ = base::Time::min();
  base::Duration retry_delay_ = kRetryDelayMin;
};

}  // namespace ductus::pipeline
