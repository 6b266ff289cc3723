// SimStore: the offset store as the node's store thread meets it, on a disk that outlives the node.
#pragma once

#include <functional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "offsets/memory_store.h"
#include "ports/offset_store.h"
#include "sim/world/random.h"
#include "sim/world/timeline.h"

namespace ductus::sim {

class SimStore final : public ports::OffsetStore {
 public:
  SimStore(Timeline& timeline, Random& random) : timeline_(timeline), random_(random) {}

  // Troubles, each until its time has come.
  base::Time down_until = base::Time::min();
  base::Time slow_until = base::Time::min();
  base::Time forgets_to_answer_until = base::Time::min();  ///< what is asked may be done, and times out
  base::Time owned_by_other_until = base::Time::min();     ///< another node's: nothing is taken from this one
  /// Every position that has become durable.
  std::function<void(const ports::StoredPosition&)> on_stored = [](const ports::StoredPosition&) {};

  std::function<void(const ports::TopicPartition&, const std::optional<ports::Position>&)> on_loaded =
      [](const ports::TopicPartition&, const std::optional<ports::Position>&) {};
  /// The node's store thread has put it there for an operator.
  std::function<void(const ports::TopicPartition&, const ports::Position&)> on_changed =
      [](const ports::TopicPartition&, const ports::Position&) {};
  /// A round was refused, for somebody else has moved this place.
  std::function<void(const ports::TopicPartition&)> on_conflict = [](const ports::TopicPartition&) {};
  std::uint64_t refusals = 0;  ///< of rounds
  /// What is loaded is for an operator's change: no partition begins there.
  bool for_operator = false;
  /// Between the positions of a round and its topics.
  std::function<void()> on_second_step = [] {};

  /// How long the next request takes.
  base::Duration latency();
  /// The position as it lies on disk.
  std::optional<ports::Position> durable(const ports::TopicPartition& partition);
  /// An operator writes it, while no node runs.
  void put(const ports::StoredPosition& position);
  /// Somebody else writes it, while a node may run: the node learns it when it stores there.
  void move(const ports::StoredPosition& position);

  /// What lies on disk now, to be put back by rewind().
  void take_backup() { backup_ = disk_; }
  void rewind() { disk_ = backup_; }
  /// rewind() would set it to an earlier offset, or leave it.
  bool would_go_back(const ports::TopicPartition& partition);

  Result<std::vector<std::optional<ports::Position>>> load(std::span<const ports::TopicPartition> partitions) override;
  Result<void> store(std::span<const ports::StoredPosition> round) override;
  Result<std::vector<std::optional<ports::KnownTopic>>> load_topics(std::span<const std::string> topics) override;
  Result<void> store_topics(std::span<const ports::StoredTopic> topics) override;
  Result<void> change(const ports::OperatorChange& change) override;
  std::vector<std::size_t> conflicts() const override { return conflicts_; }
  Result<ports::StoreEntries> entries() override { return disk_.entries(); }
  Result<std::vector<ports::JournalAct>> journal(std::size_t limit) override { return disk_.journal(limit); }

 private:
  enum class Mood : std::uint8_t { kGood, kDown, kRefused, kDoneAndTimedOut, kTimedOut };
  Mood mood();
  static Error error_of(Mood mood);

  Timeline& timeline_;
  Random& random_;
  offsets::MemoryStore disk_;
  offsets::MemoryStore backup_;
  std::set<ports::TopicPartition> moved_;  ///< and not read since
  std::vector<std::size_t> conflicts_;
};

}  // namespace ductus::sim
