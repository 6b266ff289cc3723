#include "kafka/records/aborted_transactions.h"

#include <algorithm>
#include <string>

#include "kafka/wire.h"

namespace ductus::kafka {
namespace {

// The key of a control record: version:int16 type:int16.
constexpr std::int16_t kAbortMarker = 0;

Result<bool> is_abort_marker(const RecordBatchHeader& header, base::ByteView batch) {
  if (header.record_count == 0) return false;  // what compaction leaves
  Reader reader(batch.subspan(RecordBatchHeader::kBytes));
  (void)reader.varint();   // length
  (void)reader.i8();       // attributes
  (void)reader.varlong();  // timestamp delta
  (void)reader.varint();   // offset delta
  const std::int32_t key_size = reader.varint();
  const std::int16_t version = reader.i16();
  const std::int16_t type = reader.i16();
  if (!reader.ok() || key_size < 4 || version < 0 || header.codec() != 0) {
    return Error{ErrorCode::kCorrupt,
                 "record batch at offset " + std::to_string(header.base_offset) + ": impossible control record"};
  }
  return type == kAbortMarker;
}

}  // namespace

AbortedTransactions::AbortedTransactions(std::vector<ports::AbortedTransaction> listed) : listed_(std::move(listed)) {
  std::ranges::sort(listed_, {}, &ports::AbortedTransaction::first_offset);
}

Result<bool> AbortedTransactions::next_is_aborted(const RecordBatchHeader& header, base::ByteView batch) {
  for (; begun_ < listed_.size() && listed_[begun_].first_offset <= header.last_offset(); ++begun_) {
    open_.insert(listed_[begun_].producer_id);
  }
  if (open_.empty()) return false;
  if (header.is_control()) {
    const auto abort = is_abort_marker(header, batch);
    if (!abort) return abort.error();
    if (*abort) open_.erase(header.producer_id);
    return false;
  }
  return header.is_transactional() && open_.contains(header.producer_id);
}

}  // namespace ductus::kafka
