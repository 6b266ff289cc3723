#include "kafka/records/record_parser.h"

#include <algorithm>
#include <memory>
#include <string>

#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

// length, attributes, two deltas, key length, value length, header count: a byte each.
constexpr std::size_t kMinRecordBytes = 7;
// Length, attributes, timestamp delta, offset delta and key length at their longest, or a value length: what is read
// without a look at how much is left.
constexpr std::ptrdiff_t kMaxPrefixBytes = 5 + 1 + 10 + 5 + 5;

// What deltas count from.
struct Bases {
  explicit Bases(const RecordBatchHeader& header)
      : offset(header.base_offset),
        timestamp(
            static_cast<std::uint64_t>(header.is_log_append_time() ? header.max_timestamp : header.base_timestamp)),
        timestamp_mask(header.is_log_append_time() ? 0 : ~std::uint64_t{0}) {}

  std::int64_t timestamp_at(std::int64_t delta) const {
    return static_cast<std::int64_t>(timestamp + (static_cast<std::uint64_t>(delta) & timestamp_mask));
  }

  // Only once all deltas are known to fit into the batch is it certain that nothing wraps.
  std::int64_t offset_at(std::int32_t delta) const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(offset) + static_cast<std::uint64_t>(delta));
  }

  std::int64_t offset;
  std::uint64_t timestamp;
  std::uint64_t timestamp_mask;  ///< no bits: the deltas do not count
};

// Where a record's bytes have been read to.
struct Place {
  const std::uint8_t* at;
  std::int32_t offset_delta;  ///< of the record before
};

struct LongVarint {
  std::uint64_t value;
  const std::uint8_t* at;  // behind it; nullptr: cut off, or more bits than fit
};

// Not inlined, and all by value: so the hot loop keeps its place in a register.
template <int kBits>
[[gnu::noinline]] LongVarint long_varint(const std::uint8_t* at, const std::uint8_t* end) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < kBits && at != end; shift += 7) {
    const std::uint64_t byte = *at++;
    value |= (byte & 0x7F) << shift;
    if (byte >= 0x80) continue;
    const bool fits = shift + 7 <= kBits || byte >> (kBits - shift) == 0;
    return {value, fits ? at : nullptr};
  }
  return {0, nullptr};
}

// An unsigned varint. The caller knows that as many bytes are left as the longest takes. False where it does not fit.
template <int kBits>
[[gnu::always_inline]] inline bool fast_varint(const std::uint8_t*& at, const std::uint8_t* end, std::uint64_t& value) {
  const std::uint32_t first = at[0];
  if (first < 0x80) [[likely]] {
    value = first;
    at += 1;
    return true;
  }
  const std::uint32_t second = at[1];
  if (second < 0x80) [[likely]] {
    value = first + (second << 7) - 0x80;
    at += 2;
    return true;
  }
  const LongVarint read = long_varint<kBits>(at, end);
  if (read.at == nullptr) return false;
  value = read.value;
  at = read.at;
  return true;
}

std::int64_t signed_of(std::uint64_t zigzag) { return static_cast<std::int64_t>((zigzag >> 1) ^ (~(zigzag & 1) + 1)); }

// A length. It is zigzag coded too: even as a rule, 1 for null (size -1, no bytes), all other odd ones are impossible.
[[gnu::always_inline]] inline bool fast_size(const std::uint8_t*& at, const std::uint8_t* end, std::int64_t& bytes,
                                             std::int32_t& size) {
  std::uint64_t zigzag = 0;
  if (!fast_varint<32>(at, end, zigzag)) [[unlikely]]
    return false;
  bytes = static_cast<std::int64_t>(zigzag >> 1);
  size = static_cast<std::int32_t>(bytes);
  if ((zigzag & 1) != 0) {
    if (bytes != 0) [[unlikely]]
      return false;
    size = -1;
  }
  return true;
}

bool skip_sized(const std::uint8_t*& at, const std::uint8_t* end, bool nullable) {
  const LongVarint zigzag = long_varint<32>(at, end);
  if (zigzag.at == nullptr) return false;
  const std::int64_t size = signed_of(zigzag.value);
  if (size < (nullable ? -1 : 0) || size > end - zigzag.at) return false;
  at = zigzag.at + std::max<std::int64_t>(size, 0);
  return true;
}

// Whether `count` headers stand from `at` to `end`.
bool headers_fit(const std::uint8_t* at, const std::uint8_t* end, std::int64_t count) {
  constexpr std::ptrdiff_t kMinHeaderBytes = 2;
  if (count < 0 || count > (end - at) / kMinHeaderBytes) return false;
  for (; count > 0; --count) {
    if (!skip_sized(at, end, false) || !skip_sized(at, end, true)) return false;
  }
  return at == end;
}

// Whether a header count and as many headers stand from `at` to `end`.
[[gnu::noinline]] bool counted_headers_fit(const std::uint8_t* at, const std::uint8_t* end) {
  const LongVarint count = long_varint<32>(at, end);
  return count.at != nullptr && headers_fit(count.at, end, signed_of(count.value));
}

// The same pointer, but the compiler no longer knows to what it is equal. The next record then starts where this one's
// length said, which the processor knows early, and not where its fields ended, which it knows last: so it works on
// several records at a time.
[[gnu::always_inline]] inline const std::uint8_t* forget_origin(const std::uint8_t* at) {
  asm("" : "+r"(at));
  return at;
}

const char* as_text(const std::uint8_t* bytes) { return reinterpret_cast<const char*>(bytes); }

