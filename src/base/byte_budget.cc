#include "base/byte_budget.h"

#include <algorithm>

namespace ductus::base {

void ByteBudget::add_topic(Topic topic) {
  if (topic < held_.size()) return;
  held_.resize(topic + 1, 0);
  share_ = limit_ / 2 / held_.size();
  unused_ = 0;
  for (const std::size_t held : held_) unused_ += unused_by(held);
}

bool ByteBudget::has_room(Topic topic, std::size_t bytes) const {
  DUCTUS_ASSERT(topic < held_.size());
  const std::size_t held = held_[topic];
  if (used_ == 0 || held + bytes <= share_) return true;
  const std::size_t unused = unused_ - unused_by(held);  // by the others
  return used_ + unused <= limit_ && bytes <= limit_ - used_ - unused;
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
