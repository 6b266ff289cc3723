#include "structure/record_batches.h"

#include <algorithm>
#include <utility>

#include "kafka/records/crc32c.h"
#include "kafka/wire.h"
#include "structure/codec_streams.h"

namespace ductus::fuzz {
namespace {

using kafka::Reader;
using kafka::Writer;

constexpr std::size_t kHeaderBytes = 61;
constexpr std::int32_t kBytesBeforeLengthCounts = 12;
constexpr std::size_t kEpochMagicAndCrcBytes = 9;
constexpr int kCodecBits = 7;

// A length with its flaw, which may wrap.
std::int32_t flawed(std::size_t length, std::int32_t flaw) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(length) + static_cast<std::uint32_t>(flaw));
}

Bytes copy_of(base::ByteView bytes) { return {bytes.begin(), bytes.end()}; }

Sized read_sized(Reader& reader) {
  Sized sized{reader.varint(), {}};
  if (sized.size < -1) reader.fail();
  sized.bytes = copy_of(reader.raw(static_cast<std::size_t>(std::max(sized.size, 0))));
  return sized;
}

// False: it stands where `reader` is, but is none.
bool read_record(Reader& reader, Record& record) {
  const std::int32_t length = reader.varint();
  if (!reader.ok() || length < 0) return false;
  Reader body(reader.raw(static_cast<std::size_t>(length)));
  record.attributes = body.i8();
  record.timestamp_delta = body.varlong();
  record.offset_delta = body.varint();
  record.key = read_sized(body);
  record.value = read_sized(body);
  record.header_count = body.varint();
  for (std::int64_t i = 0; i < std::int64_t{record.header_count} * 2 && body.ok(); ++i) {
    record.headers.push_back(read_sized(body));
  }
  if (!reader.ok() || !body.ok()) return false;
  record.rest = copy_of(body.raw(body.left()));
  return true;
}

void read_content(Reader reader, RecordBatch& batch) {
  Reader at = reader;
  for (Record record; at.left() > 0 && read_record(at, record); record = {}) {
    batch.records.push_back(std::move(record));
    reader = at;
  }
  batch.rest = copy_of(reader.raw(reader.left()));
}

bool read_batch(Reader& reader, RecordBatch& batch) {
  if (reader.left() < kHeaderBytes) return false;
  batch.base_offset = reader.i64();
  const std::int32_t length = reader.i32();
  constexpr auto kMinLength = static_cast<std::int32_t>(kHeaderBytes) - kBytesBeforeLengthCounts;
  if (length < kMinLength || static_cast<std::size_t>(length) > reader.left()) return false;
  Reader body(reader.raw(static_cast<std::size_t>(length)));
  batch.leader_epoch = body.i32();
  batch.magic = body.i8();
  (void)body.u32();  // crc
  batch.attributes = body.i16();
  batch.last_offset_delta = body.i32();
  batch.base_timestamp = body.i64();
  batch.max_timestamp = body.i64();
  batch.producer_id = body.i64();
  batch.producer_epoch = body.i16();
  batch.base_sequence = body.i32();
  batch.record_count = body.i32();
  const base::ByteView content = body.raw(body.left());
  const auto plain = decompressed(batch.attributes & kCodecBits, content);
  batch.codec = plain ? batch.attributes & kCodecBits : 0;
  if (plain || (batch.attributes & kCodecBits) == 0) {
    read_content(Reader(plain ? base::ByteView(*plain) : content), batch);
  } else {
    batch.rest = copy_of(content);
  }
  return true;
}

void write_sized(const Sized& sized, Writer& writer) {
  writer.varint(sized.size);
  writer.raw(sized.bytes);
}

void write_record(const Record& record, Writer& writer) {
  Writer body;
  body.i8(record.attributes);
  body.varlong(record.timestamp_delta);
  body.varint(record.offset_delta);
  write_sized(record.key, body);
  write_sized(record.value, body);
  body.varint(record.header_count);
  for (const auto& sized : record.headers) write_sized(sized, body);
  body.raw(record.rest);
  Writer length;
  length.varint(flawed(body.size(), record.length_flaw));
  Bytes varint = std::move(length).take();
  for (int i = 0; i < record.varint_padding; ++i) {
    varint.back() |= 0x80;
    varint.push_back(0);
  }
  writer.raw(varint);
  writer.raw(body.bytes());
}

void write_batch(const RecordBatch& batch, Dice& dice, Writer& writer) {
  Writer plain;
  for (const auto& record : batch.records) write_record(record, plain);
  plain.raw(batch.rest);
  Bytes content = std::move(plain).take();
  if (batch.codec != 0) content = compressed(batch.codec, content, dice);
  if (batch.is_damaged) dice.damage(content);

  Writer body;
  body.i16(batch.attributes);
  body.i32(batch.last_offset_delta);
  body.i64(batch.base_timestamp);
  body.i64(batch.max_timestamp);
  body.i64(batch.producer_id);
  body.i16(batch.producer_epoch);
  body.i32(batch.base_sequence);
  body.i32(batch.record_count);
  body.raw(content);

  writer.i64(batch.base_offset);
  writer.i32(flawed(body.size() + kEpochMagicAndCrcBytes, batch.length_flaw));
  writer.i32(batch.leader_epoch);
  writer.i8(batch.magic);
  writer.i32(static_cast<std::int32_t>(kafka::crc32c(body.bytes()) ^ batch.crc_flaw));
  writer.raw(body.bytes());
}

}  // namespace

RecordBatches read_batches(base::ByteView bytes) {
  RecordBatches set;
  Reader reader(bytes);
  Reader at = reader;
  for (RecordBatch batch; read_batch(at, batch); batch = {}) {
    set.batches.push_back(std::move(batch));
    reader = at;
  }
  set.rest = copy_of(reader.raw(reader.left()));
  return set;
}

Bytes write_batches(const RecordBatches& set, Dice& dice) {
  Writer writer;
  for (const auto& batch : set.batches) write_batch(batch, dice, writer);
  writer.raw(set.rest);
  return std::move(writer).take();
}

void mutate_records(Bytes& records, Dice& dice) {
  RecordBatches set = read_batches(records);
  for (std::size_t left = 1 + dice.below(3); left > 0; --left) mutate(set, dice);
  if (!set.batches.empty() && dice.one_in(5)) {
    set.batches[dice.below(set.batches.size())].crc_flaw = 1U << dice.below(32);
  }
  records = write_batches(set, dice);
}

}  // namespace ductus::fuzz
