#include "kafka06/set_decoder.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>

#include "kafka06/crc32.h"
#include "kafka06/message_set.h"

namespace ductus::kafka06 {
namespace {

constexpr std::string_view kBadChecksum = "its checksum (CRC-32) does not match its bytes";

/// Memory for decompressed bytes, in the arena. Small ones are laid behind one another: a producer that compresses each
/// message alone would else take a buffer for each.
class Inflated {
 public:
  explicit Inflated(ports::DecodeArena& arena) : arena_(arena) {}

  base::Buffer& scratch() {
    if (arena_.inflated_used == arena_.inflated.size()) arena_.inflated.emplace_back();
    return arena_.inflated[arena_.inflated_used];
  }
  /// What scratch() holds now, where it stays until the batch is done.
  base::ByteView settle() {
    base::Buffer& fresh = arena_.inflated[arena_.inflated_used];
    const std::size_t size = fresh.size();
    if (size <= std::min(room_, kMaxCopiedBytes)) {
      if (size > 0) std::memcpy(at_, fresh.data(), size);
      const base::ByteView settled(at_, size);
      at_ += size;
      room_ -= size;
      return settled;
    }
    ++arena_.inflated_used;
    at_ = fresh.data() + size;
    room_ = fresh.capacity() - size;
    return fresh.view();
  }

 private:
  static constexpr std::size_t kMaxCopiedBytes = std::size_t{64} << 10;
  ports::DecodeArena& arena_;
  std::uint8_t* at_ = nullptr;
  std::size_t room_ = 0;  // what the last buffer has left
};

class Decoding {
 public:
  Decoding(const ports::FetchedSet& set, const ports::SetCursor& cursor, ports::DecodeArena& arena)
      : set_(set), arena_(arena), inflated_(arena) {
    arena.begin_batch(kMaxKeptBytes);
    batch_.cursor = {cursor.bytes, offset_of(cursor.bytes)};
  }

  Result<ports::DecodedBatch> run(std::size_t max_bytes) {
    max_bytes = std::max<std::size_t>(max_bytes, 1);
    const std::size_t start = batch_.cursor.bytes;
    const std::size_t end = set_.joined.size() + set_.records.size();
    while (batch_.cursor.bytes < end && !refusal_ && batch_.decoded_bytes < max_bytes) take_entries(max_bytes);
    batch_.cursor.next_offset = offset_of(batch_.cursor.bytes);
    if (refusal_ && batch_.cursor.bytes == start) {
      return no_entry_at(batch_.cursor.next_offset, *refusal_);
    }
    batch_.last = batch_.cursor.bytes == end;
    return batch_;
  }

  /// After an error of run(): what is wrong with the entry, without its place.
  Error refusal() const { return *refusal_; }

 private:
  static constexpr std::size_t kAtATime = 512;  // messages that room is made for

  std::int64_t offset_of(std::size_t position) const noexcept {
    return set_.asked_offset + static_cast<std::int64_t>(position);
  }
  base::ByteView piece_at(std::size_t position) const noexcept {
    const std::size_t joined = set_.joined.size();
    return position < joined ? set_.joined.view().subspan(position) : set_.records.subspan(position - joined);
  }
  void refuse(ErrorCode code, std::string what) { refusal_ = Error{code, std::move(what)}; }

  // Plain entries until room or set ends or a flaw shows; or one compressed entry.
  void take_entries(std::size_t max_bytes) {
    ports::SetCursor& cursor = batch_.cursor;
    const base::ByteView piece = piece_at(cursor.bytes);
    const std::int64_t offset = offset_of(cursor.bytes);
    Message* out = arena_.messages.room_for(kAtATime);
    const Message* const room_end = out + kAtATime;
    std::size_t position = 0;
    std::size_t decoded = batch_.decoded_bytes;
    Entry entry;
    Flaw flaw = Flaw::kNone;
    bool is_damaged = false;
    while (out != room_end && position < piece.size() && decoded < max_bytes) {
      flaw = read_entry(piece.subspan(position), entry);
      if (flaw != Flaw::kNone) break;
      is_damaged = crc32(entry.payload) != entry.crc;
      if (is_damaged || entry.codec != codecs::Codec::kNone) break;
      *out++ = message(offset + static_cast<std::int64_t>(position), entry.payload);
      position += entry.bytes;
      decoded += entry.bytes;
    }
    arena_.messages.grow_to(out);
    cursor.bytes += position;
    batch_.decoded_bytes = decoded;
    if (flaw != Flaw::kNone) return refuse(ErrorCode::kCorrupt, describe(flaw, piece.subspan(position)));
    if (is_damaged) return refuse(ErrorCode::kCorrupt, std::string(kBadChecksum));
    if (position < piece.size() && decoded < max_bytes && entry.codec != codecs::Codec::kNone) take_compressed(entry);
  }

