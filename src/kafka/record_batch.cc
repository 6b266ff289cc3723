#include "kafka/record_batch.h"

#include <cstring>
#include <string>

#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

// Magic stands at the same place in the older message formats, whose lengths may be smaller than a header of ours.
constexpr std::size_t kMagicAt = 16;

// The header has a fixed size: no check per field.
template <class Int>
void take(const std::uint8_t*& at, Int& value) noexcept {
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  if constexpr (sizeof value == 2) value = static_cast<Int>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  if constexpr (sizeof value == 4) value = static_cast<Int>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  if constexpr (sizeof value == 8) value = static_cast<Int>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
}

Error impossible(const RecordBatchHeader& header, std::string_view field, std::int64_t value) {
  return {ErrorCode::kCorrupt, "record batch at offset " + std::to_string(header.base_offset) + ": impossible " +
                                   std::string(field) + " " + std::to_string(value)};
}

Error unsupported_magic(std::int8_t magic) {
  const bool is_older = magic == 0 || magic == 1;
  return {ErrorCode::kUnsupported,
          "message format (magic) " + std::to_string(magic) + " is not supported, only 2" +
              (is_older ? ": the topic holds messages from before Kafka 0.11, or is set to keep their format" : "")};
}

}  // namespace

RecordBatchHeader read_header(base::ByteView bytes) noexcept {
  const std::uint8_t* at = bytes.first(RecordBatchHeader::kBytes).data();
  RecordBatchHeader header;
  take(at, header.base_offset);
  take(at, header.batch_length);
  take(at, header.leader_epoch);
  take(at, header.magic);
  take(at, header.crc);
  take(at, header.attributes);
  take(at, header.last_offset_delta);
  take(at, header.base_timestamp);
  take(at, header.max_timestamp);
  take(at, header.producer_id);
  take(at, header.producer_epoch);
  take(at, header.base_sequence);
  take(at, header.record_count);
  return header;
}

Result<void> check_header(const RecordBatchHeader& header) {
  constexpr std::int32_t kMinLength = RecordBatchHeader::kBytes - RecordBatchHeader::kBytesBeforeLengthCounts;
  if (header.magic != RecordBatchHeader::kMagic) return unsupported_magic(header.magic);
  if (header.batch_length < kMinLength) return impossible(header, "length", header.batch_length);
  if (header.last_offset_delta < 0) return impossible(header, "last offset delta", header.last_offset_delta);
  // One less than the largest: the offset after the last one must be a number too.
  constexpr std::int64_t kMaxOffset = std::numeric_limits<std::int64_t>::max() - 1;
  if (header.base_offset < 0 || header.base_offset > kMaxOffset - header.last_offset_delta) {
    return impossible(header, "base offset", header.base_offset);
  }
  return {};
}

Hop hop(base::ByteView records, std::int64_t high_watermark) {
  Hop hop;
  const auto end_at = [&](Hop::End end) {
    hop.end = end;
    return hop;
  };
  const auto refuse = [&](Error error) {
    hop.refusal = std::move(error);
    return end_at(Hop::End::kRefused);
  };
  while (hop.bytes < records.size()) {
    const base::ByteView left = records.subspan(hop.bytes);
    if (left.size() <= kMagicAt) return end_at(Hop::End::kCutTail);
    const auto magic = static_cast<std::int8_t>(left[kMagicAt]);
    if (magic != RecordBatchHeader::kMagic) return refuse(unsupported_magic(magic));
    if (left.size() < RecordBatchHeader::kBytes) {
      Reader reader(left);
      reader.skip(sizeof(std::int64_t));
      const std::int32_t length = reader.i32();
      if (length > 0) hop.cut_batch_bytes = static_cast<std::size_t>(length) + 12;
      return end_at(Hop::End::kCutTail);
    }
    const RecordBatchHeader header = read_header(left);
    if (auto checked = check_header(header); !checked) return refuse(std::move(checked).error());
    if (header.base_offset < hop.next_offset) {
      return refuse({ErrorCode::kCorrupt, "record batch at offset " + std::to_string(header.base_offset) +
                                              " stands behind one that ends before offset " +
                                              std::to_string(hop.next_offset)});
    }
    if (header.total_bytes() > left.size()) {
      hop.cut_batch_bytes = header.total_bytes();
      return end_at(Hop::End::kCutTail);
    }
    if (high_watermark >= 0 && header.last_offset() >= high_watermark) return end_at(Hop::End::kBeyondHighWatermark);
    if (hop.bytes == 0) {
      hop.first_last_offset = header.last_offset();
      hop.first_leader_epoch = header.leader_epoch;
    }
    hop.bytes += header.total_bytes();
    hop.next_offset = header.last_offset() + 1;
    hop.leader_epoch = header.leader_epoch;
  }
  return hop;
}

}  // namespace ductus::kafka
