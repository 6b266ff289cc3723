// Frame: one answer on its way out, made of bytes of its own and of bytes borrowed from a log, in order.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "kafka/wire.h"
#include "sandbox/protocol.h"

namespace ductus::sandbox {

class Frame {
 public:
  /// Nothing: already sent.
  Frame() = default;
  /// Starts the answer to a request: length and response header.
  explicit Frame(const RequestHeader& request);
  Frame(Frame&&) = default;
  Frame& operator=(Frame&&) = default;

  /// Where the next bytes of its own go. Not after seal().
  kafka::Writer& own() noexcept { return own_; }
  /// Appends bytes that must outlive this frame.
  void borrow(base::ByteView bytes);
  std::size_t size() const noexcept { return own_.size() + borrowed_bytes_; }

  /// These bytes as they are, ready to be sent.
  static Frame raw(std::vector<std::uint8_t> bytes);
  /// All of a sealed frame of which nothing was sent yet.
  std::vector<std::uint8_t> bytes() const;

  /// Sets the length. From now on the frame can be sent.
  void seal();
  /// What is left to be sent; empty: all was sent.
  std::span<const iovec> unsent() const { return std::span(parts_).subspan(first_unsent_); }
  void sent(std::size_t bytes);

 private:
  struct Borrowed {
    std::size_t after;  // how many own bytes stand before it
    base::ByteView bytes;
  };
  void lay_out();

  kafka::Writer own_;
  std::vector<Borrowed> borrowed_;
  std::size_t borrowed_bytes_ = 0;
  std::vector<iovec> parts_;
  std::size_t first_unsent_ = 0;
};

}  // namespace ductus::sandbox
