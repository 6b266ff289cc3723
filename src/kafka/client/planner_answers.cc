// What an answer means: the half of Planner that judges.
#include <algorithm>
#include <utility>

#include "base/assert.h"
#include "kafka/client/planner.h"

namespace ductus::kafka {
namespace {

// Our question was understood: the bytes themselves cannot be used.
bool is_bad_answer(const Error& why) {
  return why.code == ErrorCode::kCorrupt || why.code == ErrorCode::kLimit || why.code == ErrorCode::kUnsupported;
}

std::int64_t readable_end_of(const FetchResponse::Partition& partition, const SourceSettings& settings) {
  if (!settings.read_committed || partition.last_stable_offset < 0) return partition.high_watermark;
  return std::min(partition.last_stable_offset, partition.high_watermark);
}

bool is_nothing(const FetchResponse::Partition& partition, const Hop& hop) {
  const bool is_cut_or_empty = hop.end == Hop::End::kWhole || hop.end == Hop::End::kCutTail;
  return partition.error == KafkaError::kNone && partition.diverging_epoch < 0 && hop.bytes == 0 && is_cut_or_empty;
}

}  // namespace

std::string Planner::name_of_slot(const PartitionSlot& slot) const {
  return core_.cluster.topic_name(slot.topic) + "/" + std::to_string(slot.partition) + " on broker " +
         std::to_string(node_id_) + " at " + to_string(endpoint_);
}

// The request that carried it is over. True: its question still stands, and is asked here.
bool Planner::still_asked(const Ask& ask) {
  PartitionSlot& slot = *ask.slot;
  if (slot.in_flight == ask.number) slot.in_flight = 0;
  return slot.planner == this && slot.question == ask.number;
}

bool Planner::still_looked_up(const Ask& ask) const noexcept {
  return ask.slot->planner == this && ask.slot->lookup == ask.number;
}

// Brokers answer in the order of the request: the search ends at once, but does not count on it.
// `topic_id` names the topic where it is known, else `topic` does.
Planner::Ask* Planner::find_ask(std::vector<Ask>& asks, std::size_t& next, std::string_view topic,
                                const ports::TopicId& topic_id, std::int32_t partition) const {
  const bool by_id = topic_id != ports::TopicId{};
  for (std::size_t tried = 0; tried < asks.size(); ++tried) {
    Ask& ask = asks[next];
    next = next + 1 == asks.size() ? 0 : next + 1;
    const PartitionSlot& slot = *ask.slot;
    if (ask.done || !slot.attached || slot.partition != partition) continue;
    if (by_id ? slot.topic_id == topic_id : core_.cluster.topic_name(slot.topic) == topic) {
      ask.done = true;
      return &ask;
    }
  }
  return nullptr;
}

void Planner::answered(std::size_t index, const ports::RequestTag& tag, ports::Answer& answer, base::Time now,
                       ports::SourceEffects& out) {
  Lane& lane = lanes_[index];
  reconnect_ = false;
  if (tag.api_key == static_cast<std::int16_t>(ApiKey::kFetch)) {
    fetched(lane, static_cast<FetchAnswer&>(answer), now, out);
  } else if (tag.api_key == static_cast<std::int16_t>(ApiKey::kOffsetForLeaderEpoch)) {
    validated(lane, static_cast<OffsetForLeaderEpochAnswer&>(answer).response, now, out);
  } else {
    DUCTUS_ASSERT(tag.api_key == static_cast<std::int16_t>(ApiKey::kListOffsets));
    listed(lane, static_cast<ListOffsetsAnswer&>(answer).response, now, out);
  }
  if (reconnect_) lane.link.close(now, out);
}

void Planner::fetched(Lane& lane, FetchAnswer& answer, base::Time now, ports::SourceEffects& out) {
  answering_.swap(lane.sets);
  finish(lane);
  no_room_.clear();
  FetchResponse& response = answer.response;
  note_throttle(lane, response.throttle_ms, now);
  const std::size_t first_effect = out.size();
  bool brought_nothing = response.error == KafkaError::kNone;
  std::size_t next = 0;
  // More than was asked for cannot be: the rest is not looked at.
  const std::size_t size = std::min({response.partitions.size(), answer.hops.size(), answering_.size()});
  for (std::size_t i = 0; i < size && response.error == KafkaError::kNone; ++i) {
    FetchResponse::Partition& partition = response.partitions[i];
    brought_nothing = brought_nothing && is_nothing(partition, answer.hops[i]);
    Ask* ask = find_ask(answering_, next, partition.topic, partition.topic_id, partition.partition);
    if (ask != nullptr && still_asked(*ask)) fetched_one(*ask, partition, answer.hops[i], answer, now, out);
  }
  left_out(response.error, response.throttle_ms > 0, now, out);
  queue_.insert(queue_.begin(), no_room_.begin(), no_room_.end());
  charge_delivered(answer, first_effect, out);
  if (brought_nothing && now < lane.empty_at) {
    const base::Time as_if_held = std::min(lane.empty_at, now + core_.settings.behind_max_wait);
    lane.quiet_until = std::max(lane.quiet_until, as_if_held);
  }
}

void Planner::note_throttle(Lane& lane, std::int32_t throttle_ms, base::Time now) {
  const base::Duration throttle = std::chrono::milliseconds(std::max(throttle_ms, 0));
  lane.quiet_until = now + std::min(throttle, core_.settings.request_timeout);
}

// What was asked for and is not in the answer.
void Planner::left_out(KafkaError error, bool throttled, base::Time now, ports::SourceEffects& out) {
  for (const Ask& ask : answering_) {
    if (ask.done || !still_asked(ask)) continue;
    if (error != KafkaError::kNone) {
      take_error(*ask.slot, error, now, out);
    } else if (!throttled) {  // over its quota a client gets an answer without partitions: no news
      core_.book.failing(*ask.slot, {ErrorCode::kCorrupt, name_of_slot(*ask.slot) + ": left out of the answer"}, now,
                         out);
      core_.book.delay(*ask.slot, now);
    }
    if (!ask.slot->out_of_range) queue_.push_back({ask.slot, ask.number});
  }
  answering_.clear();
}

void Planner::fetched_one(Ask& ask, FetchResponse::Partition& partition, const Hop& hop, FetchAnswer& answer,
                          base::Time now, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  slot.alone = false;
  if (partition.error != KafkaError::kNone) {
    core_.cluster.note_leader(slot.topic, slot.partition, {partition.leader_id, partition.leader_epoch},
                              answer.response.leaders);
    take_error(slot, partition.error, now, out);
    if (!slot.out_of_range) queue_.push_back({&slot, slot.question});
    return;
  }
  core_.book.note_bounds(slot, partition.log_start_offset, partition.high_watermark,
                         readable_end_of(partition, core_.settings), out);
  if (partition.diverging_epoch >= 0) {
    return diverged(ask, partition.diverging_epoch, partition.diverging_end_offset, now, out);
  }
  if (hop.bytes == 0) return got_nothing(ask, hop, answer.response.throttle_ms > 0, now, out);
  if (hop.first_last_offset < slot.place) {
    return refuse(ask,
                  {ErrorCode::kCorrupt, name_of_slot(slot) + ": a record batch ends at offset " +
                                            std::to_string(hop.first_last_offset) + ", below the asked offset " +
                                            std::to_string(slot.place)},
                  now, out);
  }
  // Only after a set of the same run: an epoch that was looked up with the readable end is the leader's, and the
  // messages that follow may be older. In one log they cannot. Source: LeaderEpochFileCache.assign().
  const bool goes_on = slot.place == slot.delivered_end;
  if (goes_on && hop.first_leader_epoch >= 0 && hop.first_leader_epoch < slot.epoch_before) {
    return went_back(slot, hop.first_leader_epoch, now, out);
  }
  deliver(slot, partition, hop, answer, out);
}

void Planner::got_nothing(Ask& ask, const Hop& hop, bool throttled, base::Time now, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  if (hop.end == Hop::End::kRefused)
    return refuse(ask, {hop.refusal.code, name_of_slot(slot) + ": " + hop.refusal.message}, now, out);
  if (hop.end == Hop::End::kBeyondHighWatermark) {
    // The broker samples the watermark before it reads: once is no contradiction.
    if (slot.beyond++ > 0) {
      return refuse(ask,
                    {ErrorCode::kCorrupt, name_of_slot(slot) + ": records at offset " + std::to_string(slot.place) +
                                              " lie beyond the high watermark of their own answer"},
                    now, out);
    }
    no_room_.push_back({&slot, ask.number});
    return;
  }
  slot.beyond = 0;
  if (!slot.behind()) {
    core_.book.served(slot, out);
    queue_.push_back({&slot, ask.number});
    return;
  }
  no_room_.push_back({&slot, ask.number});
  const bool first = &ask == answering_.data();
  if (!first || throttled || ++slot.empty_firsts < kEmptyFirstsBeforeTrouble) return;
  core_.book.failing(
      slot,
      {ErrorCode::kCorrupt, name_of_slot(slot) + ": answers hold nothing at offset " + std::to_string(slot.place) +
                                ", though the log ends at " + std::to_string(slot.readable_end)},
      now, out);
  core_.book.delay(slot, now);
}

void Planner::deliver(PartitionSlot& slot, FetchResponse::Partition& partition, const Hop& hop, FetchAnswer& answer,
                      ports::SourceEffects& out) {
  core_.book.served(slot, out);
  ports::FetchedSet set;
  set.body = answer.body;
  set.records = partition.records.first(hop.bytes);
  set.decoder = &core_.decoder;
  set.asked_offset = slot.place;
  set.next_offset = hop.next_offset;
  // Beyond the leader's own the epoch cannot be: it lies outside the checksum, or the log was brought from elsewhere.
  set.max_leader_epoch = slot.leader_epoch;
  set.leader_epoch = set.believed_epoch(hop.leader_epoch);
  set.topic_id = slot.topic_id;
  set.log_start_offset = slot.log_start;
  set.high_watermark = slot.high_watermark;
  set.readable_end = slot.readable_end;
  set.aborted = std::move(partition.aborted);
  set.charge = {slot.topic, hop.bytes};
  slot.question = 0;
  slot.place = hop.next_offset;
  slot.delivered_end = hop.next_offset;
  slot.delivered_epoch = set.leader_epoch;
  slot.beyond = slot.doubts = slot.empty_firsts = 0;
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
    in_sets += delivered->set.charge.bytes;
    core_.budget.charge(delivered->set.charge);
  }
  if (first == nullptr || answer.body == nullptr || answer.body->size() <= in_sets) return;
  const std::size_t rest = answer.body->size() - in_sets;
  first->charge.bytes += rest;
  core_.budget.charge({first->charge.topic, rest});
}

