#include "sim/faults.h"

#include <algorithm>

#include "base/assert.h"
#include "sim/legacy_faults.h"
#include "sim/simulation.h"

namespace ductus::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

std::string seconds_of(base::Duration duration) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(duration).count()) + " ms";
}
std::string name_of(const Place& place) { return place.topic + "/" + std::to_string(place.partition); }
std::string name_of(const Broker& broker) { return "broker " + std::to_string(broker.id); }

// ---- brokers ---------------------------------------------------------------------------------------------

std::string cut_connections(FaultTools& it) {
  Broker& broker = it.any_broker();
  if (it.node() == nullptr) return {};
  it.node()->cut_connections(broker.id);
  return name_of(broker) + " cuts its connections";
}

void take_down(FaultTools& it, Broker& broker, base::Time until) {
  broker.down_until = until;
  if (it.node() != nullptr) it.node()->cut_connections(broker.id);
}

std::string broker_down(FaultTools& it) {
  Broker& broker = it.any_broker();
  take_down(it, broker, it.until(milliseconds(100), minutes(5)));
  const bool moves = it.random.chance(0.6) && !it.world.legacy;
  if (moves) {
    it.later(it.now() + it.random.duration(milliseconds(10), seconds(8)), [tools = it, id = broker.id]() mutable {
      for (const std::string& name : tools.world.logs.names()) {
        for (Log& log : tools.world.logs.topic(name).logs) {
          if (log.leader == id) tools.world.logs.move_leader(log, tools.other_broker(id));
        }
      }
      tools.changed();
    });
  }
  return name_of(broker) + " is down for " + seconds_of(broker.down_until - it.now()) +
         (moves ? ", its leaders move" : "");
}

std::string cluster_down(FaultTools& it) {
  const base::Time until = it.until(seconds(1), minutes(6));
  for (Broker& broker : it.world.brokers.all) take_down(it, broker, until);
  return "all brokers are down for " + seconds_of(until - it.now());
}

std::string trouble(FaultTools& it, base::Time Broker::* field, base::Duration longest, const char* what) {
  Broker& broker = it.any_broker();
  base::Time& until = broker.*field;
  until = it.until(milliseconds(100), longest);
  return name_of(broker) + " " + what + " for " + seconds_of(until - it.now());
}

std::string broker_frozen(FaultTools& it) { return trouble(it, &Broker::frozen_until, minutes(5), "hangs"); }
std::string broker_throttles(FaultTools& it) { return trouble(it, &Broker::throttles_until, minutes(1), "throttles"); }
std::string broker_answers_nothing(FaultTools& it) {
  return trouble(it, &Broker::answers_nothing_until, minutes(1), "leaves records out");
}
std::string broker_corrupts(FaultTools& it) {
  return trouble(it, &Broker::corrupts_until, minutes(1), "spoils record batches");
}
std::string broker_mangles(FaultTools& it) {
  return trouble(it, &Broker::mangles_until, seconds(30), "mangles answers");
}

std::string broker_slow(FaultTools& it) {
  Broker& broker = it.any_broker();
  broker.slow_until = it.until(seconds(1), minutes(3));
  broker.slowness = it.random.duration(milliseconds(200), seconds(40));
  return name_of(broker) + " answers late, up to " + seconds_of(broker.slowness) + ", for " +
         seconds_of(broker.slow_until - it.now());
}

std::string old_metadata(FaultTools& it) {
  Broker& broker = it.any_broker();
  it.world.brokers.keep_metadata(broker, it.until(seconds(1), minutes(2)));
  it.world.logs.leaders_hidden_until = std::max(it.world.logs.leaders_hidden_until, broker.old_metadata_until);
  it.world.checker.end_is_unclear();
  return name_of(broker) + " tells old metadata for " + seconds_of(broker.old_metadata_until - it.now());
}

