// Calls of user code: which comes next, and how the threads that they may hold are shared out.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "node/brain/brain.h"

namespace ductus::node {

/// What a topic that has calls out leaves free: a thread for each of those that have none, but not more than half of
/// all.
std::size_t Brain::threads_kept() const noexcept {
  return std::min<std::size_t>(idle_topics_, config_.max_threads / 2);
}

bool Brain::may_be_called(const Work& work) const {
  const std::size_t free = config_.max_threads - calls_out_;
  if (free > threads_kept()) return true;
  return calls_of_topic_[partitions_[work.child.child].topic] == 0;
}

std::size_t Brain::ready_work() const noexcept {
  const std::size_t periodic = ready_periodic_ ? 1 : 0;
  if (calls_out_ >= config_.max_threads) return periodic;
  const std::size_t free = config_.max_threads - calls_out_;
  if (free > threads_kept()) return periodic + std::min(ready_.size(), free);
  const auto callable = std::ranges::count_if(ready_, [this](const Work& work) { return may_be_called(work); });
  return periodic + std::min(free, static_cast<std::size_t>(callable));
}

std::optional<Work> Brain::take_work(base::Time now) {
  if (ready_periodic_) return std::exchange(ready_periodic_, std::nullopt);
  if (calls_out_ >= config_.max_threads) return std::nullopt;
  const auto next = std::ranges::find_if(ready_, [this](const Work& work) { return may_be_called(work); });
  if (next == ready_.end()) return std::nullopt;
  Work work = std::move(*next);
  ready_.erase(next);
  ++calls_out_;
  Partition& partition = partitions_[work.child.child];
  partition.call_since = now;
  partition.history.call_begins(work, now);
  if (calls_of_topic_[partition.topic]++ == 0) --idle_topics_;
  return work;
}

void Brain::call_ended(const WorkDone& what) {
  if (what.kind == Work::Kind::kPeriodic) return;
  DUCTUS_ASSERT(calls_out_ > 0);
  --calls_out_;
  std::size_t& of_topic = calls_of_topic_[partitions_[what.child.child].topic];
  DUCTUS_ASSERT(of_topic > 0);
  if (--of_topic == 0) ++idle_topics_;
}

/// By topic; an empty text, or none at all: a thread is free for it. One look at the partitions, however many wait.
std::vector<std::string> Brain::why_no_thread(base::Time now) const {
  const bool all = calls_out_ >= config_.max_threads;
  if (!all && config_.max_threads - calls_out_ > threads_kept()) return {};
  std::vector<const Partition*> longest(calls_of_topic_.size());
  const Partition* longest_of_all = nullptr;
  for (const Partition& one : partitions_) {
    if (!one.call_since) continue;
    for (const Partition** known : {&longest[one.topic], &longest_of_all}) {
      if (*known == nullptr || *one.call_since < *(*known)->call_since) *known = &one;
    }
  }
  std::vector<std::string> why(calls_of_topic_.size());
  for (std::size_t topic = 0; topic < why.size(); ++topic) {
    if (!all && calls_of_topic_[topic] == 0) continue;
    why[topic] = all ? "no thread is free: " + std::to_string(calls_out_) + " calls hold them all"
                     : "no thread is free for this topic: its " + std::to_string(calls_of_topic_[topic]) +
                           " calls hold all that it may take";
    const Partition* const holder = all ? longest_of_all : longest[topic];
    if (holder == nullptr) continue;
    const auto lasts = std::chrono::duration_cast<std::chrono::seconds>(now - *holder->call_since);
    why[topic] += ", the longest one for " + std::to_string(lasts.count()) + " s in " + holder->name();
  }
  return why;
}

}  // namespace ductus::node
