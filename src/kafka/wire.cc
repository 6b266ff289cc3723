#include "kafka/wire.h"

namespace ductus::kafka {

std::uint32_t Reader::uvarint() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    if (at_end()) break;
    const std::uint8_t byte = next_byte();
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) {
      if (value > UINT32_MAX) break;
      return static_cast<std::uint32_t>(value);
    }
  }
  fail();
  return 0;
}

std::int32_t Reader::varint() {
  const std::uint32_t raw = uvarint();
  return static_cast<std::int32_t>((raw >> 1) ^ (~(raw & 1) + 1));
}

std::int64_t Reader::varlong() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 70; shift += 7) {
    if (at_end()) break;
    const std::uint8_t byte = next_byte();
    if (shift == 63 && byte > 1) break;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
  }
  fail();
  return 0;
}

std::string_view Reader::nullable_string(bool flexible) {
  const std::int64_t size = flexible ? static_cast<std::int64_t>(uvarint()) - 1 : i16();
  if (size == -1 && ok()) return {};
  if (size < 0) {
    fail();
    return {};
  }
  const base::ByteView bytes = raw(static_cast<std::size_t>(size));
  return ok() ? std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()) : std::string_view();
}

std::string_view Reader::string(bool flexible) {
  const std::string_view value = nullable_string(flexible);
  if (value.data() == nullptr) fail();
  return value;
}

base::ByteView Reader::nullable_bytes(bool flexible) {
  const std::int64_t size = flexible ? static_cast<std::int64_t>(uvarint()) - 1 : i32();
  if (size == -1 && ok()) return {};
  if (size < 0) {
    fail();
    return {};
  }
  return raw(static_cast<std::size_t>(size));
}

std::size_t Reader::array_size(bool flexible, std::size_t min_element_bytes) {
  const std::int64_t size = flexible ? static_cast<std::int64_t>(uvarint()) - 1 : i32();
  if (size == -1) return 0;
  if (size < 0 || static_cast<std::uint64_t>(size) > left() / min_element_bytes) {
    fail();
    return 0;
  }
  return static_cast<std::size_t>(size);
}

void Reader::skip_tags(bool flexible) {
  if (!flexible) return;
  std::uint32_t count = uvarint();
  for (; count > 0 && ok(); --count) {
    (void)uvarint();
    skip(uvarint());
  }
}

void Writer::uvarint(std::uint32_t value) {
  while (value >= 0x80) {
    i8(static_cast<std::int8_t>(value | 0x80));
    value >>= 7;
  }
  i8(static_cast<std::int8_t>(value));
}

void Writer::varint(std::int32_t value) {
  uvarint((static_cast<std::uint32_t>(value) << 1) ^ static_cast<std::uint32_t>(value >> 31));
}

void Writer::varlong(std::int64_t value) {
  std::uint64_t raw = (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
  while (raw >= 0x80) {
    i8(static_cast<std::int8_t>(raw | 0x80));
    raw >>= 7;
  }
  i8(static_cast<std::int8_t>(raw));
}

void Writer::string(std::string_view value, bool flexible) {
  if (flexible) {
    uvarint(static_cast<std::uint32_t>(value.size()) + 1);
  } else {
    i16(static_cast<std::int16_t>(value.size()));
  }
  raw({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
}

void Writer::null_string(bool flexible) {
  if (flexible) {
    uvarint(0);
  } else {
    i16(-1);
  }
}

void Writer::nullable_bytes(base::ByteView value, bool flexible) {
  if (flexible) {
    uvarint(value.data() == nullptr ? 0 : static_cast<std::uint32_t>(value.size()) + 1);
  } else {
    i32(value.data() == nullptr ? -1 : static_cast<std::int32_t>(value.size()));
  }
  raw(value);
}

void Writer::array_size(std::size_t size, bool flexible) {
  if (flexible) {
    uvarint(static_cast<std::uint32_t>(size) + 1);
  } else {
    i32(static_cast<std::int32_t>(size));
  }
}

}  // namespace ductus::kafka