std::string error_code(FaultTools& it) {
  constexpr std::int16_t kCodes[] = {-1, 1, 2, 3, 5, 6, 7, 8, 9, 13, 29, 35, 42, 56, 74, 75, 78, 100, 103, 119};
  const Place place = it.any_place();
  const PlaceError error{it.until(milliseconds(50), minutes(2)), kCodes[it.random.below(std::size(kCodes))]};
  it.world.brokers.errors[place] = error;
  return name_of(place) + " is answered with error " + std::to_string(error.code) + " for " +
         seconds_of(error.until - it.now());
}

std::string topic_error(FaultTools& it) {
  constexpr std::int16_t kCodes[] = {-1, 3, 5, 17, 29, 42};
  const Place place = it.any_place();
  const PlaceError error{it.until(milliseconds(50), minutes(2)), kCodes[it.random.below(std::size(kCodes))]};
  it.world.brokers.topic_errors[place.topic] = error;
  return "metadata has error " + std::to_string(error.code) + " for topic " + place.topic + " for " +
         seconds_of(error.until - it.now());
}

// ---- leaders and logs ------------------------------------------------------------------------------------

std::string leader_moves(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  it.world.logs.move_leader(log, it.other_broker(log.leader));
  it.changed();
  return name_of(place) + " is led by broker " + std::to_string(log.leader) + " in epoch " + std::to_string(log.epoch);
}

std::string leader_does_not_know(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  const std::int32_t old = log.leader;
  const std::int32_t next = it.other_broker(old);
  if (old < 0 || next == old) return {};
  const base::Time until = it.until(seconds(1), minutes(2));
  it.world.brokers.by_id(old).lost_leads[&log] = {until, log.epoch, log.end};
  log.old_leader_until = until;
  it.world.logs.move_leader(log, next);
  it.world.checker.end_is_unclear();
  return name_of(place) + " is led by broker " + std::to_string(next) + ", and broker " + std::to_string(old) +
         " does not know for " + seconds_of(until - it.now());
}

std::string no_leader(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  if (log.leader < 0) return {};
  const std::int32_t old = log.leader;
  log.leader = -1;
  it.changed();
  const base::Time until = it.until(milliseconds(100), minutes(3));
  it.world.timeline.at(until, 0, [tools = it, &log, old]() mutable {
    if (log.leader >= 0) return;
    tools.world.logs.move_leader(log, tools.random.chance(0.5) ? old : tools.other_broker(old));
    tools.changed();
  });
  return name_of(place) + " has no leader for " + seconds_of(until - it.now());
}

std::string unclean_election(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  std::size_t keep = log.batches.size();
  const std::size_t most = 1 + it.random.below(8);
  while (keep > 0 && log.batches.size() - keep < most) {
    const LogBatch& batch = log.batches[keep - 1];
    // A marker that is lost would open its transaction again, which no broker of ours can tell.
    const bool has_marker =
        !batch.records.empty() && it.world.logs.records[batch.records[0]].fate == Record::Fate::kControl;
    if (has_marker) break;
    --keep;
  }
  if (keep == log.batches.size()) return {};
  for (Broker& broker : it.world.brokers.all) broker.lost_leads.erase(&log);
  const std::int64_t end = log.end;
  it.world.logs.lose_tail(log, it.other_broker(log.leader), log.batches[keep].base);
  it.changed();
  return name_of(place) + " loses offsets " + std::to_string(log.end) + " to " + std::to_string(end) + ", epoch " +
         std::to_string(log.epoch);
}

std::string records_deleted(FaultTools& it) {
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  const std::int64_t stable = log.stable_end();
  if (stable <= log.start) return {};
  it.world.logs.trim(log, it.random.chance(0.4) ? stable : it.random.between(log.start + 1, stable));
  return name_of(place) + " begins at offset " + std::to_string(log.start) + " of " + std::to_string(log.end);
}

std::string compaction(FaultTools& it) {
  const Place place = it.any_place();
  it.world.logs.compact(it.log_of(place), it.random);
  return name_of(place) + " is compacted";
}

