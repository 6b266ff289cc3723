// Calls of user code: which comes next, and how the threads that they may hold are shared out.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "node/brain.h"

namespace ductus::node {

/// What a topic that has calls out leaves free: a thread for each of those that have none, but not more than half of
/// all.
std::size_t Brain::threads_kept() const noexcept {
  return std::min<std::size_t>(idle_topics_, config_.max_threads / 2);
}

bool Brain::may_be_called(const Work& work) const {
  const std::size_t free = config_.max_threads - calls_out_;
  if (work.kind == Work::Kind::kPeriodic || free > threads_kept()) return true;
  return calls_of_topic_[partitions_[work.child.child].topic] == 0;
}

std::size_t Brain::ready_work() const noexcept {
  if (calls_out_ >= config_.max_threads) return 0;
  const std::size_t free = config_.max_threads - calls_out_;
  if (free > threads_kept()) return std::min(ready_.size(), free);
  const auto callable = std::ranges::count_if(ready_, [this](const Work& work) { return may_be_called(work); });
  return std::min(free, static_cast<std::size_t>(callable));
}

std::optional<Work> Brain::take_work(base::Time now) {
  if (calls_out_ >= config_.max_threads) return std::nullopt;
  const auto next = std::ranges::find_if(ready_, [this](const Work& work) { return may_be_called(work); });
  if (next == ready_.end()) return std::nullopt;
  Work work = std::move(*next);
  ready_.erase(next);
  ++calls_out_;
  if (work.kind == Work::Kind::kPeriodic) return work;
  Partition& partition = partitions_[work.child.child];
  partition.call_since = now;
  if (calls_of_topic_[partition.topic]++ == 0) --idle_topics_;
  return work;
}

void Brain::call_ended(const WorkDone& what) {
  DUCTUS_ASSERT(calls_out_ > 0);
  --calls_out_;
  if (what.kind == Work::Kind::kPeriodic) return;
  std::size_t& of_topic = calls_of_topic_[partitions_[what.child.child].topic];
  DUCTUS_ASSERT(of_topic > 0);
  if (--of_topic == 0) ++idle_topics_;
}

/// Empty: one is free for the partition.
std::string Brain::why_no_thread(const Partition& partition, base::Time now) const {
  const bool all = calls_out_ >= config_.max_threads;
  const std::size_t of_topic = calls_of_topic_[partition.topic];
  if (!all && (of_topic == 0 || config_.max_threads - calls_out_ > threads_kept())) return {};
  const Partition* longest = nullptr;
  for (const Partition& one : partitions_) {
    if (!one.call_since || (!all && one.topic != partition.topic)) continue;
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
