#include "sim/world/legacy_broker.h"

#include <algorithm>

namespace ductus::sim {
namespace {

constexpr std::int16_t kFetch = 1;
constexpr std::int16_t kMultiFetch = 2;
constexpr std::int16_t kOffsets = 4;

constexpr std::int16_t kOffsetOutOfRange = 1;
constexpr std::int16_t kWrongPartition = 3;

constexpr std::int64_t kLatest = -1;
constexpr std::int64_t kEarliest = -2;

}  // namespace

LegacyBroker::Range LegacyBroker::read_range(base::BigEndianReader& in) {
  const base::ByteView topic = in.raw(static_cast<std::size_t>(std::max<std::int16_t>(in.i16(), 0)));
  Range range{std::string(topic.begin(), topic.end())};
  range.partition = in.i32();
  range.offset = in.i64();
  range.max_bytes = in.i32();
  return range;
}

// A question for no bytes asks whether the log is there, and reads nothing.
void LegacyBroker::note_request(base::ByteView request) {
  base::BigEndianReader in(request.subspan(4));
  const std::int16_t key = in.i16();
  if (key != kFetch && key != kMultiFetch) return;
  for (std::int16_t left = key == kFetch ? std::int16_t{1} : in.i16(); left > 0; --left) {
    const Range range = read_range(in);
    if (range.max_bytes > 0) brokers_.on_fetch({&logs_.topic(range.topic), range.partition, range.offset});
  }
}

Reply LegacyBroker::answer(Broker& broker, base::ByteView request) {
  Reply reply;
  reply.hang_up = broker.hangs_up_until > timeline_.now() && random_.chance(0.3);
  base::BigEndianReader in(request.subspan(4));
  base::BigEndianWriter out;
  switch (in.i16()) {
    case kFetch: {
      const Part part = fetch(broker, read_range(in));
      out.i16(part.error);
      out.raw(part.set);
      break;
    }
    case kMultiFetch:
      multi_fetch(broker, in, out);
      break;
    case kOffsets:
      reply.hang_up = !offsets(broker, in, out) || reply.hang_up;
      break;
    default:
      reply.hang_up = true;
  }
  reply.frame = std::move(out).take();
  if (!reply.hang_up && broker.mangles_until > timeline_.now() && random_.chance(0.3)) mangle(reply.frame);
  return reply;
}

void LegacyBroker::multi_fetch(const Broker& broker, base::BigEndianReader& in, base::BigEndianWriter& out) {
  out.i16(0);
  for (std::int16_t left = in.i16(); left > 0; --left) {
    const Part part = fetch(broker, read_range(in));
    out.i32(static_cast<std::int32_t>(part.set.size()) + 2);
    out.i16(part.error);
    out.raw(part.set);
  }
}

// There is no error code in it: where something is wrong with the partition, the broker hangs up.
bool LegacyBroker::offsets(const Broker& broker, base::BigEndianReader& in, base::BigEndianWriter& out) {
  const base::ByteView name = in.raw(static_cast<std::size_t>(std::max<std::int16_t>(in.i16(), 0)));
  const std::string topic(name.begin(), name.end());
  const std::int32_t partition = in.i32();
  const std::int64_t time = in.i64();
  const Log* log = log_of(topic, partition);
  if (log == nullptr) return false;
  if (scripted_error(topic, partition) != 0 && random_.chance(0.7)) return false;
  const bool is_known = time == kLatest || time == kEarliest;
  out.i16(0);
  out.i32(is_known ? 1 : 0);
  if (is_known) out.i64(time == kEarliest ? log->start : visible_end(broker, *log));
  return true;
}

LegacyBroker::Part LegacyBroker::fetch(const Broker& broker, const Range& range) {
  Log* log = log_of(range.topic, range.partition);
  if (log == nullptr) return {kWrongPartition, {}};
  if (const std::int16_t error = scripted_error(range.topic, range.partition)) return {error, {}};
  // 0.7.2 has nothing to say of a log that is not there; 0.6 makes it.
  if (log->leader < 0 && line_ == kafka06::Line::k07) return {};
  const std::int64_t end = visible_end(broker, *log);
  if (range.offset < log->start || range.offset > end) return {kOffsetOutOfRange, {}};
  // An answer comes out of one segment.
  const auto next = std::ranges::upper_bound(log->segments, range.offset);
  const std::int64_t segment_end = next == log->segments.end() ? end : std::min(*next, end);
  const bool spoils = broker.corrupts_until > timeline_.now() && random_.chance(0.2);
  return {0, bytes_of(*log, range.offset, std::min(range.offset + range.max_bytes, segment_end), spoils)};
}

// `spoil`: one byte is another, of those by which a reader can see it.
std::vector<std::uint8_t> LegacyBroker::bytes_of(Log& log, std::int64_t from, std::int64_t to, bool spoil) {
  constexpr std::size_t kMagicAt = 4;
  constexpr std::size_t kAttributesAt = 5;
  std::vector<std::uint8_t> bytes;
  const std::size_t spoilt_at = spoil && to > from ? random_.below(static_cast<std::size_t>(to - from)) : SIZE_MAX;
  for (std::size_t i = log.batch_at(from); i < log.batches.size() && log.batches[i].base < to; ++i) {
    const LogBatch& entry = log.batches[i];
    const auto first = static_cast<std::size_t>(std::max<std::int64_t>(from - entry.base, 0));
    const std::size_t last = std::min(entry.bytes.size(), static_cast<std::size_t>(to - entry.base));
    const std::size_t before = bytes.size();
    bytes.insert(bytes.end(), entry.bytes.begin() + static_cast<std::ptrdiff_t>(first),
                 entry.bytes.begin() + static_cast<std::ptrdiff_t>(last));
    if (spoilt_at < before || spoilt_at >= bytes.size()) continue;
    log.is_sound = false;
    const bool is_attributes = entry.bytes[kMagicAt] == 1 && spoilt_at - before + first == kAttributesAt;
    if (!is_attributes) bytes[spoilt_at] ^= static_cast<std::uint8_t>(1 + random_.below(255));
  }
  return bytes;
}

Log* LegacyBroker::log_of(const std::string& topic, std::int32_t partition) {
  Topic& known = logs_.topic(topic);
  if (partition < 0 || static_cast<std::size_t>(partition) >= known.logs.size()) return nullptr;
  return &known.logs[static_cast<std::size_t>(partition)];
}

std::int16_t LegacyBroker::scripted_error(const std::string& topic, std::int32_t partition) const {
  const auto found = brokers_.errors.find({topic, partition});
  return found != brokers_.errors.end() && found->second.until > timeline_.now() ? found->second.code : std::int16_t{0};
}

void LegacyBroker::keep_unflushed(Broker& broker, base::Time until) {
  broker.keeps_unflushed_until = until;
  flushed_.clear();
  for (const std::string& name : logs_.names()) {
    for (const Log& log : logs_.topic(name).logs) flushed_[&log] = log.end;
  }
}

std::int64_t LegacyBroker::visible_end(const Broker& broker, const Log& log) const {
  if (broker.keeps_unflushed_until <= timeline_.now()) return log.end;
  return std::clamp(flushed_.at(&log), log.start, log.end);
}

// Cut off, too long, or with the code of an error that is none.
void LegacyBroker::mangle(std::vector<std::uint8_t>& frame) {
  switch (random_.below(3)) {
    case 0:
      frame.resize(random_.below(frame.size()));
      break;
    case 1:
      frame.resize(frame.size() + 70'000);
      break;
    default:
      frame[0] ^= 0x55;
  }
}

}  // namespace ductus::sim
