// ByteBudget: how many bytes of fetched data the process may hold at a time.
//
// Charged before a request is sent, corrected when its answer is in, given back when the bytes are no longer pinned.
// Thread: none of its own; used under the node's baton.
#pragma once

#include <cstddef>

#include "base/assert.h"

namespace ductus::base {

class ByteBudget {
 public:
  explicit ByteBudget(std::size_t limit_bytes) : limit_(limit_bytes) {}

  /// False where the bytes do not fit. They always fit while nothing is charged: more than the limit comes alone.
  [[nodiscard]] bool try_charge(std::size_t bytes) noexcept {
    if (used_ != 0 && (used_ > limit_ || bytes > limit_ - used_)) return false;
    used_ += bytes;
    return true;
  }
  /// For bytes that are here already, whatever the limit.
  void charge(std::size_t bytes) noexcept { used_ += bytes; }
  void release(std::size_t bytes) noexcept {
    DUCTUS_ASSERT(bytes <= used_);
    used_ -= bytes;
  }
  std::size_t used() const noexcept { return used_; }
  std::size_t limit() const noexcept { return limit_; }

 private:
  std::size_t limit_;
  std::size_t used_ = 0;
};

}  // namespace ductus::base
