// The byte primitives of Kafka's protocol: big-endian integers, varints, strings, arrays, tagged fields.
//
// Reader is sticky: after the first short or impossible read all reads give zero, and ok() tells once at the end.
// Every length is compared with the bytes left before anything is taken.
// Source: Kafka protocol guide ("Protocol primitive types"), KIP-482 (compact types, tagged fields).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace ductus::kafka {

/// Reads primitives from `bytes`, which must outlive it and the views taken from it.
class Reader {
 public:
  explicit Reader(base::ByteView bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

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
  bool boolean() { return i8() != 0; }
  std::int16_t i16() { return static_cast<std::int16_t>(fixed<std::uint16_t>()); }
  std::int32_t i32() { return static_cast<std::int32_t>(fixed<std::uint32_t>()); }
  std::int64_t i64() { return static_cast<std::int64_t>(fixed<std::uint64_t>()); }
  std::uint32_t u32() { return fixed<std::uint32_t>(); }

  /// Unsigned varint of at most 5 bytes.
  std::uint32_t uvarint();
  /// Zigzag varint of at most 5 bytes.
  std::int32_t varint();
  /// Zigzag varint of at most 10 bytes.
  std::int64_t varlong();

  /// `size` raw bytes.
  base::ByteView raw(std::size_t size);
  void skip(std::size_t size) { (void)raw(size); }

  /// A string with an int16 length (flexible = false) or a compact one. Null fails; use nullable_string for that.
  std::string_view string(bool flexible);
  /// Null reads as an empty view with data() == nullptr.
  std::string_view nullable_string(bool flexible);
  /// Bytes with an int32 length, or compact. Null reads as an empty view with data() == nullptr.
  base::ByteView nullable_bytes(bool flexible);
  /// The element count of an array: never more than bytes_left / min_element_bytes. Null reads as 0.
  std::size_t array_size(bool flexible, std::size_t min_element_bytes);
  /// Tagged fields, all skipped; none where the version is not flexible.
  void skip_tags(bool flexible);

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

/// Appends primitives to a byte vector.
class Writer {
 public:
  void i8(std::int8_t value) { bytes_.push_back(static_cast<std::uint8_t>(value)); }
  void boolean(bool value) { i8(value ? 1 : 0); }
  void i16(std::int16_t value) { fixed(__builtin_bswap16(static_cast<std::uint16_t>(value))); }
  void i32(std::int32_t value) { fixed(__builtin_bswap32(static_cast<std::uint32_t>(value))); }
  void i64(std::int64_t value) { fixed(__builtin_bswap64(static_cast<std::uint64_t>(value))); }
  void uvarint(std::uint32_t value);
  void varint(std::int32_t value);
  void varlong(std::int64_t value);
  void raw(base::ByteView bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void string(std::string_view value, bool flexible);
  void null_string(bool flexible);
  void nullable_bytes(base::ByteView value, bool flexible);
  void array_size(std::size_t size, bool flexible);
  /// An empty set of tagged fields; nothing where the version is not flexible.
  void no_tags(bool flexible) {
    if (flexible) i8(0);
  }
  /// Overwrites the int32 at `position`.
  void patch_i32(std::size_t position, std::int32_t value);

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

}  // namespace ductus::kafka