void Planner::refuse(Ask& ask, const Error& why, base::Time now, ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  core_.book.failing(slot, why, now, out, true);
  core_.book.delay(slot, now);
  queue_.push_back({&slot, ask.number});
  if (++slot.refusals <= kReconnectsInARow) reconnect_ = true;
}

void Planner::validated(Lane& lane, const OffsetForLeaderEpochResponse& response, base::Time now,
                        ports::SourceEffects& out) {
  answering_.swap(lane.sets);
  finish(lane);
  note_throttle(lane, response.throttle_ms, now);
  std::size_t next = 0;
  const std::size_t size = std::min(response.partitions.size(), answering_.size());
  for (std::size_t i = 0; i < size; ++i) {
    const auto& partition = response.partitions[i];
    Ask* ask = find_ask(answering_, next, partition.topic, {}, partition.partition);
    if (ask != nullptr && still_asked(*ask)) validated_one(*ask, partition, now, out);
  }
  left_out(KafkaError::kNone, response.throttle_ms > 0, now, out);
}

// As a broker that compares the epochs itself. Source: Partition.readRecords() of Kafka 2.7.
void Planner::validated_one(Ask& ask, const OffsetForLeaderEpochResponse::Partition& partition, base::Time now,
                            ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  slot.alone = false;
  const bool unknown = partition.leader_epoch < 0 || partition.end_offset < 0;
  const KafkaError error =
      partition.error == KafkaError::kNone && unknown ? KafkaError::kOffsetOutOfRange : partition.error;
  if (error != KafkaError::kNone) {
    take_error(slot, error, now, out);
    if (!slot.out_of_range) queue_.push_back({&slot, slot.question});
    return;
  }
  if (ask.leader_epoch != slot.leader_epoch) {  // an earlier leader's word: the log may have been cut since
    queue_.push_back({&slot, slot.question});
    return;
  }
  if (partition.leader_epoch != slot.epoch_before || partition.end_offset < slot.place) {
    return diverged(ask, partition.leader_epoch, partition.end_offset, now, out);
  }
  slot.validated = true;
  queue_.push_back({&slot, slot.question});
}

