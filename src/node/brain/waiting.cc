// Sets that wait for a callback: a blocked partition must not pin the megabytes that others came in.
#include <utility>

#include "node/brain/brain.h"

namespace ductus::node {

void Brain::note_waiting(base::Time now) {
  if (waiting_check_at_ == base::Time::max()) waiting_check_at_ = now + kLongWait;
}

void Brain::check_waiting(base::Time now) {
  waiting_check_at_ = base::Time::max();
  std::size_t copied_bytes = 0;
  const auto check = [&](ports::FetchedSet& set) {
    if (!std::exchange(set.found_waiting, true) || copied_bytes >= kMaxCopiedBytes) return note_waiting(now);
    const auto* const before = set.records.data();
    set.own_records();
    if (set.records.data() != before) copied_bytes += set.records.size();
  };
  for (Partition& partition : partitions_) {
    if (ports::FetchedSet* set = partition.adapter.waiting_set()) check(*set);
  }
  for (Work& work : ready_) {
    if (work.kind == Work::Kind::kHandle) check(work.set);
  }
}

}  // namespace ductus::node