std::string topic_made_anew(FaultTools& it) {
  if (!it.world.brokers.versions.topic_ids) return {};
  const Place place = it.any_place();
  const auto before = static_cast<int>(it.world.logs.topic(place.topic).logs.size());
  const int partitions = before + static_cast<int>(it.random.below(2));
  it.world.logs.create(place.topic, partitions, it.random);
  if (it.random.chance(0.5)) {
    it.world.brokers.topic_errors[place.topic] = {it.until(milliseconds(10), seconds(20)), 3};
  }
  it.add_producers();
  it.changed();
  return "topic " + place.topic + " is deleted and made anew with " + std::to_string(partitions) + " partitions";
}

std::string partition_added(FaultTools& it) {
  const Place place = it.any_place();
  Topic& topic = it.world.logs.topic(place.topic);
  if (topic.logs.size() >= 5) return {};
  it.world.logs.add_partition(topic, it.random);
  it.add_producers();
  return "topic " + place.topic + " has " + std::to_string(topic.logs.size()) + " partitions";
}

std::string transaction_stays_open(FaultTools& it) {
  const Place place = it.any_place();
  const base::Time until = it.until(seconds(1), minutes(10));
  const bool commits = it.random.chance(0.5);
  it.long_transaction(it.log_of(place), until, commits);
  return name_of(place) + " has a transaction that stays open for " + seconds_of(until - it.now());
}

std::string burst(FaultTools& it) {
  const Place place = it.any_place();
  it.burst(it.log_of(place));
  return name_of(place) + " gets many messages at once";
}

// ---- handlers --------------------------------------------------------------------------------------------

std::string misbehave(FaultTools& it, base::Time Behaviour::* field, base::Duration longest, const char* what) {
  const Place place = it.any_place();
  base::Time& until = it.world.behaviours.of[place].*field;
  until = it.until(milliseconds(10), longest);
  return "the handler of " + name_of(place) + " " + what + " for " + seconds_of(until - it.now());
}

std::string handler_fails(FaultTools& it) { return misbehave(it, &Behaviour::fails_until, minutes(4), "fails"); }
std::string handler_throws(FaultTools& it) { return misbehave(it, &Behaviour::throws_until, minutes(2), "throws"); }
std::string handler_defers(FaultTools& it) { return misbehave(it, &Behaviour::defers_until, minutes(4), "defers"); }
std::string handler_hangs(FaultTools& it) { return misbehave(it, &Behaviour::hangs_until, minutes(5), "hangs"); }
std::string handler_slow(FaultTools& it) { return misbehave(it, &Behaviour::slow_until, minutes(2), "is slow"); }
std::string init_fails(FaultTools& it) {
  return misbehave(it, &Behaviour::init_fails_until, minutes(4), "cannot be made");
}
std::string sync_fails(FaultTools& it) {
  if (!it.world.behaviours.has_sync) return {};
  return misbehave(it, &Behaviour::sync_fails_until, minutes(2), "cannot sync");
}
std::string aggregate_throws(FaultTools& it) {
  it.world.behaviours.aggregate_throws_until = it.until(seconds(1), minutes(3));
  return "the aggregate throws";
}

// ---- the store -------------------------------------------------------------------------------------------

std::string store_down(FaultTools& it) {
  it.world.store.down_until = it.until(milliseconds(50), minutes(5));
  return "the store is away for " + seconds_of(it.world.store.down_until - it.now());
}
std::string store_slow(FaultTools& it) {
  it.world.store.slow_until = it.until(seconds(1), minutes(2));
  return "the store is slow for " + seconds_of(it.world.store.slow_until - it.now());
}
std::string store_times_out(FaultTools& it) {
  it.world.store.forgets_to_answer_until = it.until(milliseconds(100), minutes(2));
  return "the store does what it is asked, or not, and does not answer, for " +
         seconds_of(it.world.store.forgets_to_answer_until - it.now());
}

