// Entries of message sets as producers of 0.6 and 0.7 would write them, and as none ever would: written out byte by
// byte, so that a mistake of the reader is not made here as well.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ports/batch_source.h"
#include "unit/codecs/streams.h"

namespace ductus::kafka06 {

using codecs::as_bytes;
using codecs::Bytes;

/// CRC-32 by a table, made bit by bit as its standard has it.
inline std::uint32_t slow_crc32(base::ByteView bytes) {
  static const auto kTable = [] {
    std::array<std::uint32_t, 256> all{};
    for (std::uint32_t byte = 0; byte < all.size(); ++byte) {
      std::uint32_t crc = byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
      all.at(byte) = crc;
    }
    return all;
  }();
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kTable.at((crc ^ byte) & 0xFF);
  return ~crc;
}

inline void put(std::uint64_t value, int size, Bytes& to) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

inline Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

/// As producers of 0.6 write it.
inline Bytes entry0(base::ByteView payload) {
  Bytes entry;
  put(payload.size() + 5, 4, entry);
  put(0, 1, entry);
  put(slow_crc32(payload), 4, entry);
  entry.insert(entry.end(), payload.begin(), payload.end());
  return entry;
}
inline Bytes entry0(std::string_view payload) { return entry0(as_bytes(payload)); }

/// As producers of 0.7 write it.
inline Bytes entry1(base::ByteView payload, int attributes = 0) {
  Bytes entry;
  put(payload.size() + 6, 4, entry);
  put(1, 1, entry);
  put(static_cast<std::uint64_t>(attributes), 1, entry);
  put(slow_crc32(payload), 4, entry);
  entry.insert(entry.end(), payload.begin(), payload.end());
  return entry;
}
inline Bytes entry1(std::string_view payload) { return entry1(as_bytes(payload)); }

inline Bytes gzip_entry(const Bytes& set) { return entry1(codecs::gzip_member(set), 1); }
inline Bytes snappy_entry(const Bytes& set) { return entry1(codecs::snappy_stream_of(set), 2); }

/// `bytes` with some of them replaced.
inline Bytes with(Bytes bytes, std::size_t at, const std::vector<int>& replacement) {
  for (const int byte : replacement) bytes.at(at++) = static_cast<std::uint8_t>(byte);
  return bytes;
}

inline Bytes cut_at(Bytes bytes, std::size_t size) {
  bytes.resize(size);
  return bytes;
}

/// What a handler would see: "12 text", one for each message.
inline std::vector<std::string> texts(const ports::DecodeArena& arena) {
  std::vector<std::string> seen;
  for (const Message& message : arena.messages) {
    seen.push_back(std::to_string(message.offset()) + " " + std::string(message.value()));
  }
  return seen;
}

}  // namespace ductus::kafka06
