#include "kafka/records/record_parser.h"

#include <algorithm>
#include <string>

#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

// length, attributes, two deltas, key length, value length, header count: a byte each.
constexpr std::size_t kMinRecordBytes = 7;
constexpr std::ptrdiff_t kMaxVarintBytes = 5;
// Length, attributes, timestamp delta, offset delta and key length at their longest.
constexpr std::ptrdiff_t kMaxPrefixBytes = 3 * kMaxVarintBytes + 1 + 10;

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
    value = (first & 0x7F) | (second << 7);
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

// A length and as many bytes, with room for a varint behind them. A length is zigzag coded too: even as a rule,
// 1 for null, all other odd ones are impossible.
[[gnu::always_inline]] inline bool fast_sized(const std::uint8_t*& at, const std::uint8_t* end,
                                              const std::uint8_t*& data, std::int32_t& size) {
  std::uint64_t zigzag = 0;
  if (!fast_varint<32>(at, end, zigzag)) [[unlikely]]
    return false;
  const bool negative = (zigzag & 1) != 0;
  if (negative && zigzag != 1) [[unlikely]]
    return false;
  const auto bytes = static_cast<std::ptrdiff_t>(zigzag >> 1);
  if (bytes > end - at - kMaxVarintBytes) [[unlikely]]
    return false;
  data = at;
  size = static_cast<std::int32_t>(bytes) - static_cast<std::int32_t>(negative);
  at += bytes;
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

// Where the headers end; nullptr where they are impossible.
[[gnu::noinline]] const std::uint8_t* skip_headers(const std::uint8_t* at, const std::uint8_t* end,
                                                   std::int64_t count) {
  constexpr std::ptrdiff_t kMinHeaderBytes = 2;
  if (count < 0 || count > (end - at) / kMinHeaderBytes) return nullptr;
  for (; count > 0; --count) {
    if (!skip_sized(at, end, false) || !skip_sized(at, end, true)) return nullptr;
  }
  return at;
}

// The same pointer, but the compiler no longer knows to what it is equal. The next record then starts where this one's
// length said, which the processor knows early, and not where its fields ended, which it knows last: so it works on
// several records at a time.
[[gnu::always_inline]] inline const std::uint8_t* forget_origin(const std::uint8_t* at) {
  asm("" : "+r"(at));
  return at;
}

const char* as_text(const std::uint8_t* bytes) { return reinterpret_cast<const char*>(bytes); }

class RecordParser {
 public:
  RecordParser(const RecordBatchHeader& header, base::ByteView records, std::vector<Message>& messages)
      : at_(records.data()),
        end_(records.data() + records.size()),
        messages_(messages),
        base_offset_(header.base_offset),
        base_timestamp_(
            static_cast<std::uint64_t>(header.is_log_append_time() ? header.max_timestamp : header.base_timestamp)),
        timestamp_mask_(header.is_log_append_time() ? 0 : ~std::uint64_t{0}) {}

  // What is impossible; nullptr: nothing.
  const char* parse_all(std::int32_t count, std::int32_t last_offset_delta) {
    for (; count > 0; --count) {
      if (end_ - at_ >= kMaxPrefixBytes && parse_fast()) [[likely]]
        continue;
      if (const char* flaw = parse_checked(); flaw != nullptr) return flaw;
    }
    if (offset_delta_ > last_offset_delta) return "offset delta";
    return at_ == end_ ? nullptr : "length";
  }
  std::int64_t offset() const { return base_offset_ + offset_delta_; }

 private:
  // Needs kMaxPrefixBytes. False, and nothing has happened, for all that is unusual: near the end, or impossible.
  [[gnu::always_inline]] bool parse_fast() {
    const std::uint8_t* at = at_;
    std::uint64_t length = 0;
    std::uint64_t timestamp_delta = 0;
    std::uint64_t offset_delta = 0;
    if (!fast_varint<32>(at, end_, length)) [[unlikely]]
      return false;
    const std::uint8_t* const start = at;
    ++at;  // attributes: none are defined
    if (!fast_varint<64>(at, end_, timestamp_delta)) [[unlikely]]
      return false;
    if (!fast_varint<32>(at, end_, offset_delta)) [[unlikely]]
      return false;
    const auto delta = static_cast<std::int32_t>(offset_delta >> 1);
    if ((offset_delta & 1) != 0 || delta <= offset_delta_) [[unlikely]]
      return false;

    const std::uint8_t* key = nullptr;
    std::int32_t key_size = 0;
    if (!fast_sized(at, end_, key, key_size)) [[unlikely]]
      return false;
    const std::uint8_t* value = nullptr;
    std::int32_t value_size = 0;
    if (!fast_sized(at, end_, value, value_size)) [[unlikely]]
      return false;
    std::uint64_t header_count = 0;
    if (!fast_varint<32>(at, end_, header_count)) [[unlikely]]
      return false;
    if (header_count != 0) [[unlikely]]
      at = skip_headers(at, end_, signed_of(header_count));
    if (at == nullptr || static_cast<std::uint64_t>(at - start) * 2 != length) [[unlikely]]
      return false;
    at_ = forget_origin(start + length / 2);
    append(delta, signed_of(timestamp_delta), key, key_size, value, value_size, header_count != 0);
    return true;
  }

  // What is impossible; nullptr: nothing, and the record is appended.
  [[gnu::noinline]] const char* parse_checked() {
    Reader reader({at_, end_});
    const std::int32_t length = reader.varint();
    if (!reader.ok() || length < 1 || static_cast<std::size_t>(length) > reader.left()) return "length";
    const base::ByteView bytes = reader.raw(static_cast<std::size_t>(length));
    Reader record(bytes);
    (void)record.i8();  // attributes
    const std::int64_t timestamp_delta = record.varlong();
    if (!record.ok()) return "timestamp delta";
    const std::int32_t offset_delta = record.varint();
    if (!record.ok() || offset_delta <= offset_delta_) return "offset delta";
    std::int32_t key_size = 0;
    const std::uint8_t* const key = checked_sized(record, key_size);
    if (!record.ok()) return "key length";
    std::int32_t value_size = 0;
    const std::uint8_t* const value = checked_sized(record, value_size);
    if (!record.ok()) return "value length";
    const std::int32_t header_count = record.varint();
    const std::uint8_t* const headers = record.raw(0).data();
    const std::uint8_t* const record_end = bytes.data() + bytes.size();
    if (!record.ok() || skip_headers(headers, record_end, header_count) != record_end) return "headers";
    at_ = record_end;
    append(offset_delta, timestamp_delta, key, key_size, value, value_size, header_count != 0);
    return nullptr;
  }

  static const std::uint8_t* checked_sized(Reader& record, std::int32_t& size) {
    size = record.varint();
    if (size < -1) record.fail();
    return record.raw(static_cast<std::size_t>(std::max(size, 0))).data();
  }

  [[gnu::always_inline]] void append(std::int32_t offset_delta, std::int64_t timestamp_delta, const std::uint8_t* key,
                                     std::int32_t key_size, const std::uint8_t* value, std::int32_t value_size,
                                     bool has_headers) {
    offset_delta_ = offset_delta;
    const std::uint64_t timestamp = base_timestamp_ + (static_cast<std::uint64_t>(timestamp_delta) & timestamp_mask_);
    messages_.emplace_back(base_offset_ + offset_delta, static_cast<std::int64_t>(timestamp), as_text(key), key_size,
                           as_text(value), value_size, has_headers);
  }

  const std::uint8_t* at_;
  const std::uint8_t* const end_;
  std::vector<Message>& messages_;
  const std::int64_t base_offset_;
  const std::uint64_t base_timestamp_;
  const std::uint64_t timestamp_mask_;
  std::int32_t offset_delta_ = -1;
};

Error corrupt(std::string where, std::string_view field) {
  return {ErrorCode::kCorrupt, std::move(where) + ": impossible " + std::string(field)};
}

void make_room(std::vector<Message>& messages, std::size_t more) {
  const std::size_t needed = messages.size() + more;
  if (needed > messages.capacity()) messages.reserve(std::max(needed, messages.capacity() * 2));
}

}  // namespace

Result<void> parse_records(const RecordBatchHeader& header, base::ByteView records, std::vector<Message>& messages) {
  const std::int32_t count = header.record_count;
  if (count < 0 || static_cast<std::size_t>(count) > records.size() / kMinRecordBytes) {
    return corrupt("record batch at offset " + std::to_string(header.base_offset),
                   "record count " + std::to_string(count));
  }
  make_room(messages, static_cast<std::size_t>(count));
  RecordParser parser(header, records, messages);
  const char* const flaw = parser.parse_all(count, header.last_offset_delta);
  if (flaw == nullptr) return {};
  return corrupt("record batch at offset " + std::to_string(header.base_offset) + ", record behind offset " +
                     std::to_string(parser.offset()),
                 flaw);
}

}  // namespace ductus::kafka
