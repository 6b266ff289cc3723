#include "sandbox/logs/prebuilt_log.h"

#include <algorithm>
#include <random>
#include <string>

#include "sandbox/logs/log_lines.h"

namespace ductus::sandbox {
namespace {

constexpr std::int64_t kPatterns = 64;
constexpr std::int64_t kBatchBytes = 64 * 1024;
constexpr std::int64_t kBatchHeaderBytes = 61;
constexpr std::int64_t kKeyBytes = 8;
constexpr std::int64_t kTimestampMs = 1'700'000'000'000;

}  // namespace

PrebuiltLog::PrebuiltLog(std::int64_t value_bytes, Codec codec, std::optional<std::int64_t> messages)
    : value_bytes_(value_bytes),
      messages_(messages),
      records_per_batch_(
          std::max<std::int64_t>(1, (kBatchBytes - kBatchHeaderBytes) /
                                        (value_bytes + kKeyBytes + static_cast<std::int64_t>(kRecordOverheadBytes)))) {
  for (std::int64_t number = 0; number < kPatterns; ++number) {
    patterns_.push_back(make_pattern(number, records_per_batch_, codec));
  }
  const std::int64_t rest = messages.value_or(0) % records_per_batch_;
  if (rest > 0) tail_ = make_pattern(*messages / records_per_batch_ % kPatterns, rest, codec).bytes;
}

PrebuiltLog::Pattern PrebuiltLog::make_pattern(std::int64_t number, std::int64_t records, Codec codec) const {
  // Seeded by its number: a shorter batch starts with the same records as the full one.
  std::mt19937 random(static_cast<std::mt19937::result_type>(number + 1));
  Pattern pattern;
  RecordBatchWriter batch(codec, kTimestampMs);
  for (std::int64_t i = 0; i < records; ++i) {
    const std::string key = text_of("k%03u%04u", static_cast<unsigned>(number), random() % 10'000);
    const std::string value = log_line(random, value_bytes_);
    pattern.first_eights.push_back(
        first_eight_bytes({reinterpret_cast<const std::uint8_t*>(value.data()), value.size()}));
    batch.record(kTimestampMs, key, value);
  }
  pattern.bytes = batch.finish();
  return pattern;
}

StoredBatch PrebuiltLog::batch_at(std::int64_t offset) {
  const std::int64_t number = offset / records_per_batch_;
  const std::int64_t base_offset = number * records_per_batch_;
  const std::int64_t next_offset = base_offset + records_per_batch_;
  if (messages_ && next_offset > *messages_) return {base_offset, *messages_, tail_};
  return {base_offset, next_offset, patterns_[static_cast<std::size_t>(number % kPatterns)].bytes};
}

std::int64_t PrebuiltLog::timestamp_ms(std::int64_t) const { return kTimestampMs; }

std::optional<Expectation> PrebuiltLog::expectation() const {
  if (!messages_) return std::nullopt;
  Expectation expected{*messages_, *messages_ * value_bytes_, 0};
  for (std::int64_t base = 0; base < *messages_; base += records_per_batch_) {
    const Pattern& pattern = patterns_[static_cast<std::size_t>(base / records_per_batch_ % kPatterns)];
    const std::int64_t records = std::min(records_per_batch_, *messages_ - base);
    for (std::int64_t i = 0; i < records; ++i) {
      expected.checksum += pattern.first_eights[static_cast<std::size_t>(i)] ^ static_cast<std::uint64_t>(base + i);
    }
  }
  return expected;
}

}  // namespace ductus::sandbox