// Only back, and to positions in the logs of today: another rewind is an operator's affair.
std::string store_rewound(FaultTools& it) {
  SimStore& store = it.world.store;
  store.take_backup();
  it.later(it.now() + it.random.duration(seconds(1), minutes(1)), [tools = it, ids = [&] {
             std::vector<ports::TopicId> all;
             for (const std::string& name : it.world.logs.names()) all.push_back(it.world.logs.topic(name).id);
             return all;
           }()]() mutable {
    std::size_t same = 0;
    for (const std::string& name : tools.world.logs.names()) {
      const Topic& topic = tools.world.logs.topic(name);
      same += static_cast<std::size_t>(std::count(ids.begin(), ids.end(), topic.id));
      for (std::size_t i = 0; i < topic.logs.size(); ++i) {
        if (!tools.world.store.would_go_back(tools.world.key({name, static_cast<std::int32_t>(i)}))) return;
      }
    }
    if (same != ids.size()) return;
    tools.world.store.rewind();
    tools.world.checker.on_rewound();
  });
  return "the store goes back to what it holds now, a while from now";
}

// ---- the node --------------------------------------------------------------------------------------------

std::string node_killed(FaultTools& it) {
  if (it.node() == nullptr) return {};
  const int steps = static_cast<int>(it.random.below(200));
  it.node()->kill_after(steps);
  return "the node is killed after " + std::to_string(steps) + " more steps";
}

std::string node_stopped(FaultTools& it) {
  if (it.node() == nullptr || it.node()->draining()) return {};
  it.node()->drain();
  return "an operator stops the node and starts it again";
}

std::string offset_reset(FaultTools& it) {
  if (it.node() == nullptr || it.node()->draining()) return {};
  const Place place = it.any_place();
  Log& log = it.log_of(place);
  const std::int64_t offset = log.any_place(log.start, log.stable_end(), it.random);
  it.operator_resets(place, offset);
  it.node()->drain();
  return "an operator sets " + name_of(place) + " to offset " + std::to_string(offset);
}

// ---- operators of a running node ------------------------------------------------------------------------

bool takes_commands(FaultTools& it) { return it.node() != nullptr && !it.node()->draining(); }

// As soon as a node is there to be told.
void resume_at(FaultTools it, base::Time time, const Place& place) {
  it.world.timeline.at(time, 0, [it, place]() mutable {
    if (!takes_commands(it)) return resume_at(it, it.now() + seconds(1), place);
    it.node()->resume(place);
  });
}

std::string operator_pauses(FaultTools& it) {
  if (!takes_commands(it)) return {};
  const Place place = it.any_place();
  const base::Time until = it.until(seconds(1), minutes(3));
  it.node()->pause(place);
  resume_at(it, until, place);
  return "an operator pauses " + name_of(place) + " for " + seconds_of(until - it.now());
}

std::string operator_restarts(FaultTools& it) {
  if (!takes_commands(it)) return {};
  const Place place = it.any_place();
  it.node()->restart(place);
  return "an operator restarts " + name_of(place);
}

std::string offset_set_live(FaultTools& it) {
  if (!takes_commands(it)) return {};
  const Place place = it.any_place();
  const Log& log = it.log_of(place);
  const bool knows_id = it.world.brokers.versions.topic_ids;
  const std::int64_t offset = log.any_place(log.start, log.stable_end(), it.random);
  it.node()->set_offset(place, {offset, -1, knows_id ? it.world.logs.topic(place.topic).id : ports::TopicId{}});
  return "an operator sets " + name_of(place) + " of the running node to offset " + std::to_string(offset);
}

void reload(FaultTools& it) {
  it.world.checker.end_is_unclear();
  if (takes_commands(it)) it.node()->reload();
}

