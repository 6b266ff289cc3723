#include "sandbox/legacy/message_set.h"

#include <isa-l/crc.h>

#include <vector>

#include "sandbox/legacy/unpack.h"

namespace ductus::sandbox::legacy {
namespace {

constexpr std::int8_t kCodecBits = 3;
constexpr std::uint8_t kUnknownCodec = 3;

std::uint32_t crc32(base::ByteView bytes) { return crc32_gzip_refl(0, bytes.data(), bytes.size()); }

Error corrupt(const char* what) { return {ErrorCode::kCorrupt, what}; }

struct Entry {
  std::uint8_t codec = 0;
  base::ByteView payload;
};

// The entries of a set, one after the other, each with the checks that both lines make.
class Entries {
 public:
  Entries(Line line, base::ByteView set) : line_(line), left_(set) {}

  /// Before what is not a whole entry: its place in the set.
  std::size_t done_bytes() const noexcept { return done_; }
  /// False: no whole entry is left.
  Result<bool> next(Entry& entry) {
    kafka::Reader reader(left_);
    const std::int32_t size = reader.i32();
    if (!reader.ok()) return false;
    if (size < 0) return corrupt("an entry of a negative size");
    const base::ByteView body = reader.raw(static_cast<std::size_t>(size));
    if (!reader.ok()) {
      if (done_ == 0) return corrupt("a first entry that is cut");
      return false;
    }
    left_ = left_.subspan(sizeof size + body.size());
    done_ += sizeof size + body.size();
    return read_body(body, entry);
  }

 private:
  Result<bool> read_body(base::ByteView body, Entry& entry) const {
    kafka::Reader reader(body);
    const std::int8_t magic = reader.i8();
    entry.codec = 0;
    if (line_ == Line::k07 && magic != 0) {
      if (magic != 1) return corrupt("an entry of an unknown magic");
      entry.codec = static_cast<std::uint8_t>(reader.i8() & kCodecBits);
    }
    const std::uint32_t crc = reader.u32();
    if (!reader.ok()) return corrupt("an entry shorter than its header");
    entry.payload = reader.raw(reader.left());
    if (crc32(entry.payload) != crc) return corrupt("an entry with a wrong CRC");
    return true;
  }

  Line line_;
  base::ByteView left_;
  std::size_t done_ = 0;
};

// `left_bytes`: what may still be unpacked.
Result<void> look_inside(base::ByteView set, int depth, std::size_t& left_bytes) {
  Entries entries(Line::k07, set);
  for (Entry entry;;) {
    const Result<bool> more = entries.next(entry);
    if (!more) return more.error();
    if (!*more) return {};
    if (entry.codec == 0) continue;
    if (entry.codec == kUnknownCodec) return corrupt("an entry of an unknown codec");
    if (depth == kMaxNesting) return corrupt("entries in entries in entries");
    const auto unpacked = unpack(Codec{entry.codec}, entry.payload, left_bytes);
    if (!unpacked) return unpacked.error();
    left_bytes -= unpacked->size();
    if (auto looked = look_inside(*unpacked, depth + 1, left_bytes); !looked) return looked;
  }
}

}  // namespace

void write_entry(Line line, Codec codec, base::ByteView payload, kafka::Writer& out) {
  out.i32(static_cast<std::int32_t>(entry_overhead_bytes(line) - 4 + payload.size()));
  out.i8(line == Line::k06 ? 0 : 1);
  if (line == Line::k07) out.i8(static_cast<std::int8_t>(codec));
  out.i32(static_cast<std::int32_t>(crc32(payload)));
  out.raw(payload);
}

Result<std::size_t> storable_bytes(Line line, base::ByteView set, std::int64_t max_message_bytes) {
  Entries entries(line, set);
  for (Entry entry;;) {
    const Result<bool> more = entries.next(entry);
    if (!more) return more.error();
    if (!*more) break;
    if (line == Line::k07 && static_cast<std::int64_t>(entry.payload.size()) > max_message_bytes) {
      return Error{ErrorCode::kLimit, "a message that is larger than max.message.size"};
    }
  }
  if (line == Line::k06) return set.size();
  std::size_t left_bytes = kMaxUnpackedBytes;
  if (auto looked = look_inside(set, 0, left_bytes); !looked) return looked.error();
  return entries.done_bytes();
}

}  // namespace ductus::sandbox::legacy
