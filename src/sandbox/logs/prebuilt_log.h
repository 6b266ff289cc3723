// PrebuiltLog: 64 distinct record batches of about 64 KiB that repeat with rising offsets, so that a partition of
// any length is served at the speed of memory.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sandbox/logs/partition_log.h"
#include "sandbox/logs/record_batch.h"

namespace ductus::sandbox {

class PrebuiltLog final : public PartitionLog {
 public:
  static constexpr std::int64_t kMinValueBytes = 20;
  static constexpr std::int64_t kMaxValueBytes = 1'000'000;
  /// The length of a log without a last message: no reader gets there.
  static constexpr std::int64_t kEndless = std::int64_t{1} << 50;

  /// `value_bytes` within the bounds above; `messages` at least 0, nullopt: endless.
  PrebuiltLog(std::int64_t value_bytes, Codec codec, std::optional<std::int64_t> messages);

  std::int64_t end_offset(base::Time) const override { return messages_.value_or(kEndless); }
  std::optional<base::Time> grows_at(base::Time) const override { return std::nullopt; }
  StoredBatch batch_at(std::int64_t offset) override;
  std::int64_t timestamp_ms(std::int64_t offset) const override;
  std::optional<Expectation> expectation() const override;

  std::int64_t records_per_batch() const noexcept { return records_per_batch_; }

 private:
  struct Pattern {
    std::vector<std::uint8_t> bytes;
    std::vector<std::uint64_t> first_eights;  // of each value
  };
  Pattern make_pattern(std::int64_t number, std::int64_t records, Codec codec) const;

  const std::int64_t value_bytes_;
  const std::optional<std::int64_t> messages_;
  const std::int64_t records_per_batch_;
  std::vector<Pattern> patterns_;
  std::vector<std::uint8_t> tail_;  // the last batch, where it is shorter than the others
};

}  // namespace ductus::sandbox
