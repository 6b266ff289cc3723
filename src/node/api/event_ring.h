// EventRing: the last lines of the node's log, numbered, for those who look on from outside.
//
// Thread: any. Blocking: no.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/module.h"

namespace ductus::node {

struct Event {
  std::uint64_t id = 0;  ///< counts the lines of this process, from 1
  std::chrono::system_clock::time_point time;
  LogLevel level{};
  std::string text;  ///< as it was logged, cut to EventRing::kMaxEventBytes
};

class EventRing {
 public:
  static constexpr std::size_t kMaxEvents = 1'000;
  static constexpr std::size_t kMaxEventBytes = 1'024;

  void add(std::chrono::system_clock::time_point time, LogLevel level, std::string_view text);
  /// Those with a larger id, the oldest first.
  std::vector<Event> after(std::uint64_t id) const;
  /// The largest id so far; 0: none.
  std::uint64_t last() const;

 private:
  mutable std::mutex mutex_;
  std::deque<Event> events_;
  std::uint64_t last_ = 0;
};

}  // namespace ductus::node
