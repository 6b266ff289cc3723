// Timeline: what happens next, in simulated time. Events of the same instant come in the order they were put there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace ductus::sim {

class Timeline {
 public:
  /// Whose events go together, so that they can be forgotten together. 0: the world's own.
  using Owner = std::uint32_t;

  base::Time now() const noexcept { return now_; }
  std::uint64_t events() const noexcept { return events_; }

  Owner add_owner() {
    alive_.push_back(true);
    return static_cast<Owner>(alive_.size() - 1);
  }
  /// None of its events will happen.
  void forget(Owner owner) { alive_[owner] = false; }

  void at(base::Time time, Owner owner, std::function<void()> event) {
    std::size_t slot = slots_.size();
    if (free_.empty()) {
      slots_.push_back(std::move(event));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(event);
    }
    heap_.push_back({std::max(time, now_), ++number_, owner, static_cast<std::uint32_t>(slot)});
    std::push_heap(heap_.begin(), heap_.end());
  }
  void after(base::Duration delay, Owner owner, std::function<void()> event) {
    at(now_ + delay, owner, std::move(event));
  }
  /// The only one of its kind: what it was set to before will not happen. Time::max(): nothing will.
  void set_alarm(base::Time time, Owner owner) { alarm_ = {time, ++number_, owner, 0}; }
  /// Who is called when an alarm goes off.
  std::function<void()> on_alarm = [] {};

  /// The next event before `end` happens. False: there is none, and it is `end`.
  bool step(base::Time end) {
    for (;;) {
      const bool is_alarm = heap_.empty() || heap_.front() < alarm_;
      const Event event = is_alarm ? alarm_ : heap_.front();
      if (event.time >= end) break;
      std::function<void()> happen;
      if (is_alarm) {
        alarm_.time = base::Time::max();
      } else {
        std::pop_heap(heap_.begin(), heap_.end());
        heap_.pop_back();
        happen = std::move(slots_[event.slot]);
        free_.push_back(event.slot);
      }
      if (!alive_[event.owner]) continue;
      now_ = std::max(now_, event.time);
      ++events_;
      is_alarm ? on_alarm() : happen();
      return true;
    }
    now_ = end;
    return false;
  }

 private:
  struct Event {
    base::Time time;
    std::uint64_t number;
    Owner owner;
    std::uint32_t slot;  ///< of what happens
    // The earliest on top of a heap.
    bool operator<(const Event& other) const { return time != other.time ? time > other.time : number > other.number; }
  };

  base::Time now_{std::chrono::hours(1)};
  std::uint64_t number_ = 0;
  std::uint64_t events_ = 0;
  std::vector<Event> heap_;
  std::vector<std::function<void()>> slots_;
  std::vector<std::uint32_t> free_;
  Event alarm_{base::Time::max(), 0, 0, 0};
  std::vector<bool> alive_{true};
};

}  // namespace ductus::sim
