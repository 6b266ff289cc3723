// What the bytes of an answer mean: the half of Planner that judges.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "kafka06/client/planner.h"
#include "kafka06/set_decoder.h"

namespace ductus::kafka06 {
namespace {

// What an operator can do about an offset at which nothing can be read.
std::string advice(const PartitionSlot& slot) {
  std::string log = "its log";
  if (slot.log_start >= 0 && slot.readable_end >= 0) {
    log += " [" + std::to_string(slot.log_start) + ", " + std::to_string(slot.readable_end) + ")";
  }
  return "the offset is no boundary of messages, or the log is damaged there; set the offset to where one begins: the "
         "start or the end of " +
         log + ", or what the broker finds for a time";
}

}  // namespace

std::string Planner::name_of_slot(const PartitionSlot& slot) const {
  return topics_.name(slot.topic) + "/" + std::to_string(slot.partition) + " at " + where_;
}

Planner::Lane& Planner::lane_of(const Link& link) {
  const auto lane = std::ranges::find_if(lanes_, [&](const auto& one) { return &one->link == &link; });
  DUCTUS_ASSERT(lane != lanes_.end());
  return **lane;
}

// The request that carried it is over. True: its question still stands.
bool Planner::still_asked(const Ask& ask) {
  PartitionSlot& slot = *ask.slot;
  if (slot.in_flight == ask.number) slot.in_flight = 0;
  return slot.question == ask.number;
}

void Planner::answered(const Link& link, ports::Answer& answer, base::Time now, ports::SourceEffects& out) {
  Lane& lane = lane_of(link);
  DUCTUS_ASSERT(!lane.sent.empty());
  if (lane.sent.front().kind == Sent::Kind::kSets) {
    const auto& asks = lane.sent.front().asks;
    const auto& parts = static_cast<FetchAnswer&>(answer).parts;
    for (std::size_t i = 0; i < asks.size(); ++i) {
      if (parts[i].set.size() <= static_cast<std::size_t>(asks[i].max_bytes)) continue;
      lane.link.close(now, out);
      return take_back(lane, {ErrorCode::kCorrupt, where_ + ": more bytes of a partition than were asked for"}, now,
                       out);
    }
  }
  const Sent sent = std::move(lane.sent.front());
  lane.sent.pop_front();
  budget_.unreserve(sent.reserved);
  reserved_bytes_ -= sent.reserved;
  switch (sent.kind) {
    case Sent::Kind::kSets:
      return fetched(sent, static_cast<FetchAnswer&>(answer), now, out);
    case Sent::Kind::kExistence:
      return checked(sent, static_cast<FetchAnswer&>(answer), now, out);
    case Sent::Kind::kTopic:
      return topics_.answered(sent.topic, static_cast<FetchAnswer&>(answer).parts, where_, now, out);
    case Sent::Kind::kOffsets:
      return listed(sent, static_cast<OffsetsAnswer&>(answer), now, out);
  }
}

void Planner::fetched(const Sent& sent, FetchAnswer& answer, base::Time now, ports::SourceEffects& out) {
  const std::size_t first_effect = out.size();
  for (std::size_t i = 0; i < sent.asks.size(); ++i) {
    const Ask& ask = sent.asks[i];
    if (!still_asked(ask)) continue;
    PartitionSlot& slot = *ask.slot;
    const FetchedPart& part = answer.parts[i];
    slot.alone = false;
    if (part.error != BrokerError::kNone) {
      take_error(slot, part.error, now, out);
    } else if (part.set.empty()) {
      got_nothing(ask, now, out);
    } else {
      got_bytes(ask, part, answer, out);
    }
    if (slot.question == ask.number && !slot.out_of_range) queue_.push_back({&slot, slot.question});
  }
  charge_delivered(answer, first_effect, out);
}

void Planner::got_bytes(const Ask& ask, const FetchedPart& part, const FetchAnswer& answer, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  book_.served(slot, out);
  slot.exists = true;
  slot.doubts = 0;
  slot.idle_wait = {};
  slot.filled = part.set.size() == static_cast<std::size_t>(ask.max_bytes);
  const bool fresh = slot.fresh();
  base::Buffer joined;
  base::ByteView rest = part.set;
  if (!slot.cut.empty()) {
    rest = rest.subspan(book_.extend_cut(slot, part.set));
    if (!complete_cut(slot, fresh, out)) return;
    joined = book_.release_cut(slot);
    if (beyond_budget_ == &slot) beyond_budget_ = nullptr;
  } else if (part.first_is_bad) {
    return stop_unreadable(slot, *part.first_is_bad, out);
  }
  const bool is_walked = part.set.size() - part.skipped == rest.size();
  const Walk walked = is_walked ? part.walked : walk(rest);
  const base::ByteView tail = rest.subspan(walked.bytes);
  const bool begins = walked.bytes == 0 && joined.empty();  // with the first bytes of an entry, or of none
  if (begins && walked.end != Flaw::kCut) {
    return stop_unreadable(slot, {ErrorCode::kCorrupt, describe(walked.end, tail)}, out);
  }
  if (!begins) deliver(slot, std::move(joined), rest.first(walked.bytes), answer, out);
  const std::int64_t seen_end = slot.place + static_cast<std::int64_t>(tail.size());
  if (walked.end == Flaw::kCut && (begins || may_keep(tail))) (void)book_.extend_cut(slot, tail);
  book_.note_seen(slot, seen_end, out);
  if (!begins) return;
  if (const auto why = why_too_large(slot)) stop_unreadable(slot, *why, out);
}

// Nobody may ask for the rest for a long time, and nothing but that gives its share of the budget back: what is beyond
// a small part of it is asked for again.
bool Planner::may_keep(base::ByteView tail) const {
  return book_.cut_bytes() + tail.size() <= budget_.limit() / kKeptPart;
}

// False: it is not whole yet, or never will be.
bool Planner::complete_cut(PartitionSlot& slot, bool fresh, ports::SourceEffects& out) {
  Entry entry;
  const Flaw flaw = read_entry(slot.cut.view(), entry);
  if (flaw == Flaw::kCut) {
    book_.note_seen(slot, slot.next_byte(), out);
    if (const auto why = why_too_large(slot)) stop_unreadable(slot, *why, out);
    return false;
  }
  if (flaw != Flaw::kNone) {
    stop_unreadable(slot, {ErrorCode::kCorrupt, describe(flaw, slot.cut.view())}, out);
    return false;
  }
  if (!fresh) return true;
  const auto checked = check_first_entry(slot.cut.view());
  if (!checked) stop_unreadable(slot, checked.error(), out);
  return checked.ok();
}

std::optional<Error> Planner::why_too_large(const PartitionSlot& slot) const {
  const auto whole = slot.cut.whole_size();
  if (!whole || *whole <= settings_.max_message_bytes) return std::nullopt;
  const std::string what = "its size field is " + std::to_string(*whole - kSizeFieldBytes) + ", more than the " +
                           std::to_string(settings_.max_message_bytes) + " bytes that a message may have";
  const auto size = static_cast<std::int64_t>(*whole);
  if (slot.readable_end >= 0 && size > slot.readable_end - slot.place) {
    return Error{ErrorCode::kCorrupt, what + ", and more than the log holds behind it: so it is no size"};
  }
  return Error{ErrorCode::kLimit, what + ": either it is so large, or it is no size"};
}

void Planner::got_nothing(const Ask& ask, base::Time now, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  slot.filled = false;
  if (!slot.cut.empty()) return ended_within_entry(ask, now, out);
  book_.idle(slot, now);
  if (slot.readable_end < 0 || slot.readable_end == slot.place) {
    slot.doubts = 0;
    return book_.served(slot, out);
  }
  // The log goes on behind it, or ends before it: so it was said, at least.
  if (slot.lookup == 0) ask_lookup(slot);
  if (++slot.doubts < kDoubtsBeforeTrouble) return;
  tell_nothing_there(slot, now, out);
  book_.delay(slot, now);
}

void Planner::tell_nothing_there(PartitionSlot& slot, base::Time now, ports::SourceEffects& out) {
  book_.failing(slot,
                {ErrorCode::kCorrupt, name_of_slot(slot) + ": answers hold nothing at offset " +
                                          std::to_string(slot.next_byte()) + ", though the log ends at " +
                                          std::to_string(slot.readable_end)},
                now, out);
}

// What is visible of a log has been appended whole, unless a broker of 0.6 was given a set whose last entry is cut.
void Planner::ended_within_entry(const Ask& ask, base::Time now, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  if (slot.lookup == 0) ask_lookup(slot);
  book_.delay(slot, now);
  if (++slot.doubts < kDoubtsBeforeTrouble) return;
  if (slot.readable_end != slot.next_byte()) return tell_nothing_there(slot, now, out);
  stop_unreadable(slot,
                  {ErrorCode::kCorrupt, describe(Flaw::kCut, slot.cut.view()) + " by the end of the log at " +
                                            std::to_string(slot.readable_end) +
                                            ", where none is cut but one that a producer had sent so"},
                  out);
}

void Planner::deliver(PartitionSlot& slot, base::Buffer joined, base::ByteView records, const FetchAnswer& answer,
                      ports::SourceEffects& out) {
  ports::FetchedSet set;
  set.body = answer.body;
  set.records = records;
  set.joined = std::move(joined);
  set.decoder = &decoder_;
  set.asked_offset = slot.place;
  set.next_offset = slot.place + static_cast<std::int64_t>(set.joined.size() + records.size());
  set.log_start_offset = slot.log_start;
  if (slot.readable_end >= 0) set.readable_end = set.high_watermark = std::max(slot.readable_end, set.next_offset);
  set.charge = {slot.topic, set.joined.size() + records.size()};
  budget_.charge({slot.topic, records.size()});  // what was joined is charged already
  slot.question = 0;
  slot.place = slot.delivered_end = set.next_offset;
  out.emplace_back(ports::Deliver{slot.child, std::move(set)});
}

// The sets of an answer pin its whole body: the first one carries what is nobody's.
void Planner::charge_delivered(const FetchAnswer& answer, std::size_t first_effect, ports::SourceEffects& out) {
  std::size_t in_sets = 0;
  ports::FetchedSet* first = nullptr;
  for (std::size_t i = first_effect; i < out.size(); ++i) {
    auto* delivered = std::get_if<ports::Deliver>(&out[i]);
    if (delivered == nullptr) continue;
    if (first == nullptr) first = &delivered->set;
    in_sets += delivered->set.records.size();
  }
  if (first == nullptr) return;
  const std::size_t rest = answer.body->size() - in_sets;
  first->charge.bytes += rest;
  budget_.charge({first->charge.topic, rest});
}

void Planner::stop_unreadable(PartitionSlot& slot, const Error& why, ports::SourceEffects& out) {
  const Error placed = no_entry_at(slot.place, why);
  const Error told{why.code, name_of_slot(slot) + ": " + placed.message + ": " + advice(slot)};
  book_.stop(slot, told, out);
}

// Leaves the question to the caller, to be queued again; only out of range asks for a lookup instead.
void Planner::take_error(PartitionSlot& slot, BrokerError error, base::Time now, ports::SourceEffects& out) {
  book_.drop_cut(slot);  // the log that it is of may be gone, and to wait with it would be at the cost of others
  if (error != BrokerError::kOffsetOutOfRange) return tell_error(slot, error, now, out);
  slot.delivered_end = -1;
  slot.exists = true;
  slot.out_of_range = true;
  ask_lookup(slot);
}

// What only an operator can mend. It is asked again, slowly.
void Planner::tell_error(PartitionSlot& slot, BrokerError error, base::Time now, ports::SourceEffects& out) {
  book_.failing(slot, error_of(name_of_slot(slot), error), now, out, true);
  book_.delay_slowly(slot, now);
}

void Planner::lost(const Link& link, const Error& why, base::Time now, ports::SourceEffects& out) {
  const Error error{why.code, where_ + ": " + why.message};
  take_back(lane_of(link), error, now, out);
  for (PartitionSlot& slot : book_.slots()) {
    if (!slot.attached || !topics_.may_ask(slot.topic)) continue;
    // What is out on another connection: that one will tell.
    const bool set_waits = slot.question != 0 && slot.in_flight != slot.question;
    const bool lookup_waits = slot.lookup != 0 && slot.lookup_out != slot.lookup;
    if (set_waits || lookup_waits) book_.failing(slot, error, now, out);
  }
}

// What was outstanding on a lane that is gone waits again.
void Planner::take_back(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out) {
  bool oldest = true;
  for (const Sent& sent : std::exchange(lane.sent, {})) {
    budget_.unreserve(sent.reserved);
    reserved_bytes_ -= sent.reserved;
    if (sent.kind == Sent::Kind::kTopic) topics_.given_up(sent.topic);
    for (const Ask& ask : sent.asks) {
      PartitionSlot& slot = *ask.slot;
      if (sent.kind != Sent::Kind::kSets) {
        if (!still_looked_up(ask)) continue;
        const bool hung_up = oldest && sent.kind == Sent::Kind::kOffsets && why.code == ErrorCode::kUnreachable;
        if (hung_up) note_hang_up(slot, now, out);
        ask_lookup(slot);
      } else if (still_asked(ask)) {
        slot.alone = ++slot.losses >= kLossesBeforeAlone;
        if (slot.alone) {
          book_.delay(slot, now);
          book_.drop_cut(slot);
        }
        queue_.push_back({&slot, slot.question});
      }
    }
    oldest = false;
  }
}

}  // namespace ductus::kafka06
