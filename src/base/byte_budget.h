// ByteBudget: how many bytes of fetched data the process may hold at a time, shared out by topic.
//
// Reserved before a request is sent, charged to topics when its answer is in, given back when the bytes are no longer
// pinned. Each topic is guaranteed a share, so that one whose handlers are blocked does not starve the others: half of
// the limit is split among them, and what of it is unused is kept free.
// Thread: none of its own; used under the node's baton.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"

namespace ductus::base {

class ByteBudget {
 public:
  /// Topics count from 0.
  using Topic = std::uint32_t;
  struct Charge {
    Topic topic = 0;
    std::size_t bytes = 0;
  };

  explicit ByteBudget(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// From now on; what is held beyond it goes as it is given back.
  void set_limit(std::size_t limit_bytes);
  /// Known from now on, and all before it. The shares shrink accordingly.
  void add_topic(Topic topic);

  /// How many bytes a request for the topic may ask for. Any number while nothing is held: more than the limit comes
  /// alone.
  std::size_t room(Topic topic) const;
  /// For a request; given back with unreserve() when its answer is in, or will not come.
  void reserve(std::size_t bytes) noexcept { used_ += bytes; }
  void unreserve(std::size_t bytes) noexcept {
    DUCTUS_ASSERT(bytes <= used_);
    used_ -= bytes;
  }

  /// For bytes that are here already, whatever the limit.
  void charge(const Charge& charge);
  void release(const Charge& charge);

  std::size_t used() const noexcept { return used_; }
  /// Charged to the topic, and not given back.
  std::size_t held(Topic topic) const noexcept { return topic < held_.size() ? held_[topic] : 0; }
  std::size_t limit() const noexcept { return limit_; }

 private:
  void share_out();
  std::size_t unused_by(std::size_t held) const noexcept;
  void set_held(Topic topic, std::size_t bytes);

  std::size_t limit_;
  std::size_t used_ = 0;
  std::size_t share_ = 0;          ///< that each topic is guaranteed
  std::size_t unused_ = 0;         ///< of all shares
  std::vector<std::size_t> held_;  ///< by topic
};

}  // namespace ductus::base
