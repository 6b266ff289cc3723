// Integers of fixed size as networks have them, the high byte first: what the protocols of all Kafkas are made of.
//
// BigEndianReader is sticky: after the first read that does not fit all reads give zero, and ok() tells once at the
// end. Every length is compared with the bytes left before anything is taken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace ductus::base {

/// For who knows already that four bytes are there.
inline std::uint32_t load_u32(const std::uint8_t* at) noexcept {
  std::uint32_t value;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

/// Reads integers from `bytes`, which must outlive it and the views taken from it.
class BigEndianReader {
 public:
  explicit BigEndianReader(ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const noexcept { return !failed_; }
  std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// ok() and nothing is left over.
  bool complete() const noexcept { return ok() && at_ == end_; }
  /// Marks the bytes as impossible: for checks that the caller makes.
  void fail() noexcept {
    failed_ = true;
    at_ = end_;
  }

  std::int8_t i8() { return static_cast<std::int8_t>(fixed<std::uint8_t>()); }
  std::int16_t i16() { return static_cast<std::int16_t>(fixed<std::uint16_t>()); }
  std::int32_t i32() { return static_cast<std::int32_t>(fixed<std::uint32_t>()); }
  std::int64_t i64() { return static_cast<std::int64_t>(fixed<std::uint64_t>()); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }

  /// `size` raw bytes.
  ByteView raw(std::size_t size) {
    if (size > left()) {
      fail();
      return {};
    }
    const ByteView bytes(at_, size);
    at_ += size;
    return bytes;
  }
  void skip(std::size_t size) { (void)raw(size); }

 protected:
  bool at_end() const noexcept { return at_ == end_; }
  /// Only while it is not at_end().
  std::uint8_t next_byte() noexcept { return *at_++; }

 private:
  template <class T>
  T fixed() {
    if (left() < sizeof(T)) {
      fail();
      return 0;
    }
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    if constexpr (sizeof(T) == 2) value = __builtin_bswap16(value);
    if constexpr (sizeof(T) == 4) value = __builtin_bswap32(value);
    if constexpr (sizeof(T) == 8) value = __builtin_bswap64(value);
    return value;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool failed_ = false;
};

/// Appends integers to a byte vector.
class BigEndianWriter {
 public:
  void i8(std::int8_t value) { bytes_.push_back(static_cast<std::uint8_t>(value)); }
  void i16(std::int16_t value) { fixed(__builtin_bswap16(static_cast<std::uint16_t>(value))); }
  void i32(std::int32_t value) { fixed(__builtin_bswap32(static_cast<std::uint32_t>(value))); }
  void i64(std::int64_t value) { fixed(__builtin_bswap64(static_cast<std::uint64_t>(value))); }
  void raw(ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  /// Overwrites the int32 at `position`.
  void patch_i32(std::size_t position, std::int32_t value) {
    const std::uint32_t swapped = __builtin_bswap32(static_cast<std::uint32_t>(value));
    std::memcpy(bytes_.data() + position, &swapped, sizeof swapped);
  }

  std::size_t size() const noexcept { return bytes_.size(); }
  const std::vector<std::uint8_t>& bytes() const& { return bytes_; }
  std::vector<std::uint8_t> take() && { return std::move(bytes_); }

 private:
  template <class T>
  void fixed(T value) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
  }

  std::vector<std::uint8_t> bytes_;
};

}  // namespace ductus::base
