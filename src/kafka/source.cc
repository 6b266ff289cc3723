#include "kafka/source.h"

#include <algorithm>
#include <utility>

#include "base/assert.h"

namespace ductus::kafka {

KafkaSource::KafkaSource(SourceSettings settings, base::ByteBudget& budget, const ports::SetDecoder& decoder)
    : settings_(std::move(settings)),
      budget_(budget),
      hub_(settings_),
      cluster_(settings_, hub_),
      book_(settings_, hub_.jitter),
      core_{settings_, hub_, cluster_, book_, budget, decoder} {
  DUCTUS_ASSERT(!settings_.brokers.empty());
}

KafkaSource::~KafkaSource() = default;

// ---- commands --------------------------------------------------------------------------------------------

void KafkaSource::attach_topic(const std::string& topic, std::int32_t, base::Time now, ports::SourceEffects& out) {
  cluster_.watch(topic, now, out);
}

void KafkaSource::detach_topic(const std::string& topic, base::Time, ports::SourceEffects&) { cluster_.unwatch(topic); }

void KafkaSource::attach(ports::ChildRef child, const ports::TopicPartition& partition, base::Time now,
                         ports::SourceEffects& out) {
  if (PartitionSlot* old = book_.find_any(child.child)) forget(*old);
  PartitionSlot& slot = book_.attach(child, cluster_.add_topic(partition.topic, now), partition.partition);
  budget_.add_topic(slot.topic);
  slot.lookup = book_.number();
  place(slot, now, out);
}

void KafkaSource::detach(ports::ChildRef child, base::Time, ports::SourceEffects&) {
  if (PartitionSlot* slot = book_.find(child)) forget(*slot);
}

void KafkaSource::forget(PartitionSlot& slot) {
  if (slot.planner != nullptr) slot.planner->leave(slot);
  book_.detach(slot);
}

void KafkaSource::want(ports::ChildRef child, const ports::Position& from, base::Time now, ports::SourceEffects& out) {
  PartitionSlot* slot = book_.find(child);
  if (slot == nullptr) return;
  slot->question = book_.number();
  slot->out_of_range = false;
  slot->place = from.next_offset;
  // Who prefetches does not know yet of which epoch the record before is; the set that ended there told.
  const bool goes_on = from.next_offset == slot->delivered_end;
  slot->epoch_before = goes_on ? slot->delivered_epoch : from.leader_epoch;
  slot->validated = slot->validated && goes_on;
  if (from.topic_id != ports::TopicId{}) slot->topic_id = from.topic_id;
  if (slot->topic_id == ports::TopicId{}) slot->topic_id = cluster_.topic_id(slot->topic);
  if (stop_if_recreated(*slot, out)) return;
  if (slot->planner != nullptr) return slot->planner->ask_set(*slot);
  place(*slot, now, out);
}

void KafkaSource::look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time now, ports::SourceEffects& out) {
  PartitionSlot* slot = book_.find(child);
  if (slot == nullptr) return;
  slot->query = query;
  slot->lookup = book_.number();
  if (slot->planner != nullptr) return slot->planner->ask_lookup(*slot);
  place(*slot, now, out);
}

void KafkaSource::released(const base::ByteBudget::Charge& charge, base::Time, ports::SourceEffects&) {
  budget_.release(charge);
}

void KafkaSource::reconnect(base::Time now, ports::SourceEffects& out) {
  cluster_.link().close(now, out);
  cluster_.lost(now);
  for (const auto& planner : planners_) planner->reconnect(now, out);
}

bool KafkaSource::waits_for_budget() const {
  bool refused = false;
  std::size_t reserved = 0;  // comes back with the answers, or when they are given up
  for (const auto& planner : planners_) {
    refused = refused || planner->short_of_budget();
    reserved += planner->reserved_bytes();
  }
  return refused && budget_.used() > reserved;
}

void KafkaSource::flush(base::Time now, ports::SourceEffects& out) {
  cluster_.flush(now, out);
  if (planners_.empty()) return;
  first_planner_ = (first_planner_ + 1) % planners_.size();
  for (std::size_t i = 0; i < planners_.size(); ++i) {
    planners_[(first_planner_ + i) % planners_.size()]->flush(now, out);
  }
}

// ---- events ----------------------------------------------------------------------------------------------

Link* KafkaSource::link_of(ports::ConnectionId connection) const {
  const auto found = hub_.by_connection.find(connection);
  return found == hub_.by_connection.end() ? nullptr : found->second;
}

void KafkaSource::opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) {
  if (Link* link = link_of(connection)) link->opened(now, out);
}

void KafkaSource::answered(ports::ConnectionId connection, const ports::RequestTag& tag,
                           std::unique_ptr<ports::Answer> answer, base::Time now, ports::SourceEffects& out) {
  Link* link = link_of(connection);
  if (link == nullptr) return;
  const bool was_ready = link->ready();
  if (!link->take(tag)) return end(*link, {ErrorCode::kCorrupt, "an answer that nothing asked for"}, now, out);
  if (!was_ready) {
    const auto greeted = link->greeted(static_cast<const ApiVersionsAnswer&>(*answer).response, now, out);
    if (!greeted) return end(*link, greeted.error(), now, out);
    if (!link->ready()) return;
    std::erase(away_, link->endpoint());
    if (!std::exchange(told_protocol_, true)) {
      out.emplace_back(ports::ProtocolFound{ports::OffsetUnit::kMessages, "kafka",
                                            to_string(link->endpoint()) + " tells its versions of it (ApiVersions)"});
    }
    set_reachable(true, "connected to " + to_string(link->endpoint()), out);
    return;
  }
  if (link->owner() != nullptr) {
    link->owner()->answered(link->lane(), tag, *answer, now, out);
    if (cluster_.take_moved()) place_all(now, out);
    return;
  }
  cluster_.answered(static_cast<const MetadataAnswer&>(*answer).response, now, out);
  place_all(now, out);
}

