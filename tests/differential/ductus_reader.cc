// read_by_ductus(): what the planner and the runner do with an answer, without their world.
#include <cstdint>

#include "differential/outcome.h"
#include "kafka/record_batch.h"
#include "kafka/set_decoder.h"

namespace ductus::differential {
namespace {

std::optional<std::string> text_of(std::string_view bytes, bool is_there) {
  return is_there ? std::optional<std::string>(bytes) : std::nullopt;
}

ReadMessage copy_of(const Message& message) {
  ReadMessage copy{message.offset(),
                   message.timestamp_ms(),
                   text_of(message.key(), message.has_key()),
                   text_of(message.value(), message.has_value()),
                   {}};
  for (const auto& header : message.headers()) {
    // librdkafka gives names as C strings.
    copy.headers.emplace_back(header.key.substr(0, header.key.find('\0')),
                              header.value ? std::optional<std::string>(*header.value) : std::nullopt);
  }
  return copy;
}

void decode(const ports::FetchedSet& set, Outcome& outcome) {
  ports::DecodeArena arena;
  ports::SetCursor cursor{0, set.asked_offset};
  for (bool last = false; !last;) {
    const auto batch = kafka::RecordSetDecoder().decode(set, cursor, SIZE_MAX, arena);
    if (!batch) {
      outcome.refusal = batch.error().message;
      return;
    }
    for (const auto& message : arena.messages) outcome.messages.push_back(copy_of(message));
    cursor = batch->cursor;
    outcome.next_offset = cursor.next_offset;
    last = batch->last;
  }
}

}  // namespace

Outcome read_by_ductus(const Input& input) {
  Outcome outcome;
  outcome.next_offset = input.asked_offset;
  const kafka::Hop hop = kafka::hop(input.records, -1);
  if (hop.bytes > 0 && hop.first_last_offset < input.asked_offset) {
    outcome.refusal = "a record batch below the asked offset";
    return outcome;
  }
  ports::FetchedSet set;
  set.records = base::ByteView(input.records).first(hop.bytes);
  set.asked_offset = input.asked_offset;
  set.aborted = input.aborted;
  if (hop.bytes > 0) decode(set, outcome);
  if (outcome.refusal) return outcome;
  if (hop.end == kafka::Hop::End::kRefused) outcome.refusal = hop.refusal.message;
  if (hop.bytes == 0 && hop.end == kafka::Hop::End::kCutTail) outcome.refusal = "cut off";
  return outcome;
}

}  // namespace ductus::differential