void Planner::diverged(Ask& ask, std::int32_t epoch, std::int64_t end_offset, base::Time now,
                       ports::SourceEffects& out) {
  PartitionSlot& slot = *ask.slot;
  if (slot.epoch_before < 0 || epoch > slot.epoch_before || end_offset < 0) {
    return refuse(ask,
                  {ErrorCode::kCorrupt, name_of_slot(slot) + ": impossible answer: leader epoch " +
                                            std::to_string(epoch) + " ends at offset " + std::to_string(end_offset)},
                  now, out);
  }
  if (!is_certain(slot, now)) return;
  // Where another epoch ends above the position, the branches part somewhere below it.
  const std::int64_t parted_at = std::min(end_offset, slot.place);
  core_.book.stop(
      slot,
      {ErrorCode::kRefused, name_of_slot(slot) + ": the log was truncated at offset " + std::to_string(parted_at) +
                                " or before, below the position " + std::to_string(slot.place) + " (its leader epoch " +
                                std::to_string(slot.epoch_before) +
                                " ends there): reset the offset to where to go on, or choose [offsets] "
                                "when_truncated"},
      out, ports::Trouble::Kind::kTruncated, parted_at);
}

void Planner::went_back(PartitionSlot& slot, std::int32_t epoch, base::Time now, ports::SourceEffects& out) {
  if (!is_certain(slot, now)) return;
  core_.book.stop(slot,
                  {ErrorCode::kRefused, name_of_slot(slot) + ": the log was truncated or made anew: at offset " +
                                            std::to_string(slot.place) + " its leader epoch goes back from " +
                                            std::to_string(slot.epoch_before) + " to " + std::to_string(epoch) +
                                            "; reset the offset, or choose [offsets] when_truncated"},
                  out, ports::Trouble::Kind::kTruncated, slot.log_start);
}

