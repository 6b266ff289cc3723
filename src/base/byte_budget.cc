#include "base/byte_budget.h"

#include <algorithm>
#include <limits>

namespace ductus::base {

void ByteBudget::add_topic(Topic topic) {
  if (topic < held_.size()) return;
  held_.resize(topic + 1, 0);
  share_out();
}

void ByteBudget::set_limit(std::size_t limit_bytes) {
  limit_ = limit_bytes;
  if (!held_.empty()) share_out();
}

void ByteBudget::share_out() {
  share_ = limit_ / 2 / held_.size();
  unused_ = 0;
  for (const std::size_t held : held_) unused_ += unused_by(held);
}

std::size_t ByteBudget::room(Topic topic) const {
  DUCTUS_ASSERT(topic < held_.size());
  if (used_ == 0) return std::numeric_limits<std::size_t>::max();
  const std::size_t own = unused_by(held_[topic]);
  const std::size_t kept = used_ + unused_ - own;  // by the others
  return std::max(own, limit_ - std::min(limit_, kept));
}

void ByteBudget::charge(const Charge& charge) {
  add_topic(charge.topic);
  set_held(charge.topic, held_[charge.topic] + charge.bytes);
  used_ += charge.bytes;
}

void ByteBudget::release(const Charge& charge) {
  DUCTUS_ASSERT(charge.topic < held_.size() && charge.bytes <= held_[charge.topic]);
  set_held(charge.topic, held_[charge.topic] - charge.bytes);
  used_ -= charge.bytes;
}

std::size_t ByteBudget::unused_by(std::size_t held) const noexcept { return share_ - std::min(share_, held); }

void ByteBudget::set_held(Topic topic, std::size_t bytes) {
  unused_ -= unused_by(held_[topic]);
  held_[topic] = bytes;
  unused_ += unused_by(bytes);
}

}  // namespace ductus::base
