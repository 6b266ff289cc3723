// AbortedTransactions: which record batches of an answer belong to aborted transactions (read_committed).
//
// The broker lists {producer_id, first_offset}; a transaction ends at the abort marker of its producer, a control
// batch. So the record batches have to be told in their order, from the first of the answer on.
// Source: CompletedFetch.java (consumeAbortedTransactionsUpTo, containsAbortMarker), ControlRecordType.java.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "ductus/result.h"
#include "kafka/record_batch.h"
#include "ports/batch_source.h"

namespace ductus::kafka {

class AbortedTransactions {
 public:
  /// `listed` in whatever order, as the broker sent it.
  explicit AbortedTransactions(std::vector<ports::AbortedTransaction> listed);

  /// Takes note of the next record batch: `batch` is all of it, header included.
  /// True: its records were aborted. Error: kCorrupt for a control batch that cannot be read.
  Result<bool> next_is_aborted(const RecordBatchHeader& header, base::ByteView batch);

 private:
  std::vector<ports::AbortedTransaction> listed_;  // by first_offset
  std::size_t begun_ = 0;                          // how many of them
  std::unordered_set<std::int64_t> open_;          // producers
};

}  // namespace ductus::kafka
