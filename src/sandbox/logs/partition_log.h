// PartitionLog: what the broker serves of one partition: record batches that never change, by offset.
//
// Thread: one.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/clock.h"
#include "sandbox/logs/expectations.h"

namespace ductus::sandbox {

/// A record batch in its place. `bytes` start with a prefix of kBatchPrefixBytes whose base offset is to be
/// replaced by this one; they live as long as the log.
struct StoredBatch {
  std::int64_t base_offset = 0;
  std::int64_t next_offset = 0;
  base::ByteView bytes;
};

class PartitionLog {
 public:
  virtual ~PartitionLog() = default;

  /// The first offset not yet readable; always the edge of a batch. The log starts at 0.
  virtual std::int64_t end_offset(base::Time now) const = 0;
  /// When end_offset() grows next; nullopt: never.
  virtual std::optional<base::Time> grows_at(base::Time now) const = 0;
  /// The batch that holds `offset`, which lies below the end.
  virtual StoredBatch batch_at(std::int64_t offset) = 0;
  /// Milliseconds since 1970 of the message at `offset`, which lies below the end.
  virtual std::int64_t timestamp_ms(std::int64_t offset) const = 0;
  /// nullopt: the partition has no last message.
  virtual std::optional<Expectation> expectation() const = 0;
};

}  // namespace ductus::sandbox
