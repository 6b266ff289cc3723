// ByteView and Buffer: bytes seen, and bytes owned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

namespace ductus::base {

using ByteView = std::span<const std::uint8_t>;

/// Owned bytes that are not zeroed when they are taken: a response body is written once by the socket.
/// Move only. Thread: none of its own.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size) { resize_discarding(size); }
  static Buffer copy_of(ByteView bytes) {
    Buffer copy(bytes.size());
    if (!bytes.empty()) std::memcpy(copy.data(), bytes.data(), bytes.size());
    return copy;
  }

  std::uint8_t* data() noexcept { return data_.get(); }
  const std::uint8_t* data() const noexcept { return data_.get(); }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  ByteView view() const noexcept { return {data_.get(), size_}; }

  /// Sets the size; the content is undefined afterwards when it had to grow. Memory is kept when it shrinks.
  void resize_discarding(std::size_t size) {
    if (size > capacity_) {
      data_.reset(static_cast<std::uint8_t*>(std::malloc(size)));
      if (data_ == nullptr) std::abort();
      capacity_ = size;
    }
    size_ = size;
  }

  /// Sets the size and keeps the content that fits. Takes no more memory than asked for: who grows often asks for more.
  void resize_keeping(std::size_t size) {
    if (size > capacity_) {
      Buffer grown(size);
      if (size_ > 0) std::memcpy(grown.data(), data(), size_);
      *this = std::move(grown);
    }
    size_ = size;
  }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const noexcept { std::free(bytes); }
  };
  std::unique_ptr<std::uint8_t[], Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace ductus::base
