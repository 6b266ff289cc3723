#include "kafka06/client/planner.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ductus::kafka06 {

Planner::Planner(const SourceSettings& settings, LinkHub& hub, TopicBook& topics, PartitionBook& book,
                 base::ByteBudget& budget, const ports::SetDecoder& decoder)
    : settings_(settings),
      hub_(hub),
      topics_(topics),
      book_(book),
      budget_(budget),
      decoder_(decoder),
      where_(to_string(settings.broker)) {
  for (std::size_t i = 0; i < settings.connections; ++i) lanes_.push_back(std::make_unique<Lane>(hub));
}

Planner::~Planner() = default;

void Planner::want(PartitionSlot& slot, std::int64_t offset, ports::SourceEffects& out) {
  if (offset != slot.place) {
    book_.drop_cut(slot);
    slot.place = offset;
    slot.delivered_end = slot.shrunk_from = -1;
    slot.doubts = 0;
    slot.filled = false;
  }
  slot.question = 0;
  slot.idle_until = base::Time::min();
  slot.out_of_range = offset < 0 || offset >= kFarOffset;
  if (stop_if_shrunk(slot, out)) return;
  slot.question = book_.number();
  if (slot.out_of_range) return ask_lookup(slot);
  queue_.push_back({&slot, slot.question});
}

void Planner::ask_lookup(PartitionSlot& slot) {
  slot.lookup = book_.number();
  slot.found_start.reset();
  slot.found_end.reset();
  if (slot.exists == false) slot.exists.reset();
  slot.look_again_at = base::Time::max();
  lookups_.push_back({&slot, slot.lookup});
}

// What may be asked now, sorted by how it is asked; of the rest, when.
void Planner::gather(base::Time now) {
  for (auto* list : {&due_checks_, &due_offsets_, &due_sets_, &soon_}) list->clear();
  if (!due_topic_) {
    if (const TopicBook::Check check = topics_.take_due(now); check.count > 0) due_topic_ = check;
  }
  std::erase_if(lookups_, [](const Ask& ask) { return ask.slot->lookup != ask.number; });
  for (const Ask& ask : lookups_) {
    const PartitionSlot& slot = *ask.slot;
    if (!topics_.may_ask(slot.topic)) continue;
    if (slot.not_before > now) {
      try_at(slot.not_before);
    } else {
      (slot.exists ? due_offsets_ : due_checks_).push_back(ask);
    }
  }
  std::erase_if(queue_, [](const Ask& ask) { return ask.slot->question != ask.number; });
  for (const Ask& ask : queue_) {
    const PartitionSlot& slot = *ask.slot;
    if (slot.in_flight != 0) continue;  // an older question of it is out
    if (slot.due_at() <= now) {
      due_sets_.push_back(ask);
      continue;
    }
    try_at(slot.due_at());
    if (slot.not_before <= now && slot.idle_until <= now + slot.idle_wait / 2) soon_.push_back(ask);
  }
}

bool Planner::something_due() const noexcept {
  return due_topic_ || !due_checks_.empty() || !due_offsets_.empty() || !due_sets_.empty();
}

void Planner::flush(base::Time now, ports::SourceEffects& out) {
  flushed_at_ = now;
  retry_at_ = base::Time::max();
  const bool none_is_free = std::ranges::none_of(lanes_, [](const auto& lane) { return lane->link.idle(); });
  const bool none_is_down = std::ranges::none_of(lanes_, [](const auto& lane) { return lane->link.down(); });
  if (none_is_free && none_is_down) return;  // their answers bring the next flush
  short_of_budget_ = false;
  gather(now);
  for (const auto& lane : lanes_) {
    if (lane->link.idle() && !send_something(*lane, now, out)) break;
  }
  std::erase_if(lookups_, [](const Ask& ask) { return ask.slot->lookup_out == ask.number; });
  std::erase_if(queue_, [](const Ask& ask) { return ask.slot->in_flight == ask.number; });
  if (something_due()) open_another(now, out);
}

// False: there is nothing to send.
bool Planner::send_something(Lane& lane, base::Time now, ports::SourceEffects& out) {
  const bool lookups_are_due = due_topic_ || !due_checks_.empty() || !due_offsets_.empty();
  if (!lookups_are_due || sets_first_) {
    sets_first_ = false;
    if (send_sets(lane, now, out)) return true;
    if (!lookups_are_due) return false;
  }
  sets_first_ = true;
  if (due_topic_) {
    send_topic_check(lane, now, out);
  } else if (!due_checks_.empty()) {
    send_checks(lane, now, out);
  } else {
    send_offsets(lane, now, out);
  }
  return true;
}

