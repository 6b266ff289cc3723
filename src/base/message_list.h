// MessageList: the messages of a batch in one piece of memory that is kept and used again.
//
// A std::vector would zero or check each place before a decoder writes it; at 100 bytes a message that is felt.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "base/assert.h"
#include "ductus/batch.h"

namespace ductus::base {

/// Thread: none of its own. Iterators hold until room_for() or push_back().
class MessageList {
 public:
  static constexpr std::size_t kMaxKept = std::size_t{1} << 18;

  std::size_t size() const noexcept { return size_; }
  bool empty() const noexcept { return size_ == 0; }
  const Message* begin() const noexcept { return messages_.get(); }
  const Message* end() const noexcept { return messages_.get() + size_; }
  const Message* data() const noexcept { return messages_.get(); }
  const Message& operator[](std::size_t index) const {
    DUCTUS_ASSERT(index < size_);
    return messages_.get()[index];
  }

  /// Where the next message goes, with room for `more` of them. What is written there counts after grow_to().
  Message* room_for(std::size_t more) {
    if (more > capacity_ - size_) reserve(std::max(size_ + more, capacity_ * 2));
    return messages_.get() + size_;
  }
  /// The messages up to `end`, which room_for() gave room for, are in the list.
  void grow_to(const Message* end) {
    DUCTUS_ASSERT(end >= this->end() && end <= messages_.get() + capacity_);
    size_ = static_cast<std::size_t>(end - begin());
  }
  void push_back(const Message& message) {
    *room_for(1) = message;
    ++size_;
  }
  /// Keeps the memory, unless it is for more than kMaxKept messages.
  void clear() noexcept {
    size_ = 0;
    if (capacity_ <= kMaxKept) return;
    messages_.reset();
    capacity_ = 0;
  }
  void erase(const Message* first, const Message* last) {
    DUCTUS_ASSERT(begin() <= first && first <= last && last <= end());
    std::copy(last, end(), messages_.get() + (first - begin()));
    size_ -= static_cast<std::size_t>(last - first);
  }

 private:
  static_assert(std::is_trivially_copyable_v<Message> && std::is_trivially_destructible_v<Message>);
  struct Free {
    void operator()(Message* messages) const noexcept { std::free(messages); }
  };

  void reserve(std::size_t capacity) {
    std::unique_ptr<Message, Free> larger(static_cast<Message*>(std::malloc(capacity * sizeof(Message))));
    DUCTUS_ASSERT(larger != nullptr);
    std::copy(begin(), end(), larger.get());
    messages_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<Message, Free> messages_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ductus::base
