#include "pipeline/periodic.h"

#include <algorithm>
#include <utility>

namespace ductus::pipeline {

void Periodic::stop() {
  next_at_ = base::Time::max();
  collecting_ = false;
  waiting_.clear();
  collected_ = {};
}

bool Periodic::begins(base::Time now) {
  if (now < next_at_ || collecting_) return false;
  // Whatever was missed, by a long call or a process that stood still, is not made up for.
  next_at_ += (1 + (now - next_at_) / every_) * every_;
  if (calling_) return false;
  collecting_ = true;
  collect_until_ = now + std::min(kAnswerWithin, every_);
  ++round_;
  return true;
}

void Periodic::expect(ports::ChildRef child, const ports::TopicPartition& partition) {
  waiting_.insert_or_assign(child.child, Waiting{child, partition});
}

void Periodic::absent(const ports::TopicPartition& partition) {
  collected_.aggregate.missing[partition.topic].insert(partition.partition);
}

void Periodic::answered(ports::ChildRef child, std::uint64_t round, std::optional<Value> element) {
  const auto asked = waiting_.find(child.child);
  if (round != round_ || asked == waiting_.end() || asked->second.child != child) return;
  const ports::TopicPartition& from = asked->second.partition;
  if (element) {
    collected_.aggregate[from.topic].insert_or_assign(from.partition, *std::move(element));
  } else {
    absent(from);
  }
  waiting_.erase(asked);
}

std::optional<Periodic::Collected> Periodic::take(base::Time now) {
  if (!collecting_ || (!waiting_.empty() && now < collect_until_)) return std::nullopt;
  collecting_ = false;
  calling_ = true;
  for (auto& [child, asked] : std::exchange(waiting_, {})) {
    absent(asked.partition);
    collected_.busy.push_back(std::move(asked.partition));
  }
  return std::exchange(collected_, {});
}

base::Time Periodic::next_tick() const noexcept { return collecting_ ? collect_until_ : next_at_; }

}  // namespace ductus::pipeline