// One after the other: while one is coming, it is not known whether the broker lets anybody in.
void Planner::open_another(base::Time now, ports::SourceEffects& out) {
  if (std::ranges::any_of(lanes_, [](const auto& lane) { return lane->link.coming() || lane->link.idle(); })) return;
  const auto down = std::ranges::find_if(lanes_, [](const auto& lane) { return lane->link.down(); });
  if (down == lanes_.end()) return;
  (*down)->link.open(now, out);
  if ((*down)->link.down()) try_at(hub_.reopen_at);
}

// ---- lookups ---------------------------------------------------------------------------------------------

void Planner::send_topic_check(Lane& lane, base::Time now, ports::SourceEffects& out) {
  const TopicBook::Check check = *std::exchange(due_topic_, std::nullopt);
  std::vector<Range> ranges;
  for (std::int32_t i = 0; i < check.count; ++i) {
    ranges.push_back({topics_.name(check.topic), check.first + i, kFarOffset, 0});
  }
  lane.sent.push_back({.kind = Sent::Kind::kTopic, .topic = check});
  lane.link.send(multi_fetch(ranges), now, out);
}

// An answer that is on its way says nothing of what is read meanwhile, over another connection.
void Planner::note_what_is_known(PartitionSlot& slot) noexcept {
  slot.end_when_asked = slot.readable_end;
  slot.place_when_asked = slot.place;
}

void Planner::send_checks(Lane& lane, base::Time now, ports::SourceEffects& out) {
  std::vector<Range> ranges;
  Sent sent{.kind = Sent::Kind::kExistence};
  for (const Ask& ask : due_checks_) {
    if (ranges.size() == settings_.partitions_per_request) break;
    PartitionSlot& slot = *ask.slot;
    ranges.push_back({topics_.name(slot.topic), slot.partition, kFarOffset, 0});
    slot.lookup_out = ask.number;
    note_what_is_known(slot);
    sent.asks.push_back(ask);
  }
  due_checks_.erase(due_checks_.begin(), due_checks_.begin() + static_cast<std::ptrdiff_t>(ranges.size()));
  lane.sent.push_back(std::move(sent));
  lane.link.send(multi_fetch(ranges), now, out);
}

void Planner::send_offsets(Lane& lane, base::Time now, ports::SourceEffects& out) {
  std::ptrdiff_t taken = 0;
  for (const Ask& ask : due_offsets_) {
    if (lane.sent.size() + 1 >= settings_.offsets_per_burst && taken > 0) break;
    ++taken;
    PartitionSlot& slot = *ask.slot;
    slot.lookup_out = ask.number;
    if (slot.found_end) {
      send_offsets_of(lane, ask, Which::kTime, now, out);
      continue;
    }
    note_what_is_known(slot);
    send_offsets_of(lane, ask, Which::kStart, now, out);
    send_offsets_of(lane, ask, Which::kEnd, now, out);
  }
  due_offsets_.erase(due_offsets_.begin(), due_offsets_.begin() + taken);
}

void Planner::send_offsets_of(Lane& lane, const Ask& ask, Which which, base::Time now, ports::SourceEffects& out) {
  const PartitionSlot& slot = *ask.slot;
  OffsetsQuestion question{topics_.name(slot.topic), slot.partition, OffsetsQuestion::kLatest, 1};
  if (which == Which::kStart) question.time = OffsetsQuestion::kEarliest;
  if (which == Which::kTime) question.time = std::max<std::int64_t>(slot.query->time_ms, 0);
  lane.sent.push_back({.kind = Sent::Kind::kOffsets, .asks = {ask}, .which = which});
  lane.link.send(offsets(question), now, out);
}

// ---- sets ------------------------------------------------------------------------------------------------

// A partition that has filled its last answer has more; of others no more is known than what the log's end tells.
std::int32_t Planner::bytes_to_ask(const PartitionSlot& slot) const noexcept {
  if (slot.filled || slot.readable_end < 0) return settings_.partition_max_bytes;
  const std::int64_t known = slot.readable_end - slot.next_byte();
  const std::int64_t wanted = std::max<std::int64_t>(known, settings_.idle_max_bytes);
  return static_cast<std::int32_t>(std::min<std::int64_t>(wanted, settings_.partition_max_bytes));
}

