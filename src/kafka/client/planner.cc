#include "kafka/client/planner.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ductus::kafka {
namespace {

std::int32_t in_ms(base::Duration duration) {
  return static_cast<std::int32_t>(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// What the next ListOffsets asks of a partition.
std::int64_t timestamp_of(const PartitionSlot& slot) {
  if (!slot.found_start) return ListOffsetsRequest::kEarliest;
  return slot.found_end ? slot.query->time_ms : ListOffsetsRequest::kLatest;
}

IsolationLevel isolation_of(const SourceSettings& settings) {
  return settings.read_committed ? IsolationLevel::kReadCommitted : IsolationLevel::kReadUncommitted;
}

}  // namespace

Planner::Planner(const SourceCore& core, std::int32_t node_id, const Endpoint& endpoint)
    : core_(core), node_id_(node_id), endpoint_(endpoint), lanes_{Lane(core.hub, this, kA), Lane(core.hub, this, kB)} {
  for (Lane& lane : lanes_) lane.link.aim(endpoint);
  request_.isolation = isolation_of(core.settings);
}

void Planner::aim(const Endpoint& endpoint, base::Time now, ports::SourceEffects& out) {
  if (endpoint == endpoint_) return;
  const Error moved{ErrorCode::kUnreachable, "broker " + std::to_string(node_id_) + " moved from " +
                                                 to_string(endpoint_) + " to " + to_string(endpoint)};
  endpoint_ = endpoint;
  for (Lane& lane : lanes_) {
    close(lane, moved, now, out);
    lane.link.aim(endpoint);
  }
}

void Planner::reconnect(base::Time now, ports::SourceEffects& out) {
  const Error anew{ErrorCode::kUnreachable, "the connection to " + to_string(endpoint_) + " is made anew"};
  for (Lane& lane : lanes_) close(lane, anew, now, out);
}

void Planner::close(Lane& lane, const Error& why, base::Time now, ports::SourceEffects& out) {
  lane.link.close(now, out);
  take_back(lane, why, now, out);
}

void Planner::shut(base::Time now, ports::SourceEffects& out) {
  DUCTUS_ASSERT(members_.empty());
  for (Lane& lane : lanes_) {
    lane.link.close(now, out);
    finish(lane);
  }
}

void Planner::join(PartitionSlot& slot) {
  slot.planner = this;
  slot.validated = false;
  slot.hurry();
  slot.doubts = 0;  // the old leader's word, as the next
  slot.out_of_range = false;
  members_.push_back(&slot);
  if (slot.lookup != 0) ask_lookup(slot);
  if (slot.question == 0) return;
  slot.question = core_.book.number();
  ask_set(slot);
}

void Planner::leave(PartitionSlot& slot) {
  slot.planner = nullptr;
  slot.in_flight = 0;
  std::erase(members_, &slot);
}

void Planner::ask_lookup(PartitionSlot& slot) {
  slot.lookup = core_.book.number();
  slot.lookup_topic = core_.cluster.topic_id(slot.topic);
  slot.found_start.reset();
  slot.found_end.reset();
  lookups_.push_back({&slot, slot.lookup});
}

// What was outstanding on the lane is over, one way or another.
void Planner::finish(Lane& lane) {
  core_.budget.unreserve(std::exchange(lane.charged_bytes, 0));
  lane.slow_at = base::Time::max();
  lane.sets.clear();
  lane.lookups.clear();
}

// Splits what may be asked now into behind_ and caught_up_.
void Planner::sort_queue(base::Time now, ports::SourceEffects& out) {
  behind_.clear();
  caught_up_.clear();
  std::erase_if(queue_, [this](const Ask& a) { return a.slot->planner != this || a.slot->question != a.number; });
  for (const Ask& ask : queue_) {
    PartitionSlot& slot = *ask.slot;
    if (slot.in_flight != 0) continue;  // an older question of it is out
    if (slot.not_before > now || leader_is_outdated(slot, now, out)) {
      try_at(slot.not_before);
      continue;
    }
    (slot.behind() ? behind_ : caught_up_).push_back(ask);
  }
}

// What was read is of a later epoch than the leader: such a one was overtaken, and what it says of the log is no more
// true. It may go on believing that it leads for as long as the others do not reach it.
bool Planner::leader_is_outdated(PartitionSlot& slot, base::Time now, ports::SourceEffects& out) {
  if (slot.leader_epoch < 0 || slot.leader_epoch >= slot.epoch_before) return false;
  const bool known_by_id = core_.cluster.topic_id(slot.topic) != ports::TopicId{};
  core_.cluster.refresh_soon(now);
  core_.book.failing(
      slot,
      {ErrorCode::kUnreachable,
       name_of_slot(slot) + ": the cluster tells leader epoch " + std::to_string(slot.leader_epoch) +
           ", but what stands before offset " + std::to_string(slot.place) + " is of leader epoch " +
           std::to_string(slot.epoch_before) +
           (known_by_id ? ": the broker lags behind"
                        : ": the broker lags behind, or the topic was made anew: then reset the offset")},
      now, out);
  core_.book.delay(slot, now);
  return true;
}

bool Planner::lookups_due(base::Time now) {
  std::erase_if(lookups_, [this](const Ask& a) { return !still_looked_up(a); });
  bool due = false;
  for (const Ask& ask : lookups_) {
    if (ask.slot->not_before > now)
      try_at(ask.slot->not_before);
    else
      due = true;
  }
  return due;
}

// Of the partitions that are being read, whether or not a set of theirs is wanted at this moment.
bool Planner::nothing_behind() const {
  return std::none_of(members_.begin(), members_.end(), [](const PartitionSlot* slot) {
    return (slot->question != 0 || slot->delivered_end >= 0) && slot->behind();
  });
}

bool Planner::make_free(Lane& lane, base::Time now, ports::SourceEffects& out) {
  if (lane.link.down()) {
    lane.link.open(now, out);
    if (lane.link.down()) try_at(lane.link.reopen_at());
  }
  if (!lane.link.idle()) return false;
  if (lane.quiet_until <= now) return true;
  try_at(lane.quiet_until);
  return false;
}

void Planner::flush(base::Time now, ports::SourceEffects& out) {
  retry_at_ = base::Time::max();
  if (queue_.empty()) short_of_budget_ = false;
  if (queue_.empty() && lookups_.empty()) return;
  Lane& a = lanes_[kA];
  Lane& b = lanes_[kB];
  if (a.link.busy() && b.link.busy()) return;  // their answers bring the next flush
  short_of_budget_ = false;
  sort_queue(now, out);
  const bool look_up = lookups_due(now);
  bool a_free = (look_up || !behind_.empty()) && make_free(a, now, out);
  bool b_free = !caught_up_.empty() && make_free(b, now, out);
  if (look_up && (a_free || b.link.idle())) {
    send_lookups(std::exchange(a_free, false) ? a : b, now, out);
    b_free = b_free && b.link.idle();
  }
  if (a_free && !behind_.empty()) send_sets(a, behind_, core_.settings.behind_max_wait, now, out);
  if (caught_up_.empty()) return;
  if (b_free) {
    send_sets(b, caught_up_, core_.settings.fetch_max_wait, now, out);
  } else if (!b.link.idle() && nothing_behind() && make_free(a, now, out)) {
    const bool b_is_coming = !b.link.busy() && !b.link.down();
    send_sets(a, caught_up_, b_is_coming ? core_.settings.behind_max_wait : core_.settings.fetch_max_wait, now, out);
  }
}

void Planner::send_sets(Lane& lane, const std::vector<Ask>& asks, base::Duration max_wait, base::Time now,
                        ports::SourceEffects& out) {
  if (send_validations(lane, asks, now, out)) return;
  const SourceSettings& settings = core_.settings;
  // Those that are asked alone come first, one by one: a long poll each would make all others wait.
  if (!asks.empty() && asks.front().slot->alone) max_wait = settings.behind_max_wait;
  const auto most = static_cast<std::size_t>(settings.response_max_bytes);
  std::size_t reserved = 0;
  request_.max_wait_ms = in_ms(max_wait);
  request_.partitions.clear();
  bool all_ids_known = true;
  for (const Ask& ask : asks) {
    PartitionSlot& slot = *ask.slot;
    if (slot.alone && !lane.sets.empty()) continue;
    const std::size_t room = std::min(core_.budget.room(slot.topic), most);
    if (room < std::min(kLeastRequestBytes, most)) {  // released() brings the next flush
      short_of_budget_ = true;
      continue;
    }
    reserved = std::max(reserved, room);
    if (slot.topic_id == ports::TopicId{}) slot.topic_id = core_.cluster.topic_id(slot.topic);
    all_ids_known = all_ids_known && slot.topic_id != ports::TopicId{};
    request_.partitions.push_back({.topic = core_.cluster.topic_name(slot.topic),
                                   .topic_id = slot.topic_id,
                                   .partition = slot.partition,
                                   .fetch_offset = slot.place,
                                   .max_bytes = std::min(settings.partition_max_bytes, static_cast<std::int32_t>(room)),
                                   .current_leader_epoch = slot.leader_epoch,
                                   .last_fetched_epoch = slot.epoch_before});
    slot.in_flight = ask.number;
    lane.sets.push_back(ask);
    if (slot.alone || (&asks == &behind_ && lane.sets.size() >= settings.behind_per_request)) break;
  }
  if (lane.sets.empty()) return;
  request_.max_bytes = static_cast<std::int32_t>(reserved);
  core_.budget.reserve(reserved);
  lane.charged_bytes = reserved;
  unqueue_sent();
  const std::int16_t newest = all_ids_known ? FetchRequest::kMaxVersion : FetchRequest::kFirstByTopicId - 1;
  lane.link.send(request_, settings.request_timeout + max_wait, now, out, newest);
  lane.slow_at = now + max_wait + settings.slow_answer;
  lane.empty_at = now + max_wait;
}

// True: something is asked of the leader's log before the sets are.
bool Planner::send_validations(Lane& lane, const std::vector<Ask>& asks, base::Time now, ports::SourceEffects& out) {
  if (lane.link.version_of(ApiKey::kFetch) >= FetchRequest::kFirstDiverging) return false;
  if (lane.link.version_of(ApiKey::kOffsetForLeaderEpoch) < 0) return false;
  OffsetForLeaderEpochRequest request;
  for (const Ask& ask : asks) {
    PartitionSlot& slot = *ask.slot;
    if (slot.validated || slot.epoch_before < 0 || (slot.alone && !lane.sets.empty())) continue;
    request.partitions.push_back(
        {core_.cluster.topic_name(slot.topic), slot.partition, slot.leader_epoch, slot.epoch_before});
    slot.in_flight = ask.number;
    lane.sets.push_back({&slot, ask.number, slot.leader_epoch});
    if (slot.alone) break;
  }
  if (lane.sets.empty()) return false;
  unqueue_sent();
  lane.link.send(request, core_.settings.request_timeout, now, out);
  lane.slow_at = now + core_.settings.slow_answer;
  return true;
}

void Planner::unqueue_sent() {
  std::erase_if(queue_, [](const Ask& ask) { return ask.slot->in_flight == ask.number; });
}

// One request asks for one offset of each log: a partition must not stand in it twice.
void Planner::send_lookups(Lane& lane, base::Time now, ports::SourceEffects& out) {
  ListOffsetsRequest request;
  request.isolation = isolation_of(core_.settings);
  std::optional<std::int64_t> timestamp;
  std::erase_if(lookups_, [&](const Ask& ask) {
    const PartitionSlot& slot = *ask.slot;
    if (slot.not_before > now) return false;
    if (!timestamp) timestamp = timestamp_of(slot);
    if (*timestamp != timestamp_of(slot)) return false;
    request.partitions.push_back({core_.cluster.topic_name(slot.topic), slot.partition, *timestamp, slot.leader_epoch});
    lane.lookups.push_back(ask);
    return true;
  });
  lane.link.send(request, core_.settings.request_timeout, now, out);
  lane.slow_at = now + core_.settings.slow_answer;
}

void Planner::tick(base::Time now) {
  for (Lane& lane : lanes_) {
    if (now < lane.slow_at) continue;
    lane.slow_at = base::Time::max();
    core_.cluster.refresh_soon(now);  // a broker that hangs may have lost its partitions long ago
  }
}

Link* Planner::expired(base::Time now) {
  for (Lane& lane : lanes_) {
    if (lane.link.deadline() <= now) return &lane.link;
  }
  return nullptr;
}

base::Time Planner::next_tick() const {
  base::Time next = retry_at_;
  for (const Lane& lane : lanes_) next = std::min({next, lane.link.deadline(), lane.slow_at});
  return next;
}

}  // namespace ductus::kafka