// A leader that is new may still be catching up: the third answer in a row is believed. Until then it is asked again.
bool Planner::is_certain(PartitionSlot& slot, base::Time now) {
  core_.cluster.refresh_soon(now);
  if (++slot.doubts >= kDoubtsBeforeStop) return true;
  core_.book.delay(slot, now);
  queue_.push_back({&slot, slot.question});
  return false;
}

void Planner::listed(Lane& lane, const ListOffsetsResponse& response, base::Time now, ports::SourceEffects& out) {
  answering_.swap(lane.lookups);
  finish(lane);
  note_throttle(lane, response.throttle_ms, now);
  std::size_t next = 0;
  const std::size_t size = std::min(response.partitions.size(), answering_.size());
  for (std::size_t i = 0; i < size; ++i) {
    const auto& partition = response.partitions[i];
    Ask* ask = find_ask(answering_, next, partition.topic, {}, partition.partition);
    if (ask == nullptr || !still_looked_up(*ask)) continue;
    PartitionSlot& slot = *ask->slot;
    if (partition.error != KafkaError::kNone) {
      take_error(slot, partition.error, now, out);
    } else if (partition.offset < 0 && !slot.found_end) {
      ask->done = false;
    } else if (!slot.found_start) {
      slot.found_start = {partition.offset, partition.leader_epoch};
    } else if (!slot.found_end && slot.query && slot.query->which == ports::OffsetQuery::kAtTime) {
      slot.found_end = {partition.offset, partition.leader_epoch};
    } else {
      looked_up(slot, {partition.offset, partition.leader_epoch}, now, out);
      continue;
    }
    if (ask->done) lookups_.push_back({&slot, ask->number});
  }
  for (const Ask& ask : answering_) {
    if (ask.done || !still_looked_up(ask)) continue;
    core_.book.failing(*ask.slot, {ErrorCode::kCorrupt, name_of_slot(*ask.slot) + ": no offset in the answer"}, now,
                       out);
    core_.book.delay(*ask.slot, now);
    lookups_.push_back({ask.slot, ask.number});
  }
  answering_.clear();
}

// `last`: what was found last, the end or, after it, the offset at a time; below 0 where no message is so late.
void Planner::looked_up(PartitionSlot& slot, const PartitionSlot::FoundOffset& last, base::Time now,
                        ports::SourceEffects& out) {
  if (slot.lookup_topic != core_.cluster.topic_id(slot.topic)) return ask_lookup(slot);
  const std::int64_t start = slot.found_start->offset;
  const PartitionSlot::FoundOffset last_or_end = last.offset < 0 ? *slot.found_end : last;
  const std::int64_t end = slot.found_end.value_or(last).offset;
  if (start > end || start > last_or_end.offset) {
    core_.book.failing(slot,
                       {ErrorCode::kCorrupt, name_of_slot(slot) + ": impossible answer: the log starts at offset " +
                                                 std::to_string(start) + " and ends at " +
                                                 std::to_string(std::min(end, last_or_end.offset))},
                       now, out);
    core_.book.delay(slot, now);
    return ask_lookup(slot);
  }
  slot.lookup = 0;
  core_.book.note_bounds(slot, start, core_.settings.read_committed ? -1 : end, end, out);
  if (slot.question == 0) core_.book.served(slot, out);
  if (const auto query = std::exchange(slot.query, std::nullopt)) {
    const auto& found = query->which == ports::OffsetQuery::kEarliest ? *slot.found_start : last_or_end;
    out.emplace_back(ports::OffsetFound{slot.child, found.offset, std::max(found.leader_epoch, -1),
                                        core_.cluster.topic_id(slot.topic)});
  }
  if (std::exchange(slot.out_of_range, false) && slot.question != 0) judge_out_of_range(slot, end, now, out);
}