std::string configuration_reloaded(FaultTools& it) {
  std::vector<config::TopicConfig>& topics = it.world.settings.config.topics;
  const std::size_t index = it.random.below(topics.size());
  if (topics.size() == 1 || it.random.chance(0.5)) {
    topics[index].init = Value(static_cast<std::int64_t>(it.random.below(1'000'000)));
    reload(it);
    return "the configuration gives topic " + topics[index].name + " another init";
  }
  const config::TopicConfig left = topics[index];
  topics.erase(topics.begin() + static_cast<std::ptrdiff_t>(index));
  const base::Time until = it.until(seconds(1), minutes(2));
  it.world.timeline.at(until, 0, [tools = it, left]() mutable {
    tools.world.settings.config.topics.push_back(left);
    reload(tools);
  });
  reload(it);
  return "the configuration is without topic " + left.name + " for " + seconds_of(until - it.now());
}

std::string another_owner(FaultTools& it) {
  it.world.store.owned_by_other_until = it.until(milliseconds(50), minutes(2));
  return "another node owns the store for " + seconds_of(it.world.store.owned_by_other_until - it.now());
}

// Back only: what lies ahead would be passed over at somebody's word.
std::string place_moved(FaultTools& it) {
  const Place place = it.any_place();
  const Log& log = it.log_of(place);
  const auto durable = it.world.store.durable(it.world.key(place));
  const bool is_of_today =
      durable && (durable->topic_id == it.world.logs.topic(place.topic).id || durable->topic_id == ports::TopicId{});
  if (!is_of_today || durable->next_offset <= log.start) return {};
  if (it.world.legacy && durable->next_offset > log.checked) return {};  // of a log that is no more
  ports::Position back = *durable;
  back.next_offset = log.any_place(log.start, durable->next_offset - 1, it.random);
  back.leader_epoch = -1;
  it.world.store.move({it.world.key(place), back});
  it.world.checker.on_moved(place);
  return "somebody else moves " + name_of(place) + " from offset " + std::to_string(durable->next_offset) + " to " +
         std::to_string(back.next_offset);
}

const FaultKind kKinds[] = {
    {"connections cut", 4, 4, cut_connections},
    {"broker down", 4, 4, broker_down},
    {"cluster down", 2, 2, cluster_down},
    {"broker hangs", 4, 4, broker_frozen},
    {"broker slow", 3, 4, broker_slow},
    {"broker throttles", 2, 0, broker_throttles},
    {"records left out", 2, 0, broker_answers_nothing},
    {"records spoilt", 4, 4, broker_corrupts},
    {"answers mangled", 3, 3, broker_mangles},
    {"old metadata", 3, 0, old_metadata},
    {"error code", 8, 0, error_code},
    {"topic error", 3, 0, topic_error},
    {"leader moves", 4, 0, leader_moves},
    {"old leader goes on", 3, 0, leader_does_not_know},
    {"no leader", 3, 0, no_leader},
    {"log truncated", 5, 4, unclean_election},
    {"records deleted", 5, 0, records_deleted},
    {"compaction", 4, 0, compaction},
    {"topic made anew", 2, 0, topic_made_anew},
    {"partition added", 2, 0, partition_added},
    {"transaction stays open", 2, 0, transaction_stays_open},
    {"burst", 3, 3, burst},
    {"handler fails", 4, 4, handler_fails},
    {"handler throws", 2, 2, handler_throws},
    {"handler defers", 3, 3, handler_defers},
    {"handler hangs", 3, 3, handler_hangs},
    {"handler slow", 2, 2, handler_slow},
    {"handler cannot start", 2, 2, init_fails},
    {"sync fails", 4, 4, sync_fails},
    {"aggregate throws", 1, 1, aggregate_throws},
    {"store away", 3, 3, store_down},
    {"store slow", 2, 2, store_slow},
    {"store times out", 3, 3, store_times_out},
    {"store rewound", 1, 1, store_rewound},
    {"node killed", 10, 10, node_killed},
    {"node stopped", 3, 3, node_stopped},
    {"offset reset", 1, 1, offset_reset},
    {"operator pauses", 3, 3, operator_pauses},
    {"operator restarts", 2, 2, operator_restarts},
    {"offset set live", 2, 2, offset_set_live},
    {"configuration reloaded", 2, 2, configuration_reloaded},
    {"another owner", 2, 2, another_owner},
    {"place moved", 1, 1, place_moved},
    {"broker hangs up", 0, 3, legacy::hangs_up},
    {"flushes late", 0, 3, legacy::flushes_late},
    {"error of a log", 0, 6, legacy::error_code},
    {"segments deleted", 0, 6, legacy::segments_deleted},
    {"log damaged", 0, 2, legacy::log_damaged},
    {"log made anew", 0, 3, legacy::log_made_anew},
    {"topic deleted", 0, 3, legacy::topic_deleted},
    {"offset misplaced", 0, 2, legacy::offset_misplaced},
};

}  // namespace

