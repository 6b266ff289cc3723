#include "sandbox/logs/event_log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <string_view>

#include "sandbox/logs/record_batch.h"

namespace ductus::sandbox {
namespace {

constexpr std::int64_t kRecordsPerBatch = 500;
constexpr std::int64_t kBatchesPerSecond = 10;

// The mixing step of SplitMix64: the same number gives the same event, on every machine.
std::uint64_t mixed(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15U;
  number = (number ^ (number >> 30)) * 0xBF58476D1CE4E5B9U;
  number = (number ^ (number >> 27)) * 0x94D049BB133111EBU;
  return number ^ (number >> 31);
}

std::int64_t batch_size(std::optional<std::int64_t> rate_per_s) {
  return rate_per_s ? std::clamp<std::int64_t>(*rate_per_s / kBatchesPerSecond, 1, kRecordsPerBatch) : kRecordsPerBatch;
}

std::string user_of(std::int32_t partition, std::int64_t sequence) {
  const std::uint64_t number = (static_cast<std::uint64_t>(partition) << 48) + static_cast<std::uint64_t>(sequence);
  return "u" + std::to_string(mixed(number) % 1000);
}

}  // namespace

EventLog::EventLog(Plan plan, Start start)
    : plan_(plan), start_(start), records_per_batch_(batch_size(plan.rate_per_s)) {}

std::int64_t EventLog::end_offset(base::Time now) const {
  if (!plan_.rate_per_s) return plan_.messages;
  const double elapsed_s = std::chrono::duration<double>(now - start_.time).count();
  const double due = elapsed_s * static_cast<double>(*plan_.rate_per_s);
  if (due >= static_cast<double>(plan_.messages)) return plan_.messages;
  return static_cast<std::int64_t>(due) / records_per_batch_ * records_per_batch_;
}

std::optional<base::Time> EventLog::grows_at(base::Time now) const {
  const std::int64_t end = end_offset(now);
  if (end >= plan_.messages) return std::nullopt;
  const std::int64_t next = std::min(end + records_per_batch_, plan_.messages);
  const double due_s = static_cast<double>(next) / static_cast<double>(*plan_.rate_per_s);
  // A microsecond more, so that rounding cannot make it a moment too early.
  return start_.time + std::chrono::nanoseconds(static_cast<std::int64_t>(due_s * 1e9) + 1000);
}

std::int64_t EventLog::timestamp_ms(std::int64_t offset) const {
  if (!plan_.rate_per_s) return start_.since_1970_ms - plan_.messages + offset;
  const double due_ms = static_cast<double>(offset) * 1000.0 / static_cast<double>(*plan_.rate_per_s);
  return start_.since_1970_ms + static_cast<std::int64_t>(due_ms);
}

StoredBatch EventLog::batch_at(std::int64_t offset) {
  const auto number = static_cast<std::size_t>(offset / records_per_batch_);
  const std::int64_t base_offset = static_cast<std::int64_t>(number) * records_per_batch_;
  const std::int64_t next_offset = std::min(base_offset + records_per_batch_, plan_.messages);
  if (number >= batches_.size()) batches_.resize(number + 1);
  std::vector<std::uint8_t>& bytes = batches_[number];
  if (bytes.empty()) {
    RecordBatchWriter batch(Codec::kNone, timestamp_ms(base_offset));
    for (std::int64_t sequence = base_offset; sequence < next_offset; ++sequence) {
      batch.record(timestamp_ms(sequence), user_of(plan_.partition, sequence), value(plan_.partition, sequence));
    }
    bytes = batch.finish();
  }
  return {base_offset, next_offset, bytes};
}

std::optional<Expectation> EventLog::expectation() const {
  Expectation expected{plan_.messages, 0, 0};
  for (std::int64_t sequence = 0; sequence < plan_.messages; ++sequence) {
    const std::string event = value(plan_.partition, sequence);
    expected.value_bytes += static_cast<std::int64_t>(event.size());
    expected.checksum += first_eight_bytes({reinterpret_cast<const std::uint8_t*>(event.data()), event.size()}) ^
                         static_cast<std::uint64_t>(sequence);
  }
  return expected;
}

std::string EventLog::value(std::int32_t partition, std::int64_t sequence) {
  static constexpr std::array<std::string_view, 5> kActions = {"view", "view", "search", "cart", "buy"};
  const std::uint64_t number =
      mixed(mixed(static_cast<std::uint64_t>(sequence)) + static_cast<std::uint64_t>(partition));
  std::string event = "{\"partition\":" + std::to_string(partition);
  event += ",\"sequence\":" + std::to_string(sequence);
  event += ",\"user\":\"" + user_of(partition, sequence) + "\",\"action\":\"";
  event += kActions[number % kActions.size()];
  event += "\",\"amount_cents\":" + std::to_string(number / 8 % 10'000) + "}";
  return event;
}

}  // namespace ductus::sandbox
