#include "node/api/event_ring.h"

namespace ductus::node {

void EventRing::add(std::chrono::system_clock::time_point time, LogLevel level, std::string_view text) {
  std::string kept(text.substr(0, kMaxEventBytes));
  const std::lock_guard lock(mutex_);
  if (events_.size() == kMaxEvents) events_.pop_front();
  events_.push_back({++last_, time, level, std::move(kept)});
}

std::vector<Event> EventRing::after(std::uint64_t id) const {
  const std::lock_guard lock(mutex_);
  if (id >= last_) return {};
  // Ids follow each other without a gap.
  const std::uint64_t first = last_ - events_.size() + 1;
  const auto from = events_.begin() + static_cast<std::ptrdiff_t>(id < first ? 0 : id + 1 - first);
  return {from, events_.end()};
}

std::uint64_t EventRing::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

}  // namespace ductus::node
