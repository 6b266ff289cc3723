// CutEntry: the entry that the end of an answer has cut, put together from answer to answer. Nothing is asked twice,
// but after a fault, or where the byte budget has no room to keep it.
//
// Thread: none of its own; used under the node's baton.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "kafka06/message_set.h"

namespace ductus::kafka06 {

class CutEntry {
 public:
  bool empty() const noexcept { return bytes_.empty(); }
  std::size_t size() const noexcept { return bytes_.size(); }
  base::ByteView view() const noexcept { return bytes_.view(); }

  /// All bytes of the entry, its size field included; nullopt: that field is not whole, or says what cannot be.
  std::optional<std::size_t> whole_size() const noexcept {
    const auto size = claimed_size(view());
    if (!size || *size < 0) return std::nullopt;
    return kSizeFieldBytes + static_cast<std::size_t>(*size);
  }
  /// How many bytes behind it are still of it; nullopt: not known.
  std::optional<std::size_t> missing() const noexcept {
    const auto whole = whole_size();
    return whole ? std::optional(*whole - std::min(*whole, size())) : std::nullopt;
  }

  /// Takes from the start of `bytes` what is of the entry; at first only its size field. Returns how many.
  std::size_t take_from(base::ByteView bytes) {
    std::size_t taken = 0;
    if (size() < kSizeFieldBytes) taken = add(bytes.first(std::min(bytes.size(), kSizeFieldBytes - size())));
    if (const auto more = missing()) taken += add(bytes.subspan(taken, std::min(bytes.size() - taken, *more)));
    return taken;
  }

  /// Gives the bytes away.
  base::Buffer release() noexcept { return std::exchange(bytes_, base::Buffer()); }

 private:
  std::size_t add(base::ByteView bytes) {
    if (bytes.empty()) return 0;
    const std::size_t before = size();
    const std::size_t after = before + bytes.size();
    // What an entry claims to hold is not taken before it comes.
    if (after > bytes_.capacity())
      bytes_.resize_keeping(std::max(after, std::min(2 * after, whole_size().value_or(after))));
    bytes_.resize_keeping(after);
    std::memcpy(bytes_.data() + before, bytes.data(), bytes.size());
    return bytes.size();
  }

  base::Buffer bytes_;
};

}  // namespace ductus::kafka06