void KafkaSource::lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out) {
  Link* link = link_of(connection);
  if (link == nullptr) return;
  const bool nothing_asked = link->idle();
  link->lost(now);
  // Brokers close what has been idle for long: the next question opens it again. One that is gone shows with that.
  if (nothing_asked) return;
  after_loss(*link, why, now, out);
}

void KafkaSource::end(Link& link, const Error& why, base::Time now, ports::SourceEffects& out) {
  link.close(now, out);
  after_loss(link, why, now, out);
}

void KafkaSource::after_loss(Link& link, const Error& why, base::Time now, ports::SourceEffects& out) {
  const std::string where = to_string(link.endpoint());
  note_away(link.endpoint(), why, out);
  if (hub_.ready_links == 0) set_reachable(false, where + ": " + why.message, out);
  if (link.owner() != nullptr) return link.owner()->lost(link.lane(), why, now, out);
  cluster_.lost(now);
  const Error error{why.code, where + ": " + why.message};
  for (PartitionSlot& slot : book_.slots()) {
    if (slot.planner == nullptr) tell_leaderless(slot, error, now, out);
  }
}

void KafkaSource::note_away(const Endpoint& endpoint, const Error& why, ports::SourceEffects& out) {
  if (std::find(away_.begin(), away_.end(), endpoint) != away_.end()) return;
  std::erase_if(away_, [this](const Endpoint& known) { return !cluster_.names(known); });
  away_.push_back(endpoint);
  out.emplace_back(ports::BrokerAway{to_string(endpoint), why});
}

void KafkaSource::set_reachable(bool reachable, const std::string& detail, ports::SourceEffects& out) {
  if (reachable_ == reachable) return;
  reachable_ = reachable;
  out.emplace_back(ports::SourceState{reachable, detail});
}

void KafkaSource::tick(base::Time now, ports::SourceEffects& out) {
  if (cluster_.link().deadline() <= now) end(cluster_.link(), cluster_.link().timeout_error(), now, out);
  for (const auto& planner : planners_) {
    while (Link* link = planner->expired(now)) end(*link, link->timeout_error(), now, out);
    planner->tick(now);
  }
}

base::Time KafkaSource::next_tick() const {
  base::Time next = cluster_.next_tick();
  for (const auto& planner : planners_) next = std::min(next, planner->next_tick());
  return next;
}

// ---- leaders ---------------------------------------------------------------------------------------------

// After metadata: every partition to its leader's planner, and planners of brokers that are gone away.
void KafkaSource::place_all(base::Time now, ports::SourceEffects& out) {
  for (PartitionSlot& slot : book_.slots()) {
    if (!slot.attached) continue;
    stop_if_recreated(slot, out);
    place(slot, now, out);  // in any case: its planner may be about to go
  }
  std::erase_if(planners_, [&](const std::unique_ptr<Planner>& planner) {
    if (const Endpoint* endpoint = cluster_.endpoint_of(planner->node_id())) {
      planner->aim(*endpoint, now, out);
      return false;
    }
    planner->shut(now, out);
    return true;
  });
}

void KafkaSource::place(PartitionSlot& slot, base::Time now, ports::SourceEffects& out) {
  const Cluster::Leader leader = cluster_.leader_of(slot.topic, slot.partition);
  if (slot.planner != nullptr && slot.planner->node_id() != leader.node_id) slot.planner->leave(slot);
  if (leader.node_id < 0) {
    return tell_leaderless(slot, cluster_.why_leaderless(slot.topic, slot.partition), now, out);
  }
  if (slot.leader_epoch != leader.epoch) {
    slot.hurry();
    slot.validated = false;
  }
  slot.leader_epoch = leader.epoch;
  if (slot.planner == nullptr) planner_of(leader.node_id).join(slot);
}

void KafkaSource::tell_leaderless(PartitionSlot& slot, const Error& why, base::Time now, ports::SourceEffects& out) {
  if (!slot.waits()) return;
  cluster_.refresh_soon(now);
  book_.failing(slot, why, now, out);
}

// Offsets of the old topic mean nothing in the new one, even where they lie within its log.
bool KafkaSource::stop_if_recreated(PartitionSlot& slot, ports::SourceEffects& out) {
  const ports::TopicId& id = cluster_.topic_id(slot.topic);
  const ports::TopicId unknown{};
  if (slot.question == 0 || id == unknown || slot.topic_id == unknown || slot.topic_id == id) return false;
  book_.stop(slot,
             {ErrorCode::kRefused, cluster_.topic_name(slot.topic) + "/" + std::to_string(slot.partition) +
                                       ": the topic was deleted and made anew; offset " + std::to_string(slot.place) +
                                       " belongs to the old one: reset it, or choose [offsets] when_recreated"},
             out, ports::Trouble::Kind::kRecreated);
  return true;
}

Planner& KafkaSource::planner_of(std::int32_t node_id) {
  for (const auto& planner : planners_) {
    if (planner->node_id() == node_id) return *planner;
  }
  return *planners_.emplace_back(std::make_unique<Planner>(core_, node_id, *cluster_.endpoint_of(node_id)));
}

}  // namespace ductus::kafka
