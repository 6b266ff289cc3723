// EventLog: a finite row of generated events, each telling its partition and its sequence number (= offset).
//
// Without a rate all are there from the start, stamped one millisecond apart up to that moment. With a rate they
// appear one after another, a batch at a time, stamped with the time at which they are due.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sandbox/logs/partition_log.h"

namespace ductus::sandbox {

class EventLog final : public PartitionLog {
 public:
  struct Plan {
    std::int32_t partition = 0;
    std::int64_t messages = 0;
    std::optional<std::int64_t> rate_per_s;  ///< at least 1
  };
  /// The moment at which the log begins, on both clocks.
  struct Start {
    base::Time time;
    std::int64_t since_1970_ms = 0;
  };
  EventLog(Plan plan, Start start);

  std::int64_t end_offset(base::Time now) const override;
  std::optional<base::Time> grows_at(base::Time now) const override;
  StoredBatch batch_at(std::int64_t offset) override;
  std::int64_t timestamp_ms(std::int64_t offset) const override;
  std::optional<Expectation> expectation() const override;

  std::int64_t records_per_batch() const noexcept { return records_per_batch_; }
  /// The value of the event at `sequence`.
  static std::string value(std::int32_t partition, std::int64_t sequence);

 private:
  const Plan plan_;
  const Start start_;
  const std::int64_t records_per_batch_;
  std::vector<std::vector<std::uint8_t>> batches_;  // made when first asked for
};

}  // namespace ductus::sandbox
