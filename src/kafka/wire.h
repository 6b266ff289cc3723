// The byte primitives of Kafka's protocol: big-endian integers, varints, strings, arrays, tagged fields.
//
// Reader is sticky, as base/big_endian.h says: an impossible read counts as one that does not fit.
// Source: Kafka protocol guide ("Protocol primitive types"), KIP-482 (compact types, tagged fields).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/big_endian.h"
#include "base/bytes.h"

namespace ductus::kafka {

/// Reads primitives from `bytes`, which must outlive it and the views taken from it.
class Reader : public base::BigEndianReader {
 public:
  using BigEndianReader::BigEndianReader;

  bool boolean() { return i8() != 0; }

  /// Unsigned varint of at most 5 bytes.
  std::uint32_t uvarint();
  /// Zigzag varint of at most 5 bytes.
  std::int32_t varint();
  /// Zigzag varint of at most 10 bytes.
  std::int64_t varlong();

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
};

/// Appends primitives to a byte vector.
class Writer : public base::BigEndianWriter {
 public:
  void boolean(bool value) { i8(value ? 1 : 0); }
  void uvarint(std::uint32_t value);
  void varint(std::int32_t value);
  void varlong(std::int64_t value);
  void string(std::string_view value, bool flexible);
  void null_string(bool flexible);
  void nullable_bytes(base::ByteView value, bool flexible);
  void array_size(std::size_t size, bool flexible);
  /// An empty set of tagged fields; nothing where the version is not flexible.
  void no_tags(bool flexible) {
    if (flexible) i8(0);
  }
};

}  // namespace ductus::kafka