// One record into `out`. Needs kMaxPrefixBytes. False, and nothing has happened, for all that is unusual: within
// kMaxPrefixBytes of the end, or impossible.
[[gnu::always_inline]] inline bool parse_fast(Place& place, const std::uint8_t* end, const Bases& bases, Message* out) {
  const std::uint8_t* at = place.at;
  std::uint64_t length = 0;
  if (!fast_varint<32>(at, end, length)) [[unlikely]]
    return false;
  const auto record_bytes = static_cast<std::ptrdiff_t>(length >> 1);
  if (record_bytes > end - at - kMaxPrefixBytes) [[unlikely]]
    return false;
  const std::uint8_t* const record_end = at + record_bytes;
  const std::uint8_t* const next = forget_origin(record_end);
  ++at;  // attributes: none are defined
  std::uint64_t timestamp_delta = 0;
  std::uint64_t offset_delta = 0;
  if (!fast_varint<64>(at, end, timestamp_delta) || !fast_varint<32>(at, end, offset_delta)) [[unlikely]]
    return false;
  const auto delta = static_cast<std::int32_t>(offset_delta >> 1);
  if (((length | offset_delta) & 1) != 0 || delta <= place.offset_delta) [[unlikely]]
    return false;

  std::int64_t key_bytes = 0;
  std::int32_t key_size = 0;
  if (!fast_size(at, end, key_bytes, key_size) || key_bytes > record_end - at) [[unlikely]]
    return false;
  const std::uint8_t* const key = at;
  at += key_bytes;
  std::int64_t value_bytes = 0;
  std::int32_t value_size = 0;
  if (!fast_size(at, end, value_bytes, value_size) || value_bytes >= record_end - at) [[unlikely]]
    return false;
  const std::uint8_t* const value = at;
  at += value_bytes;
  bool has_headers = false;
  if (at + 1 != record_end || *at != 0) {
    if (!counted_headers_fit(at, record_end)) [[unlikely]]
      return false;
    has_headers = *at != 0;
  }
  std::construct_at(out, bases.offset_at(delta), bases.timestamp_at(signed_of(timestamp_delta)), as_text(key), key_size,
                    as_text(value), value_size, has_headers);
  place = {next, delta};
  return true;
}

const std::uint8_t* checked_sized(Reader& record, std::int32_t& size) {
  size = record.varint();
  if (size < -1) record.fail();
  return record.raw(static_cast<std::size_t>(std::max(size, 0))).data();
}

// One record into `out`, looked at byte by byte. What is impossible; nullptr: nothing.
const char* parse_checked(Place& place, const std::uint8_t* end, const Bases& bases, Message* out) {
  Reader reader({place.at, end});
  const std::int32_t length = reader.varint();
  if (!reader.ok() || length < 1 || static_cast<std::size_t>(length) > reader.left()) return "length";
  const base::ByteView bytes = reader.raw(static_cast<std::size_t>(length));
  Reader record(bytes);
  (void)record.i8();  // attributes
  const std::int64_t timestamp_delta = record.varlong();
  if (!record.ok()) return "timestamp delta";
  const std::int32_t offset_delta = record.varint();
  if (!record.ok() || offset_delta <= place.offset_delta) return "offset delta";
  std::int32_t key_size = 0;
  const std::uint8_t* const key = checked_sized(record, key_size);
  if (!record.ok()) return "key length";
  std::int32_t value_size = 0;
  const std::uint8_t* const value = checked_sized(record, value_size);
  if (!record.ok()) return "value length";
  const std::int32_t header_count = record.varint();
  const std::uint8_t* const headers = record.raw(0).data();
  const std::uint8_t* const record_end = bytes.data() + bytes.size();
  if (!record.ok() || !headers_fit(headers, record_end, header_count)) return "headers";
  std::construct_at(out, bases.offset_at(offset_delta), bases.timestamp_at(timestamp_delta), as_text(key), key_size,
                    as_text(value), value_size, header_count != 0);
  place = {record_end, offset_delta};
  return nullptr;
}

struct Checked {
  Place place;
  const char* flaw;
};

// Not inlined, and all by value: so the hot loop keeps its state in registers.
[[gnu::noinline]] Checked parse_unusual(Place place, const std::uint8_t* end, const Bases& bases, Message* out) {
  const char* const flaw = parse_checked(place, end, bases, out);
  return {place, flaw};
}

Error corrupt(std::string where, std::string_view field) {
  return {ErrorCode::kCorrupt, std::move(where) + ": impossible " + std::string(field)};
}

}  // namespace

Result<void> parse_records(const RecordBatchHeader& header, base::ByteView records, base::MessageList& messages) {
  const std::int32_t count = header.record_count;
  if (count < 0 || static_cast<std::size_t>(count) > records.size() / kMinRecordBytes) {
    return corrupt("record batch at offset " + std::to_string(header.base_offset),
                   "record count " + std::to_string(count));
  }
  const Bases bases(header);
  const std::uint8_t* const end = records.data() + records.size();
  Place place{records.data(), -1};
  const char* flaw = nullptr;
  Message* out = messages.room_for(static_cast<std::size_t>(count));
  for (Message* const last = out + count; out != last && flaw == nullptr; ++out) {
    if (end - place.at >= kMaxPrefixBytes && parse_fast(place, end, bases, out)) [[likely]]
      continue;
    const Checked checked = parse_unusual(place, end, bases, out);
    place = checked.place;
    flaw = checked.flaw;
  }
  if (flaw == nullptr && place.offset_delta > header.last_offset_delta) flaw = "offset delta";
  if (flaw == nullptr && place.at != end) flaw = "length";
  if (flaw == nullptr) {
    messages.grow_to(out);
    return {};
  }
  return corrupt("record batch at offset " + std::to_string(header.base_offset) + ", record behind offset " +
                     std::to_string(bases.offset_at(place.offset_delta)),
                 flaw);
}

}  // namespace ductus::kafka
