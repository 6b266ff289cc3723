#include "structure/message_sets.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/big_endian.h"
#include "kafka06/crc32.h"
#include "structure/codec_streams.h"

namespace ductus::fuzz {
namespace {

constexpr int kReadLevels = 4;
constexpr std::size_t kCrcBytes = 4;
constexpr int kCodecBits = 3;

std::pair<std::vector<SetEntry>, Bytes> read_entries(base::ByteView bytes, int levels) {
  std::vector<SetEntry> entries;
  while (!bytes.empty()) {
    base::BigEndianReader reader(bytes);
    SetEntry entry;
    const std::int32_t size = reader.i32();
    if (!reader.ok() || size < 0 || static_cast<std::size_t>(size) > reader.left()) break;
    base::BigEndianReader content(reader.raw(static_cast<std::size_t>(size)));
    entry.magic = static_cast<std::uint8_t>(content.i8());
    if (entry.magic == 1) entry.attributes = static_cast<std::uint8_t>(content.i8());
    content.skip(kCrcBytes);
    if (!content.ok()) break;
    const base::ByteView payload = content.raw(content.left());
    const int codec = entry.magic == 1 ? entry.attributes & kCodecBits : 0;
    const auto plain = levels > 0 && codec != 0 ? decompressed(codec, payload) : std::nullopt;
    if (plain) {
      entry.codec = codec;
      std::tie(entry.inner, entry.inner_rest) = read_entries(*plain, levels - 1);
    } else {
      entry.payload.assign(payload.begin(), payload.end());
    }
    entries.push_back(std::move(entry));
    bytes = bytes.last(reader.left());
  }
  return {std::move(entries), Bytes(bytes.begin(), bytes.end())};
}

Bytes write_entries(const std::vector<SetEntry>& entries, const Bytes& rest, Dice& dice) {
  base::BigEndianWriter writer;
  for (const SetEntry& entry : entries) {
    Bytes payload = entry.payload;
    if (entry.codec != 0) payload = compressed(entry.codec, write_entries(entry.inner, entry.inner_rest, dice), dice);
    if (entry.is_damaged) dice.damage(payload);
    const std::size_t header = 1 + (entry.magic == 1 ? 1 : 0) + kCrcBytes;
    const auto size = static_cast<std::uint32_t>(header + payload.size());
    writer.i32(static_cast<std::int32_t>(size + static_cast<std::uint32_t>(entry.size_flaw)));
    writer.i8(static_cast<std::int8_t>(entry.magic));
    if (entry.magic == 1) writer.i8(static_cast<std::int8_t>(entry.attributes));
    writer.i32(static_cast<std::int32_t>(kafka06::crc32(payload) ^ entry.crc_flaw));
    writer.raw(payload);
  }
  writer.raw(rest);
  return std::move(writer).take();
}

void mutate_entries(std::vector<SetEntry>& entries, Bytes& rest, Dice& dice);

SetEntry some_entry(Dice& dice) {
  SetEntry entry;
  entry.magic = dice.one_in(3) ? 0 : 1;
  entry.payload = dice.some_bytes(dice.one_in(16) ? 2000 : 40);
  return entry;
}

void pack(SetEntry& entry, Dice& dice) {
  const int codec = 1 + static_cast<int>(dice.below(2));
  SetEntry outer;
  outer.codec = codec;
  outer.attributes = static_cast<std::uint8_t>(codec | (dice.one_in(4) ? dice.roll() & ~std::uint64_t{kCodecBits} : 0));
  outer.inner = {entry};
  while (dice.one_in(2)) outer.inner.push_back(some_entry(dice));
  entry = std::move(outer);
}

void change(SetEntry& entry, Dice& dice) {
  switch (dice.below(12)) {
    case 0:
      entry.size_flaw = static_cast<std::int32_t>(dice.number(0, dice.one_in(4) ? 4 : 1));
      return;
    case 1:
      return dice.change(entry.magic);
    case 2:
      return dice.change(entry.attributes);
    case 3:
      entry.magic = entry.magic == 1 ? 0 : 1;
      return;
    case 4:
      entry.is_damaged = entry.codec != 0;
      return;
    case 5:
      entry.attributes ^= 4U << dice.below(6);
      return;
    case 6:
    case 7:
      if (entry.codec != 0 && dice.one_in(2)) {
        entry = entry.inner.empty() ? some_entry(dice) : SetEntry(entry.inner.front());
        return;
      }
      return pack(entry, dice);
    default:
      if (entry.codec != 0) return mutate_entries(entry.inner, entry.inner_rest, dice);
      if (dice.one_in(3)) {
        entry.payload = dice.some_bytes(50);
      } else {
        dice.damage(entry.payload);
      }
      return;
  }
}

void mutate_entries(std::vector<SetEntry>& entries, Bytes& rest, Dice& dice) {
  const std::size_t at = dice.below(entries.size() + 1);
  const auto place = entries.begin() + static_cast<std::ptrdiff_t>(at);
  switch (dice.below(8)) {
    case 0:
      entries.insert(place, some_entry(dice));
      return;
    case 1:
      if (at < entries.size()) entries.erase(place);
      return;
    case 2:
      if (at < entries.size()) entries.insert(place, SetEntry(*place));
      return;
    case 3:
      dice.damage(rest);
      return;
    default:
      if (at < entries.size()) change(*place, dice);
      return;
  }
}

}  // namespace

MessageSet read_set(base::ByteView bytes) {
  MessageSet set;
  std::tie(set.entries, set.rest) = read_entries(bytes, kReadLevels);
  return set;
}

Bytes write_set(const MessageSet& set, Dice& dice) { return write_entries(set.entries, set.rest, dice); }

void mutate_set(Bytes& bytes, Dice& dice) {
  MessageSet set = read_set(bytes);
  do {
    mutate_entries(set.entries, set.rest, dice);
  } while (dice.one_in(2));
  if (!set.entries.empty() && dice.one_in(5)) {
    set.entries[dice.below(set.entries.size())].crc_flaw = static_cast<std::uint32_t>(dice.roll());
  }
  bytes = write_set(set, dice);
  if (!bytes.empty() && dice.one_in(6)) bytes.resize(dice.below(bytes.size()));
}

}  // namespace ductus::fuzz
