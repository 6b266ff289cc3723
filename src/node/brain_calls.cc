// Calls of user code: which comes next, and how the threads that they may hold are shared out.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "node/brain.h"

namespace ductus::node {

std::size_t Brain::most_calls_of_a_topic() const noexcept {
  const std::size_t others = std::max<std::size_t>(topics_.size(), 1) - 1;
  return config_.max_threads > others ? config_.max_threads - others : 1;
}

std::size_t Brain::ready_work() const noexcept {
  if (calls_out_ >= config_.max_threads) return 0;
  const std::size_t free = config_.max_threads - calls_out_;
  if (calls_out_ < most_calls_of_a_topic()) return std::min(ready_.size(), free);
  return std::min(free, static_cast<std::size_t>(
                            std::ranges::count_if(ready_, [this](const Work& work) { return may_be_called(work); })));
}

bool Brain::may_be_called(const Work& work) const {
  if (work.kind == Work::Kind::kPeriodic) return true;
  return topics_.at(partitions_[work.child.child].id.topic).calls_out < most_calls_of_a_topic();
}

std::optional<Work> Brain::take_work(base::Time now) {
  if (calls_out_ >= config_.max_threads) return std::nullopt;
  const auto next = std::ranges::find_if(ready_, [this](const Work& work) { return may_be_called(work); });
  if (next == ready_.end()) return std::nullopt;
  Work work = std::move(*next);
  ready_.erase(next);
  ++calls_out_;
  if (Partition* partition = find(work.child)) {
    ++topics_.at(partition->id.topic).calls_out;
    partition->call_since = now;
  }
  return work;
}

void Brain::call_ended(const WorkDone& what) {
  DUCTUS_ASSERT(calls_out_ > 0);
  --calls_out_;
  if (what.kind == Work::Kind::kPeriodic) return;
  std::size_t& of_topic = topics_.at(partitions_.at(what.child.child).id.topic).calls_out;
  DUCTUS_ASSERT(of_topic > 0);
  --of_topic;
}

/// Empty: one is free for the partition.
std::string Brain::why_no_thread(const Partition& partition, base::Time now) const {
  const bool all = calls_out_ >= config_.max_threads;
  const std::size_t of_topic = topics_.at(partition.id.topic).calls_out;
  if (!all && of_topic < most_calls_of_a_topic()) return {};
  const Partition* longest = nullptr;
  for (const Partition& one : partitions_) {
    if (!one.call_since || (!all && one.id.topic != partition.id.topic)) continue;
    if (longest == nullptr || *one.call_since < *longest->call_since) longest = &one;
  }
  std::string text =
      all ? "no thread is free: " + std::to_string(calls_out_) + " calls hold them all"
          : "no thread is free for this topic: its " + std::to_string(of_topic) + " calls hold all that it may take";
  if (longest == nullptr) return text;
  const auto lasts = std::chrono::duration_cast<std::chrono::seconds>(now - *longest->call_since);
  return text + ", the longest one for " + std::to_string(lasts.count()) + " s in " + longest->name();
}

}  // namespace ductus::node