  // On a refusal the messages are as they were.
  void take_compressed(const Entry& entry) {
    const std::size_t before = arena_.messages.size();
    entry_budget_ = kMaxDecodedBytes;
    if (!unpack(entry, offset_of(batch_.cursor.bytes), 1)) {
      return arena_.messages.erase(arena_.messages.begin() + before, arena_.messages.end());
    }
    batch_.decoded_bytes += kMaxDecodedBytes - entry_budget_;
    batch_.cursor.bytes += entry.bytes;
  }

  // False: refused.
  bool unpack(const Entry& outer, std::int64_t offset, int depth) {
    if (depth > kMaxNesting) {
      refuse(ErrorCode::kLimit,
             "it holds compressed messages in one another, more than " + std::to_string(kMaxNesting) + " deep");
      return false;
    }
    const auto inflated = inflater_.inflate(outer.codec, outer.payload, entry_budget_, inflated_.scratch());
    if (!inflated) {
      const bool is_too_large = inflated.error().code == ErrorCode::kLimit;
      refuse(inflated.error().code, is_too_large
                                        ? "it unpacks to more than " + std::to_string(kMaxDecodedBytes) + " bytes"
                                        : "its payload does not unpack: " + inflated.error().message);
      return false;
    }
    const base::ByteView inner = inflated_.settle();
    entry_budget_ -= inner.size();
    Entry entry;
    for (std::size_t position = 0; position < inner.size(); position += entry.bytes) {
      const Flaw flaw = read_entry(inner.subspan(position), entry);
      if (flaw == Flaw::kCut) break;
      if (flaw != Flaw::kNone || crc32(entry.payload) != entry.crc) {
        const std::string what(flaw != Flaw::kNone ? describe(flaw, inner.subspan(position)) : kBadChecksum);
        refuse(ErrorCode::kCorrupt, "in its unpacked payload, at byte " + std::to_string(position) + ": " + what);
        return false;
      }
      if (entry.codec == codecs::Codec::kNone) {
        arena_.messages.push_back(message(offset, entry.payload));
      } else if (!unpack(entry, offset, depth + 1)) {
        return false;
      }
    }
    return true;
  }

  static Message message(std::int64_t offset, base::ByteView payload) noexcept {
    return {offset,
            -1,
            nullptr,
            -1,
            reinterpret_cast<const char*>(payload.data()),
            static_cast<std::int32_t>(payload.size()),
            false};
  }

  const ports::FetchedSet& set_;
  ports::DecodeArena& arena_;
  Inflated inflated_;
  codecs::Inflater inflater_;
  ports::DecodedBatch batch_;
  std::optional<Error> refusal_;  // of the entry at the cursor; its place is not told
  std::size_t entry_budget_ = 0;  // what the entry at hand may still unpack to
};

}  // namespace

Result<ports::DecodedBatch> MessageSetDecoder::decode(const ports::FetchedSet& set, const ports::SetCursor& cursor,
                                                      std::size_t max_bytes, ports::DecodeArena& arena) const {
  return Decoding(set, cursor, arena).run(max_bytes);
}

Result<void> check_first_entry(base::ByteView entries) {
  ports::FetchedSet set;
  set.records = entries;
  ports::DecodeArena arena;
  Decoding trial(set, {}, arena);
  if (trial.run(1)) return {};
  return trial.refusal();
}

}  // namespace ductus::kafka06
