#include "kafka06/source.h"

#include <utility>

#include "base/assert.h"

namespace ductus::kafka06 {

LegacySource::LegacySource(SourceSettings settings, base::ByteBudget& budget, const ports::SetDecoder& decoder)
    : settings_(std::move(settings)),
      budget_(budget),
      hub_(settings_),
      topics_(settings_),
      book_(settings_, hub_.jitter, budget),
      planner_(settings_, hub_, topics_, book_, budget, decoder) {
  DUCTUS_ASSERT(!settings_.broker.host.empty() && settings_.connections > 0);
}

LegacySource::~LegacySource() = default;

// ---- commands --------------------------------------------------------------------------------------------

void LegacySource::attach_topic(const std::string& topic, std::int32_t named_partitions, base::Time now,
                                ports::SourceEffects& out) {
  if (!std::exchange(protocol_told_, true)) {
    const char* const protocol = settings_.line == Line::k06 ? "kafka-0.6" : "kafka-0.7";
    out.emplace_back(ports::ProtocolFound{ports::OffsetUnit::kBytes, protocol, settings_.line_because});
  }
  topics_.watch(topic, named_partitions, now, out);
}

void LegacySource::detach_topic(const std::string& topic, base::Time, ports::SourceEffects&) { topics_.unwatch(topic); }

void LegacySource::attach(ports::ChildRef child, const ports::TopicPartition& partition, base::Time,
                          ports::SourceEffects& out) {
  if (PartitionSlot* old = book_.find_any(child.child)) book_.detach(*old);
  PartitionSlot& slot = book_.attach(child, topics_.add(partition.topic), partition.partition);
  budget_.add_topic(slot.topic);
  planner_.ask_lookup(slot);
  if (!topics_.may_ask(slot.topic)) tell_not_asked(slot, out);
}

void LegacySource::detach(ports::ChildRef child, base::Time, ports::SourceEffects&) {
  if (PartitionSlot* slot = book_.find(child)) book_.detach(*slot);
}

void LegacySource::want(ports::ChildRef child, const ports::Position& from, base::Time, ports::SourceEffects& out) {
  PartitionSlot* slot = book_.find(child);
  if (slot == nullptr) return;
  // A stored position is the evidence that the topic is there.
  topics_.permit(slot->topic);
  if (!topics_.may_ask(slot->topic)) return tell_not_asked(*slot, out);
  planner_.want(*slot, from.next_offset, out);
}

void LegacySource::look_up(ports::ChildRef child, ports::OffsetQuery query, base::Time, ports::SourceEffects& out) {
  PartitionSlot* slot = book_.find(child);
  if (slot == nullptr) return;
  if (!topics_.may_ask(slot->topic)) return tell_not_asked(*slot, out);
  slot->query = query;
  planner_.ask_lookup(*slot);
}

void LegacySource::tell_not_asked(const PartitionSlot& slot, ports::SourceEffects& out) const {
  const std::string& topic = topics_.name(slot.topic);
  const std::string who = topic + "/" + std::to_string(slot.partition) + " at " + to_string(settings_.broker);
  Error why{ErrorCode::kRefused,
            who +
                ": the ends of its log are not asked for: a broker of Kafka 0.6 makes every topic that it is asked "
                "about, and no stored offset says that " +
                topic +
                " is there; set its offset as a number, or let the broker make topics: source.may_create_topics = "
                "true"};
  if (topic.empty() || topic.size() > kMaxTopicBytes) {
    why = {ErrorCode::kInvalid, who + ": a topic's name has from 1 to " + std::to_string(kMaxTopicBytes) + " bytes"};
  }
  out.emplace_back(ports::Trouble{slot.child, why, ports::Trouble::Kind::kFinal});
}

void LegacySource::released(const base::ByteBudget::Charge& charge, base::Time, ports::SourceEffects&) {
  budget_.release(charge);
}

void LegacySource::reconnect(base::Time now, ports::SourceEffects& out) { planner_.reconnect(now, out); }

// Reservations come back with the answers, or when they are given up; cut entries are completed, one at least.
bool LegacySource::waits_for_budget() const {
  return planner_.short_of_budget() && budget_.used() > planner_.reserved_bytes() + book_.cut_bytes();
}

void LegacySource::flush(base::Time now, ports::SourceEffects& out) { planner_.flush(now, out); }

// ---- events ----------------------------------------------------------------------------------------------

Link* LegacySource::link_of(ports::ConnectionId connection) const {
  const auto found = hub_.by_connection.find(connection);
  return found == hub_.by_connection.end() ? nullptr : found->second;
}

void LegacySource::opened(ports::ConnectionId connection, base::Time now, ports::SourceEffects& out) {
  if (Link* link = link_of(connection)) link->opened(now, out);
}

void LegacySource::answered(ports::ConnectionId connection, const ports::RequestTag& tag,
                            std::unique_ptr<ports::Answer> answer, base::Time now, ports::SourceEffects& out) {
  Link* link = link_of(connection);
  if (link == nullptr) return;
  if (!link->take(tag, now)) return end(*link, {ErrorCode::kCorrupt, "an answer that nothing asked for"}, now, out);
  if (link->ready()) return planner_.answered(*link, *answer, now, out);
  link->greeted();
  away_ = false;
  set_reachable(true, "connected to " + to_string(settings_.broker), out);
}

void LegacySource::lost(ports::ConnectionId connection, const Error& why, base::Time now, ports::SourceEffects& out) {
  Link* link = link_of(connection);
  if (link == nullptr) return;
  const bool nothing_asked = link->idle();
  const Error explained = link->explained(why);
  link->lost(now);
  // Something in between may close what has been idle for long: the next question opens it again.
  if (nothing_asked) return;
  after_loss(*link, explained, now, out);
}

void LegacySource::end(Link& link, const Error& why, base::Time now, ports::SourceEffects& out) {
  const Error explained = link.explained(why);
  link.close(now, out);
  after_loss(link, explained, now, out);
}

void LegacySource::after_loss(Link& link, const Error& why, base::Time now, ports::SourceEffects& out) {
  const std::string where = to_string(settings_.broker);
  if (!std::exchange(away_, true)) out.emplace_back(ports::BrokerAway{where, why});
  if (hub_.ready_links == 0) set_reachable(false, where + ": " + why.message, out);
  planner_.lost(link, why, now, out);
}

void LegacySource::set_reachable(bool reachable, const std::string& detail, ports::SourceEffects& out) {
  if (reachable_ == reachable) return;
  reachable_ = reachable;
  out.emplace_back(ports::SourceState{reachable, detail});
}

void LegacySource::tick(base::Time now, ports::SourceEffects& out) {
  while (Link* link = planner_.expired(now)) end(*link, link->timeout_error(), now, out);
  planner_.tick(now);
}

base::Time LegacySource::next_tick() const { return planner_.next_tick(); }

}  // namespace ductus::kafka06
