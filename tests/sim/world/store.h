// SimStore: the offset store as the node's store thread meets it, on a disk that outlives the node.
#pragma once

#include <functional>
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
  /// Every position that has become durable.
  std::function<void(const ports::StoredPosition&)> on_stored = [](const ports::StoredPosition&) {};

  std::function<void(const ports::TopicPartition&, const std::optional<ports::Position>&)> on_loaded =
      [](const ports::TopicPartition&, const std::optional<ports::Position>&) {};
  /// Between the positions of a round and its topics.
  std::function<void()> on_second_step = [] {};

  /// How long the next request takes.
  base::Duration latency();
  /// The position as it lies on disk.
  std::optional<ports::Position> durable(const ports::TopicPartition& partition);
  /// An operator writes it, while no node runs.
  void put(const ports::StoredPosition& position);

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
  Result<ports::StoreEntries> entries() override { return disk_.entries(); }
  Result<std::vector<ports::JournalAct>> journal(std::size_t limit) override { return disk_.journal(limit); }

 private:
  enum class Mood : std::uint8_t { kGood, kDown, kDoneAndTimedOut, kTimedOut };
  Mood mood();
  static Error error_of(Mood mood);

  Timeline& timeline_;
  Random& random_;
  offsets::MemoryStore disk_;
  offsets::MemoryStore backup_;
};

}  // namespace ductus::sim
