#include "sandbox/legacy/prebuilt_sets.h"

#include <algorithm>
#include <string>

#include "kafka/wire.h"
#include "sandbox/legacy/message_set.h"
#include "sandbox/logs/log_lines.h"

namespace ductus::sandbox::legacy {
namespace {

constexpr std::int64_t kSets = 64;
constexpr std::int64_t kSetBytes = 64 * 1024;

}  // namespace

PrebuiltSets::PrebuiltSets(Line line, const Plan& plan)
    : plan_(plan),
      messages_per_set_(std::max<std::int64_t>(
          1, kSetBytes / (plan.value_bytes + static_cast<std::int64_t>(entry_overhead_bytes(line))))),
      cycle_(std::make_shared<std::vector<std::uint8_t>>()) {
  for (std::size_t number = 0; number < kSets; ++number) make_set(line, number, messages_per_set_);
  const std::int64_t rest = plan.messages % messages_per_set_;
  if (rest > 0) make_set(line, static_cast<std::size_t>(plan.messages / messages_per_set_ % kSets), rest);
}

void PrebuiltSets::make_set(Line line, std::size_t number, std::int64_t messages) {
  // Seeded by its number: a shorter set starts with the same messages as the full one.
  std::mt19937 random(static_cast<std::mt19937::result_type>(number + 1));
  kafka::Writer plain;
  for (std::int64_t i = 0; i < messages; ++i) {
    const std::string value = log_line(random, plan_.value_bytes);
    const base::ByteView payload{reinterpret_cast<const std::uint8_t*>(value.data()), value.size()};
    first_eights_.push_back(first_eight_bytes(payload));
    write_entry(line, Codec::kNone, payload, plain);
  }
  kafka::Writer outer;
  if (plan_.codec != Codec::kNone) write_entry(line, plan_.codec, compressed(plan_.codec, plain.bytes()), outer);
  const std::vector<std::uint8_t>& set = plan_.codec == Codec::kNone ? plain.bytes() : outer.bytes();
  cycle_->insert(cycle_->end(), set.begin(), set.end());
  ends_.push_back(cycle_->size());
}

SharedBytes PrebuiltSets::set_at(std::size_t place) const {
  const std::size_t start = place == 0 ? 0 : ends_[place - 1];
  return {base::ByteView(*cycle_).subspan(start, ends_[place] - start), cycle_};
}

void PrebuiltSets::append_to(ByteLog& log) const {
  const std::int64_t full_sets = plan_.messages / messages_per_set_;
  for (std::int64_t number = 0; number < full_sets; ++number) {
    log.append_shared(set_at(static_cast<std::size_t>(number % kSets)), kFirstWrittenMs + number);
  }
  if (ends_.size() > kSets) log.append_shared(set_at(kSets), kFirstWrittenMs + full_sets);
}

Expectation PrebuiltSets::expectation() const {
  Expectation expected{plan_.messages, plan_.messages * plan_.value_bytes, 0};
  const std::int64_t messages_per_cycle = kSets * messages_per_set_;
  for (std::int64_t number = 0; number < plan_.messages; ++number) {
    expected.checksum +=
        first_eights_[static_cast<std::size_t>(number % messages_per_cycle)] ^ static_cast<std::uint64_t>(number);
  }
  return expected;
}

}  // namespace ductus::sandbox::legacy
