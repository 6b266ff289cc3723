// Frame: one answer on its way out, made of bytes of its own and of bytes borrowed from a log, in order.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "kafka/wire.h"

namespace ductus::sandbox {

class Frame {
 public:
  /// Nothing: already sent.
  Frame() = default;
  Frame(Frame&&) = default;
  Frame& operator=(Frame&&) = default;

  /// Where the next bytes of its own go. Not once it is sealed.
  kafka::Writer& own() noexcept { return own_; }
  /// Appends bytes that outlive this frame, be it because it shares their owner.
  void borrow(base::ByteView bytes, std::shared_ptr<const void> owner = nullptr);
  std::size_t size() const noexcept { return own_.size() + borrowed_bytes_; }

  /// These bytes as they are, ready to be sent.
  static Frame raw(base::ByteView bytes);
  /// All of a sealed frame of which nothing was sent yet.
  std::vector<std::uint8_t> bytes() const;

  /// From now on the frame can be sent.
  void seal();
  /// Overwrites its first four bytes with the length of the others, and seals it.
  void seal_with_length();
  /// What is left to be sent; empty: all was sent.
  std::span<const iovec> unsent() const { return std::span(parts_).subspan(first_unsent_); }
  void sent(std::size_t bytes);

 private:
  struct Borrowed {
    std::size_t after;  // how many own bytes stand before it
    base::ByteView bytes;
  };
  kafka::Writer own_;
  std::vector<Borrowed> borrowed_;
  std::size_t borrowed_bytes_ = 0;
  std::vector<std::shared_ptr<const void>> owners_;
  std::vector<iovec> parts_;
  std::size_t first_unsent_ = 0;
};

}  // namespace ductus::sandbox
