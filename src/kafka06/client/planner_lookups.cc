// What the broker says of the ends of a log: the half of Planner that compares it with the place.
#include <algorithm>
#include <utility>

#include "kafka06/client/planner.h"

namespace ductus::kafka06 {

// The request that carried it is over. True: it still stands.
bool Planner::still_looked_up(const Ask& ask) {
  PartitionSlot& slot = *ask.slot;
  if (slot.lookup != ask.number) return false;
  slot.lookup_out = 0;
  return true;
}

// A log that is there says that the far offset is out of its range.
void Planner::checked(const Sent& sent, const FetchAnswer& answer, base::Time now, ports::SourceEffects& out) {
  for (std::size_t i = 0; i < sent.asks.size(); ++i) {
    const Ask& ask = sent.asks[i];
    if (!still_looked_up(ask)) continue;
    PartitionSlot& slot = *ask.slot;
    const BrokerError error = answer.parts[i].error;
    if (error == BrokerError::kNone) {
      slot.exists = false;
      slot.found_start = slot.found_end = 0;
      looked_up(slot, 0, now, out);
      continue;
    }
    if (error == BrokerError::kOffsetOutOfRange) {
      slot.exists = true;
    } else {
      tell_error(slot, error, now, out);
    }
    lookups_.push_back({&slot, slot.lookup});
  }
}

void Planner::listed(const Sent& sent, const OffsetsAnswer& answer, base::Time now, ports::SourceEffects& out) {
  const Ask& ask = sent.asks.front();
  PartitionSlot& slot = *ask.slot;
  if (slot.lookup != ask.number) return;
  if (answer.error != BrokerError::kNone) {
    (void)still_looked_up(ask);
    tell_error(slot, answer.error, now, out);
    return ask_lookup(slot);
  }
  const std::optional<std::int64_t> offset =
      answer.offsets.empty() ? std::nullopt : std::optional(answer.offsets.front());
  if (sent.which == Which::kTime) {
    (void)still_looked_up(ask);
    return looked_up(slot, offset.value_or(*slot.found_start), now, out);  // none: all is younger
  }
  if (sent.which == Which::kStart) {
    slot.found_start = offset;
    return;
  }
  (void)still_looked_up(ask);
  slot.found_end = offset;
  if (!slot.found_start || !slot.found_end || *slot.found_start > *slot.found_end || *slot.found_end >= kFarOffset) {
    book_.failing(slot,
                  {ErrorCode::kCorrupt, name_of_slot(slot) + ": impossible answer: the log starts at offset " +
                                            std::to_string(slot.found_start.value_or(-1)) + " and ends at " +
                                            std::to_string(slot.found_end.value_or(-1))},
                  now, out);
    book_.delay(slot, now);
    return ask_lookup(slot);
  }
  slot.hang_ups = 0;
  if (slot.query && slot.query->which == ports::OffsetQuery::kAtTime) {
    lookups_.push_back({&slot, slot.lookup});
    return;
  }
  looked_up(slot, std::nullopt, now, out);
}

void Planner::looked_up(PartitionSlot& slot, std::optional<std::int64_t> at_time, base::Time now,
                        ports::SourceEffects& out) {
  const std::int64_t start = *slot.found_start;
  const std::int64_t end = *slot.found_end;
  slot.lookup = 0;
  book_.look_again(slot, now);
  note_look_again(slot, now);
  const bool has_shrunk = end < slot.end_when_asked;
  if (has_shrunk) slot.shrunk_from = slot.end_when_asked;
  // What was read meanwhile lies behind the end that was told.
  book_.note_bounds(slot, start, has_shrunk ? end : std::max(end, slot.readable_end), out);
  if (slot.question == 0) book_.served(slot, out);
  if (const auto query = std::exchange(slot.query, std::nullopt)) {
    std::int64_t found = query->which == ports::OffsetQuery::kEarliest ? start : end;
    if (query->which == ports::OffsetQuery::kAtTime) found = std::clamp(at_time.value_or(end), start, end);
    out.emplace_back(ports::OffsetFound{slot.child, found, -1, {}});
  }
  judge_place(slot, now, out);
}

// Whether what is wanted lies in the log.
void Planner::judge_place(PartitionSlot& slot, base::Time now, ports::SourceEffects& out) {
  const bool was_refused = std::exchange(slot.out_of_range, false);
  if (slot.question == 0) return;
  const std::int64_t start = *slot.found_start;
  const std::int64_t end = *slot.found_end;
  if (slot.place != slot.place_when_asked) {  // the question is newer than what was looked up
    if (was_refused) queue_.push_back({&slot, slot.question});
    return;
  }
  const bool is_out_now = slot.in_flight != 0 && slot.place < start;  // its answer tells, if it was not in time
  if ((slot.place < start && !is_out_now) || slot.place > end || slot.place >= kFarOffset) {
    return stop_out_of_range(slot, out);
  }
  if (stop_if_shrunk(slot, out)) return;
  if (!was_refused) return;
  queue_.push_back({&slot, slot.question});
  book_.delay(slot, now);
  if (++slot.doubts < kDoubtsBeforeTrouble) return;
  book_.failing(slot,
                {ErrorCode::kCorrupt, name_of_slot(slot) + ": the broker says that offset " +
                                          std::to_string(slot.place) + " is out of range, and that the log is [" +
                                          std::to_string(start) + ", " + std::to_string(end) + ")"},
                now, out);
}

// Offsets of the log as it was may lie within messages of the log as it is. Where nothing was read of it, all is well.
bool Planner::stop_if_shrunk(PartitionSlot& slot, ports::SourceEffects& out) {
  const std::int64_t ended_at = std::exchange(slot.shrunk_from, -1);
  if (ended_at < 0) return false;
  if (slot.place <= slot.log_start) {
    read_anew(slot);
    return false;
  }
  book_.stop(slot,
             {ErrorCode::kRefused, name_of_slot(slot) + ": the log ended at " + std::to_string(ended_at) +
                                       " and then at " + std::to_string(slot.readable_end) +
                                       ": it was truncated or made anew, and offset " + std::to_string(slot.place) +
                                       " may lie within a message: reset the offset, or choose [offsets] "
                                       "when_truncated"},
             out, ports::Trouble::Kind::kTruncated);
  return true;
}

// What came of an entry is of a log that is gone.
void Planner::read_anew(PartitionSlot& slot) {
  if (slot.cut.empty()) return;
  book_.drop_cut(slot);
  if (slot.question == 0) return;
  slot.question = book_.number();
  queue_.push_back({&slot, slot.question});
}

void Planner::stop_out_of_range(PartitionSlot& slot, ports::SourceEffects& out) {
  const std::int64_t start = *slot.found_start;
  const std::int64_t end = *slot.found_end;
  std::string why = name_of_slot(slot) + ": offset " + std::to_string(slot.place);
  if (slot.exists == false) {
    why += " is wanted, but the broker has no log of this partition: it was deleted, or is another broker's";
  } else if (slot.place < start) {
    why += " lies before the log [" + std::to_string(start) + ", " + std::to_string(end) + ")";
    if (slot.place >= 0) why += ": " + std::to_string(start - slot.place) + " bytes were deleted before they were read";
  } else {
    why += " lies behind the log [" + std::to_string(start) + ", " + std::to_string(end) +
           "): it was truncated or made anew, or the offset is another broker's";
  }
  book_.stop(slot, {ErrorCode::kNotFound, why + "; reset the offset, or choose [offsets] when_out_of_range"}, out,
             ports::Trouble::Kind::kOffsetOutOfRange);
}

// The broker's only way to say that it does not know of what OFFSETS asks. FETCH says more: it is asked again.
void Planner::note_hang_up(PartitionSlot& slot, base::Time now, ports::SourceEffects& out) {
  slot.exists.reset();
  if (++slot.hang_ups < kDoubtsBeforeTrouble) return;
  book_.failing(slot,
                {ErrorCode::kNotFound, name_of_slot(slot) +
                                           ": the broker hangs up when it is asked for the ends of the log: see its "
                                           "log, and the partitions that the configuration names"},
                now, out, true);
  book_.delay_slowly(slot, now);
}

}  // namespace ductus::kafka06