// What the byte budget lets it ask for. Cut entries hold some of it until they are whole: where nothing else of their
// topic is held, they would wait for each other for ever, so one of them is completed whatever the budget says.
std::size_t Planner::room_for(PartitionSlot& slot) {
  const std::size_t room = budget_.room(slot.topic);
  if (room >= std::min<std::size_t>(kLeastRequestBytes, static_cast<std::size_t>(settings_.partition_max_bytes))) {
    return room;
  }
  if (slot.cut.empty()) return 0;
  if (beyond_budget_ != &slot) {
    const bool is_taken = beyond_budget_ != nullptr && !beyond_budget_->cut.empty();
    if (is_taken || budget_.held(slot.topic) > book_.cut_bytes_of(slot.topic)) return 0;
    beyond_budget_ = &slot;
  }
  return SIZE_MAX;
}

void Planner::add_sets(std::vector<Ask>& due, Sent& sent) {
  const auto most = static_cast<std::size_t>(settings_.response_max_bytes);
  for (Ask& ask : due) {
    if (sent.asks.size() == settings_.partitions_per_request) break;
    PartitionSlot& slot = *ask.slot;
    const auto wanted = static_cast<std::size_t>(bytes_to_ask(slot));
    if (!sent.asks.empty() && (slot.alone || sent.reserved + wanted > most)) continue;
    const std::size_t room = room_for(slot);
    if (room == 0) {  // released() brings the next flush
      short_of_budget_ = true;
      continue;
    }
    ask.max_bytes = static_cast<std::int32_t>(std::min(wanted, room));
    ask.skipped = slot.cut.empty() ? 0 : slot.cut.missing().value_or(Expected::kUnknownSkip);
    slot.in_flight = ask.number;
    sent.asks.push_back(ask);
    sent.reserved += static_cast<std::size_t>(ask.max_bytes);
    budget_.reserve(static_cast<std::size_t>(ask.max_bytes));
    if (slot.alone) break;
  }
  std::erase_if(due, [](const Ask& ask) { return ask.slot->in_flight == ask.number; });
}

// False: there are none, or the byte budget lets none of them ask.
bool Planner::send_sets(Lane& lane, base::Time now, ports::SourceEffects& out) {
  if (due_sets_.empty()) return false;
  Sent sent;
  add_sets(due_sets_, sent);
  if (sent.asks.empty()) return false;
  if (!sent.asks.front().slot->alone) add_sets(soon_, sent);
  reserved_bytes_ += sent.reserved;
  std::vector<Range> ranges;
  bool check_first = false;
  for (const Ask& ask : sent.asks) {
    const PartitionSlot& slot = *ask.slot;
    ranges.push_back({topics_.name(slot.topic), slot.partition, slot.next_byte(), ask.max_bytes});
    check_first = check_first || slot.fresh();
  }
  const bool alone = ranges.size() == 1;
  Request request = alone ? fetch(ranges[0], check_first, sent.asks[0].skipped) : multi_fetch(ranges, check_first);
  lane.sent.push_back(std::move(sent));
  lane.link.send(std::move(request), now, out);
  return true;
}

// ---- time ------------------------------------------------------------------------------------------------

void Planner::tick(base::Time now) {
  if (now < look_again_at_) return;
  look_again_at_ = base::Time::max();
  for (PartitionSlot& slot : book_.slots()) {
    if (slot.look_again_at <= now) {
      ask_lookup(slot);
    } else {
      note_look_again(slot, now);
    }
  }
}

// Not for each of many partitions at an instant of its own.
void Planner::note_look_again(const PartitionSlot& slot, base::Time now) noexcept {
  constexpr std::chrono::milliseconds kStep{50};
  look_again_at_ = std::min(look_again_at_, std::max(slot.look_again_at, now + kStep));
}

Link* Planner::expired(base::Time now) {
  for (const auto& lane : lanes_) {
    if (lane->link.deadline() <= now) return &lane->link;
  }
  return nullptr;
}

base::Time Planner::next_tick() const {
  base::Time next = std::min({retry_at_, look_again_at_, topics_.next_due(flushed_at_)});
  for (const auto& lane : lanes_) next = std::min(next, lane->link.deadline());
  return next;
}

void Planner::reconnect(base::Time now, ports::SourceEffects& out) {
  for (const auto& lane : lanes_) {
    lane->link.close(now, out);
    take_back(*lane, {ErrorCode::kUnreachable, "the connection to " + where_ + " is made anew"}, now, out);
  }
}

}  // namespace ductus::kafka06