std::span<const FaultKind> fault_kinds() { return kKinds; }

std::size_t fault_kind(std::string_view name) {
  const auto* const found = std::ranges::find_if(kKinds, [&](const FaultKind& kind) { return name == kind.name; });
  DUCTUS_ASSERT(found != std::end(kKinds));
  return static_cast<std::size_t>(found - std::begin(kKinds));
}

std::vector<PlannedFault> plan_faults(Random& random, base::Duration length, bool legacy) {
  const auto weight_of = [legacy](const FaultKind& kind) { return legacy ? kind.legacy_weight : kind.weight; };
  int weights = 0;
  for (const FaultKind& kind : kKinds) weights += weight_of(kind);
  std::vector<PlannedFault> plan;
  const base::Duration gap = random.duration(seconds(20), seconds(90));
  // Some come together: the second one meets what the first has begun.
  const auto next_gap = [&] { return random.gap(random.chance(0.3) ? seconds(1) : gap); };
  for (base::Duration at = next_gap(); at < length; at += next_gap()) {
    auto left = static_cast<int>(random.below(static_cast<std::size_t>(weights)));
    std::size_t kind = 0;
    while ((left -= weight_of(kKinds[kind])) >= 0) ++kind;
    plan.push_back({at, kind, random.next()});
  }
  return plan;
}

// ---- tools -----------------------------------------------------------------------------------------------

base::Time FaultTools::until(base::Duration shortest, base::Duration longest) {
  return std::min(now() + random.duration(shortest, longest), world.faults_end);
}

void FaultTools::later(base::Time time, std::function<void()> event) {
  if (time < world.faults_end) world.timeline.at(time, 0, std::move(event));
}

SimNode* FaultTools::node() { return simulation_.node_.get(); }

void FaultTools::changed() {
  if (node() != nullptr) node()->wake_fetches();
}

Place FaultTools::any_place() {
  const std::vector<std::string> names = world.logs.names();
  const std::string& name = names[random.below(names.size())];
  return {name, static_cast<std::int32_t>(random.below(world.logs.topic(name).logs.size()))};
}

Log& FaultTools::log_of(const Place& place) {
  return world.logs.topic(place.topic).logs[static_cast<std::size_t>(place.partition)];
}

std::int32_t FaultTools::other_broker(std::int32_t than) {
  const auto count = static_cast<std::int32_t>(world.brokers.all.size());
  if (count == 1) return 1;
  if (than < 1) return static_cast<std::int32_t>(random.between(1, count));
  return 1 + (than - 1 + static_cast<std::int32_t>(random.between(1, count - 1))) % count;
}

void FaultTools::long_transaction(Log& log, base::Time until, bool commits) {
  simulation_.begin_transaction(log, until - now(), commits);
}

void FaultTools::burst(Log& log) {
  for (int i = 0; i < 60; ++i) simulation_.append(log);
}

void FaultTools::add_producers() { simulation_.add_producers(); }

void FaultTools::operator_resets(const Place& place, std::int64_t offset) { simulation_.to_reset_[place] = offset; }

}  // namespace ductus::sim
