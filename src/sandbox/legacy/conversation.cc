#include "sandbox/legacy/conversation.h"

#include <algorithm>
#include <string>
#include <utility>

namespace ductus::sandbox::legacy {
namespace {

enum Key : std::int16_t { kProduce = 0, kFetch = 1, kMultiFetch = 2, kMultiProduce = 3, kOffsets = 4 };

Error corrupt(std::string what) { return {ErrorCode::kCorrupt, std::move(what)}; }

// Any negative length stands for null.
std::string_view read_topic(kafka::Reader& reader) {
  const std::int16_t length = reader.i16();
  if (length < 0) return {};
  const base::ByteView bytes = reader.raw(static_cast<std::size_t>(length));
  // Of an empty view data() may be null: a name that is empty is none of those.
  return bytes.empty() ? std::string_view("")
                       : std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Negative: nothing can be read.
std::size_t read_count(kafka::Reader& reader) {
  const std::int16_t count = reader.i16();
  if (count < 0) reader.fail();
  return count < 0 ? 0 : static_cast<std::size_t>(count);
}

template <class Request>
std::vector<AskedPlace> places_of(const std::vector<Request>& requests) {
  std::vector<AskedPlace> places;
  for (const Request& request : requests) places.push_back({request.topic, request.partition});
  return places;
}

}  // namespace

Result<bool> LegacyConversation::wants(std::int32_t length) const {
  const std::int32_t most = broker_.line() == Line::k06 ? kHeapBytes : kMaxRequestBytes;
  if (length <= 0 || length > most) {
    return Error{ErrorCode::kLimit, "a request of " + std::to_string(length) + " bytes"};
  }
  return length <= kMaxRequestBytes;
}

Result<void> LegacyConversation::hear(base::ByteView request, base::Time now) {
  fate_ = {};
  kafka::Reader reader(request);
  const std::int16_t key = reader.i16();
  if (!reader.ok()) return corrupt("a request shorter than its key");
  switch (key) {
    case kProduce:
      return hear_produces(1, reader, now);
    case kFetch:
      return hear_fetches(1, false, reader, now);
    case kMultiFetch:
      return hear_fetches(read_count(reader), true, reader, now);
    case kMultiProduce:
      return hear_produces(read_count(reader), reader, now);
    case kOffsets:
      return hear_offsets(reader, now);
    default:
      return Error{ErrorCode::kUnsupported, "a request with key " + std::to_string(key)};
  }
}

std::optional<Answer> LegacyConversation::answer(base::Time) { return std::exchange(answer_, std::nullopt); }

void LegacyConversation::meet_faults(Moment moment, const std::vector<AskedPlace>& asked, base::Time now) {
  if (faults_.none()) return;
  fate_ = faults_.meet(moment, node_id_, asked, now);
  for (const LogChange& change : fate_.log_changes) broker_.change(change, now);
}

// ---- PRODUCE, MULTIPRODUCE ---------------------------------------------------------------------------------

LegacyConversation::Produce LegacyConversation::read_produce(kafka::Reader& reader) {
  Produce produce{};
  produce.topic = read_topic(reader);
  produce.partition = reader.i32();
  const std::int32_t length = reader.i32();
  if (length < 0) reader.fail();
  produce.set = reader.raw(static_cast<std::size_t>(std::max(length, 0)));
  return produce;
}

Result<void> LegacyConversation::hear_produces(std::size_t count, kafka::Reader& reader, base::Time now) {
  std::vector<Produce> produces;
  while (produces.size() < count && reader.ok()) produces.push_back(read_produce(reader));
  if (!reader.ok()) return corrupt("a PRODUCE that does not parse");
  meet_faults(Moment::kProduce, places_of(produces), now);
  for (const Produce& produce : produces) {
    auto produced = broker_.produce(produce.topic, produce.partition, produce.set, now);
    if (!produced) return produced;
  }
  answer_.emplace();
  return {};
}

// ---- FETCH, MULTIFETCH -------------------------------------------------------------------------------------

LegacyConversation::Fetch LegacyConversation::read_fetch(kafka::Reader& reader) {
  Fetch fetch{};
  fetch.topic = read_topic(reader);
  fetch.partition = reader.i32();
  fetch.offset = reader.i64();
  fetch.max_bytes = reader.i32();
  return fetch;
}

Result<LegacyConversation::Part> LegacyConversation::read_part(const Fetch& fetch, base::Time now) {
  if (const auto error = fate_.error_of(fetch.topic, fetch.partition)) return Part{WireError{*error}};
  if (fetch.topic.data() == nullptr && broker_.line() == Line::k07) return corrupt("a FETCH of the topic null");
  const Broker::Found found = broker_.find(fetch.topic, fetch.partition, now);
  if (found.error != WireError::kNone || found.log == nullptr) return Part{found.error};
  auto slice = found.log->read(fetch.offset, fetch.max_bytes, broker_.wall_ms(now));
  if (!slice) return Part{WireError::kOffsetOutOfRange};
  return Part{WireError::kNone, *std::move(slice)};
}

Result<void> LegacyConversation::hear_fetches(std::size_t count, bool multi, kafka::Reader& reader, base::Time now) {
  std::vector<Fetch> fetches;
  while (fetches.size() < count && reader.ok()) fetches.push_back(read_fetch(reader));
  if (!reader.ok()) return corrupt("a FETCH that does not parse");
  meet_faults(Moment::kFetch, places_of(fetches), now);

  constexpr std::int64_t kErrorBytes = 2;
  std::vector<Part> parts;
  std::int64_t length = kErrorBytes;
  std::int64_t sent_bytes = kErrorBytes;  // without what negative sizes take off
  for (const Fetch& fetch : fetches) {
    Result<Part> part = read_part(fetch, now);
    if (!part) return part.error();
    length += 4 + kErrorBytes + part->slice.bytes;
    sent_bytes += 4 + kErrorBytes + std::max<std::int64_t>(part->slice.bytes, 0);
    if (sent_bytes > INT32_MAX) return Error{ErrorCode::kLimit, "a MULTIFETCH of more than an answer holds"};
    parts.push_back(*std::move(part));
  }

  Answer& answer = answer_.emplace();
  kafka::Writer& out = answer.frame.own();
  if (multi) {
    out.i32(static_cast<std::int32_t>(length));
    out.i16(0);
  }
  for (const Part& part : parts) {
    out.i32(static_cast<std::int32_t>(kErrorBytes + part.slice.bytes));
    out.i16(static_cast<std::int16_t>(part.error));
    for (const SharedBytes& piece : part.slice.pieces) answer.frame.borrow(piece.bytes, piece.owner);
    answer.ends = part.slice.bytes < 0;  // a negative max_size: here a broker stumbles over its own answer
    if (answer.ends) break;
  }
  answer.frame.seal();
  return {};
}

// ---- OFFSETS -----------------------------------------------------------------------------------------------

Result<void> LegacyConversation::hear_offsets(kafka::Reader& reader, base::Time now) {
  const std::string_view topic = read_topic(reader);
  const std::int32_t partition = reader.i32();
  const std::int64_t time_ms = reader.i64();
  const std::int32_t max_offsets = reader.i32();
  if (!reader.ok()) return corrupt("an OFFSETS that does not parse");
  meet_faults(Moment::kListOffsets, {{topic, partition}}, now);

  const Broker::Found found = broker_.find(topic, partition, now);
  if (found.error != WireError::kNone) return corrupt("an OFFSETS of a partition that cannot be");
  std::vector<std::int64_t> offsets;
  if (found.log != nullptr) {
    if (max_offsets < 0) return corrupt("an OFFSETS for less than none");
    offsets = found.log->offsets_before(time_ms, static_cast<std::size_t>(max_offsets), broker_.wall_ms(now));
  } else if (time_ms == ByteLog::kLatest || time_ms == ByteLog::kEarliest) {
    offsets = {0};
  }
  const std::optional<std::int16_t> error = fate_.error_of(topic, partition);
  if (error) offsets.clear();
  Answer& answer = answer_.emplace();
  kafka::Writer& out = answer.frame.own();
  out.i32(0);
  out.i16(error.value_or(0));
  out.i32(static_cast<std::int32_t>(offsets.size()));
  for (const std::int64_t offset : offsets) out.i64(offset);
  answer.frame.seal_with_length();
  return {};
}

}  // namespace ductus::sandbox::legacy
