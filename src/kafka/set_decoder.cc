#include "kafka/set_decoder.h"

#include <algorithm>
#include <string>

#include "codecs/compression.h"
#include "kafka/record_batch.h"
#include "kafka/records/aborted_transactions.h"
#include "kafka/records/crc32c.h"
#include "kafka/records/record_parser.h"

namespace ductus::kafka {
namespace {

struct WholeBatch {
  RecordBatchHeader header;
  base::ByteView bytes;
  base::ByteView records() const { return bytes.subspan(RecordBatchHeader::kBytes); }
};

Error corrupt(std::int64_t base_offset, std::string_view what) {
  return {ErrorCode::kCorrupt, "record batch at offset " + std::to_string(base_offset) + ": " + std::string(what)};
}

Result<WholeBatch> batch_at(base::ByteView records, std::size_t position) {
  const base::ByteView left = records.subspan(position);
  if (left.size() < RecordBatchHeader::kBytes) {
    return Error{ErrorCode::kCorrupt, "a record batch is cut off within its header"};
  }
  const RecordBatchHeader header = read_header(left);
  if (auto checked = check_header(header); !checked) return std::move(checked).error();
  if (header.total_bytes() > left.size()) return corrupt(header.base_offset, "it is cut off");
  return WholeBatch{header, left.first(header.total_bytes())};
}

class Decoding {
 public:
  Decoding(const ports::FetchedSet& set, const ports::SetCursor& cursor, ports::DecodeArena& arena)
      : set_(set), arena_(arena), aborted_(set.aborted) {
    arena.begin_batch(kMaxKeptBytes);
    batch_.cursor = {cursor.bytes, std::max(cursor.next_offset, set.asked_offset)};
  }

  Result<ports::DecodedBatch> run(std::size_t max_bytes) {
    const std::size_t start = batch_.cursor.bytes;
    if (auto caught_up = note_batches_before(start); !caught_up) return std::move(caught_up).error();
    while (batch_.cursor.bytes < set_.records.size()) {
      auto stepped = step();
      if (!stepped && batch_.cursor.bytes == start) return std::move(stepped).error();
      if (!stepped || batch_.decoded_bytes >= max_bytes) break;
    }
    batch_.last = batch_.cursor.bytes == set_.records.size();
    return batch_;
  }

 private:
  // Which transactions are open at the cursor is told by the record batches before it.
  Result<void> note_batches_before(std::size_t end) {
    if (set_.aborted.empty()) return {};
    for (std::size_t position = 0; position < end;) {
      const auto batch = batch_at(set_.records, position);
      if (!batch) return batch.error();
      if (auto noted = aborted_.next_is_aborted(batch->header, batch->bytes); !noted) return std::move(noted).error();
      position += batch->bytes.size();
    }
    return {};
  }

  Result<void> step() {
    ports::SetCursor& cursor = batch_.cursor;
    const auto batch = batch_at(set_.records, cursor.bytes);
    if (!batch) return batch.error();
    const RecordBatchHeader& header = batch->header;
    if (cursor.bytes > 0 && header.base_offset < cursor.next_offset) {
      return corrupt(header.base_offset, "it stands behind a later one");
    }
    if (crc32c(batch->bytes.subspan(RecordBatchHeader::kCrcStart)) != header.crc) {
      return corrupt(header.base_offset, "its checksum (CRC32C) does not match its bytes");
    }
    const auto aborted = aborted_.next_is_aborted(header, batch->bytes);
    if (!aborted) return aborted.error();
    if (!header.is_control() && !*aborted) {
      if (auto appended = append(header, batch->records()); !appended) return appended;
    }
    cursor.bytes += batch->bytes.size();
    cursor.next_offset = std::max(cursor.next_offset, header.last_offset() + 1);
    batch_.leader_epoch = set_.believed_epoch(header.leader_epoch);
    return {};
  }

  // On an error `arena_` is as it was.
  Result<void> append(const RecordBatchHeader& header, base::ByteView records) {
    const bool compressed = header.codec() != 0 && header.record_count != 0;
    if (compressed) {
      auto inflated = inflate(header, records);
      if (!inflated) return std::move(inflated).error();
      records = *inflated;
    }
    const std::size_t before = arena_.messages.size();
    if (auto parsed = parse_records(header, records, arena_.messages); !parsed) return parsed;
    if (header.base_offset < batch_.cursor.next_offset) drop_done_messages(before);
    if (compressed) ++arena_.inflated_used;
    batch_.decoded_bytes += records.size();
    return {};
  }

  Result<base::ByteView> inflate(const RecordBatchHeader& header, base::ByteView records) {
    if (arena_.inflated_used == arena_.inflated.size()) arena_.inflated.emplace_back();
    base::Buffer& buffer = arena_.inflated[arena_.inflated_used];
    auto inflated = inflater_.inflate(codecs::Codec{header.codec()}, records, kMaxDecodedBytes, buffer);
    if (inflated) return buffer.view();
    return Error{inflated.error().code,
                 "record batch at offset " + std::to_string(header.base_offset) + ": " + inflated.error().message};
  }

  // The first record batch of an answer may begin below the offset that was asked for.
  void drop_done_messages(std::size_t from) {
    const auto first = arena_.messages.begin() + from;
    const auto first_new =
        std::ranges::lower_bound(first, arena_.messages.end(), batch_.cursor.next_offset, {}, &Message::offset);
    arena_.messages.erase(first, first_new);
  }

  const ports::FetchedSet& set_;
  ports::DecodeArena& arena_;
  AbortedTransactions aborted_;
  codecs::Inflater inflater_;
  ports::DecodedBatch batch_;
};

}  // namespace

Result<ports::DecodedBatch> RecordSetDecoder::decode(const ports::FetchedSet& set, const ports::SetCursor& cursor,
                                                     std::size_t max_bytes, ports::DecodeArena& arena) const {
  return Decoding(set, cursor, arena).run(max_bytes);
}

}  // namespace ductus::kafka