// Below the log's start there is no doubt. Nothing here says where a log was truncated: it may have grown again since.
void Planner::judge_out_of_range(PartitionSlot& slot, std::int64_t end, base::Time now, ports::SourceEffects& out) {
  const std::int64_t start = slot.found_start->offset;
  if (slot.place >= start && !is_certain(slot, now)) return;
  const bool within = slot.place >= start && slot.place <= end;
  const std::string offset = name_of_slot(slot) + ": offset " + std::to_string(slot.place);
  const std::string log = "the log [" + std::to_string(start) + ", " + std::to_string(end) + ")";
  if (within) {
    return core_.book.stop(
        slot,
        {ErrorCode::kRefused, offset + " after leader epoch " + std::to_string(slot.epoch_before) +
                                  " is not known to " + log +
                                  ": it was truncated or made anew; reset the offset, or choose [offsets] "
                                  "when_truncated"},
        out, ports::Trouble::Kind::kTruncated, start);
  }
  // What was read once must have been there.
  if (slot.place > end && slot.epoch_before >= 0) {
    return core_.book.stop(
        slot,
        {ErrorCode::kRefused,
         offset + " lies beyond " + log + ": it was truncated; reset the offset, or choose [offsets] when_truncated"},
        out, ports::Trouble::Kind::kTruncated, start);
  }
  core_.book.stop(slot,
                  {ErrorCode::kNotFound,
                   offset + " lies outside " + log + ": reset the offset, or choose [offsets] when_out_of_range"},
                  out, ports::Trouble::Kind::kOffsetOutOfRange);
}

// Leaves the question or lookup to the caller, to be queued again; only out of range queues a lookup instead.
void Planner::take_error(PartitionSlot& slot, KafkaError error, base::Time now, ports::SourceEffects& out) {
  const ErrorAction action = action_of(error);
  if (action == ErrorAction::kLookUp && slot.question != 0 && slot.lookup == 0) {
    slot.out_of_range = true;
    return ask_lookup(slot);
  }
  if (action == ErrorAction::kRefresh) core_.cluster.refresh_soon(now);
  const bool anew = action == ErrorAction::kReconnect && slot.refusals < kReconnectsInARow;
  if (anew) ++slot.refusals;
  reconnect_ = reconnect_ || anew;
  const bool slowly = action == ErrorAction::kSlowly || (action == ErrorAction::kReconnect && !anew);
  core_.book.failing(slot, error_of(name_of_slot(slot), error), now, out, slowly);
  if (slowly)
    core_.book.delay_slowly(slot, now);
  else
    core_.book.delay(slot, now);
}

void Planner::lost(std::size_t index, const Error& why, base::Time now, ports::SourceEffects& out) {
  Lane& lane = lanes_[index];
  lane.link.aim(endpoint_);
  const Error error{why.code,
                    "broker " + std::to_string(node_id_) + " at " + to_string(endpoint_) + ": " + why.message};
  const bool one_answers_fault = is_bad_answer(why) && !lane.sets.empty();
  take_back(lane, error, now, out);
  if (one_answers_fault) return;
  bool waiting = false;
  for (PartitionSlot* slot : members_) {
    if (!slot->waits() || slot->in_flight != 0) continue;  // in flight on the other lane: that one will tell
    waiting = true;
    core_.book.failing(*slot, error, now, out);
  }
  if (waiting) core_.cluster.refresh_soon(now);
}

// What was outstanding on a lane that is gone waits again.
void Planner::take_back(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out) {
  const bool bad_answer = is_bad_answer(why);
  const bool alone = lane.sets.size() == 1;
  for (const Ask& ask : lane.sets) {
    if (!still_asked(ask)) continue;
    PartitionSlot& slot = *ask.slot;
    if (bad_answer && alone && why.code == ErrorCode::kLimit) {
      core_.book.stop(slot, {why.code, name_of_slot(slot) + ": " + why.message}, out);
      continue;
    }
    slot.alone = bad_answer;
    if (bad_answer && alone) {
      core_.book.failing(slot, why, now, out, true);
      core_.book.delay(slot, now);
    }
    queue_.push_back({&slot, ask.number});
  }
  for (const Ask& ask : lane.lookups) {
    if (still_looked_up(ask)) lookups_.push_back({ask.slot, ask.number});
  }
  finish(lane);
}

}  // namespace ductus::kafka
