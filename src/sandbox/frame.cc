#include "sandbox/frame.h"

#include <utility>

#include "base/assert.h"

namespace ductus::sandbox {

void Frame::borrow(base::ByteView bytes, std::shared_ptr<const void> owner) {
  borrowed_.push_back({own_.size(), bytes});
  borrowed_bytes_ += bytes.size();
  if (owner != nullptr && (owners_.empty() || owners_.back() != owner)) owners_.push_back(std::move(owner));
}

Frame Frame::raw(base::ByteView bytes) {
  Frame frame;
  frame.own_.raw(bytes);
  frame.seal();
  return frame;
}

std::vector<std::uint8_t> Frame::bytes() const {
  std::vector<std::uint8_t> all;
  all.reserve(size());
  for (const iovec& part : parts_) {
    const auto* const first = static_cast<const std::uint8_t*>(part.iov_base);
    all.insert(all.end(), first, first + part.iov_len);
  }
  return all;
}

void Frame::seal_with_length() {
  DUCTUS_ASSERT(size() <= INT32_MAX);
  own_.patch_i32(0, static_cast<std::int32_t>(size() - 4));
  seal();
}

void Frame::seal() {
  parts_.reserve(2 * borrowed_.size() + 1);
  const auto add = [this](const std::uint8_t* data, std::size_t size) {
    if (size > 0) parts_.push_back({const_cast<std::uint8_t*>(data), size});
  };
  std::size_t done = 0;
  for (const Borrowed& piece : borrowed_) {
    add(own_.bytes().data() + done, piece.after - done);
    add(piece.bytes.data(), piece.bytes.size());
    done = piece.after;
  }
  add(own_.bytes().data() + done, own_.size() - done);
}

void Frame::sent(std::size_t bytes) {
  while (bytes > 0) {
    iovec& part = parts_[first_unsent_];
    if (bytes < part.iov_len) {
      part.iov_base = static_cast<std::uint8_t*>(part.iov_base) + bytes;
      part.iov_len -= bytes;
      return;
    }
    bytes -= part.iov_len;
    ++first_unsent_;
  }
}

}  // namespace ductus::sandbox
