#include "sim/world/entries.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace ductus::sim {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Codec = EntryForm::Codec;

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t crc_of(base::ByteView bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const std::uint8_t byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ byte) & 0xFF];
  return ~crc;
}

void put_little(std::uint32_t value, int bytes, Bytes& to) {
  for (int shift = 0; shift < 8 * bytes; shift += 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void put_big(std::uint32_t value, Bytes& to) {
  for (int shift = 24; shift >= 0; shift -= 8) to.push_back(static_cast<std::uint8_t>(value >> shift));
}

Bytes entry(std::uint8_t magic, std::uint8_t attributes, base::ByteView payload) {
  Bytes out;
  put_big(static_cast<std::uint32_t>(payload.size()) + (magic == 0 ? 5 : 6), out);
  out.push_back(magic);
  if (magic == 1) out.push_back(attributes);
  put_big(crc_of(payload), out);
  out.insert(out.end(), payload.begin(), payload.end());
  return out;
}

// What is compressed is no more to be seen as it was: else an offset within it could be one of a message by its looks.
constexpr std::size_t kPiece = 8;

// One member, of blocks that are stored as they are.
Bytes gzip(const Bytes& plain) {
  Bytes out = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
  std::size_t at = 0;
  do {
    const base::ByteView piece = base::ByteView(plain).subspan(at, std::min(kPiece, plain.size() - at));
    at += piece.size();
    out.push_back(at == plain.size() ? 1 : 0);
    put_little(static_cast<std::uint32_t>(piece.size()), 2, out);
    put_little(~static_cast<std::uint32_t>(piece.size()), 2, out);
    out.insert(out.end(), piece.begin(), piece.end());
  } while (at < plain.size());
  put_little(crc_of(plain), 4, out);
  put_little(static_cast<std::uint32_t>(plain.size()), 4, out);
  return out;
}

// Literals only.
Bytes snappy_block(base::ByteView plain) {
  Bytes out;
  std::size_t size = plain.size();
  for (; size > 0x7f; size >>= 7) out.push_back(static_cast<std::uint8_t>(size | 0x80));
  out.push_back(static_cast<std::uint8_t>(size));
  for (std::size_t at = 0; at < plain.size(); at += kPiece) {
    const base::ByteView literal = plain.subspan(at, std::min(kPiece, plain.size() - at));
    out.push_back(static_cast<std::uint8_t>((literal.size() - 1) << 2));
    out.insert(out.end(), literal.begin(), literal.end());
  }
  return out;
}

// As snappy-java writes it; of several chunks where it is long.
Bytes snappy_stream(const Bytes& plain) {
  Bytes out = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};
  constexpr std::size_t kChunk = 200;
  for (std::size_t at = 0; at < plain.size(); at += kChunk) {
    const Bytes block = snappy_block(base::ByteView(plain).subspan(at, std::min(kChunk, plain.size() - at)));
    put_big(static_cast<std::uint32_t>(block.size()), out);
    out.insert(out.end(), block.begin(), block.end());
  }
  return out;
}

Bytes compressed(Codec codec, const Bytes& set) {
  constexpr std::uint8_t kGzip = 1;
  constexpr std::uint8_t kSnappy = 2;
  if (codec == Codec::kGzip) return entry(1, kGzip, gzip(set));
  return entry(1, kSnappy, codec == Codec::kSnappyBlock ? snappy_block(set) : snappy_stream(set));
}

base::ByteView bytes_of(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

Bytes entry_of(const std::vector<std::string>& values, const EntryForm& form) {
  if (form.codec == Codec::kNone) return entry(form.magic, 0, bytes_of(values.front()));
  Bytes set;
  for (const std::string& value : values) {
    const Bytes one = entry(form.inner_magic, 0, bytes_of(value));
    set.insert(set.end(), one.begin(), one.end());
  }
  if (form.nested) set = compressed(Codec::kGzip, set);
  if (form.cut_inside) {
    const Bytes part = entry(form.inner_magic, 0, bytes_of("never seen"));
    set.insert(set.end(), part.begin(), part.begin() + 7);
  }
  return compressed(form.codec, set);
}

EntryForm any_form(bool many, Random& random) {
  constexpr std::array kCodecs = {Codec::kGzip, Codec::kSnappyStream, Codec::kSnappyBlock};
  EntryForm form;
  if (!many) {
    form.magic = random.chance(0.15) ? 0 : 1;
    return form;
  }
  form.codec = random.pick(kCodecs);
  form.inner_magic = random.chance(0.1) ? 0 : 1;
  form.nested = random.chance(0.1);
  form.cut_inside = random.chance(0.05);
  return form;
}

}  // namespace ductus::sim
