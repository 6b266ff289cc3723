#include "node/work.h"

#include <utility>

namespace ductus::node {

WorkDone carry_out(Work work, ports::HandlerHost& host, const std::stop_token& stop, ports::DecodeArena& arena) {
  WorkDone done{.kind = work.kind, .child = work.child};
  switch (work.kind) {
    case Work::Kind::kStartHandler:
      done.outcome = host.start(work.child, work.partition, *work.init, stop);
      break;
    case Work::Kind::kHandle:
      done.handled = host.handle(work.child, work.set, work.cursor, arena);
      done.set = std::move(work.set);
      if (done.handled.kind == ports::Handled::Kind::kDefer) done.set.own_records();
      break;
    case Work::Kind::kHandleIdle:
      done.handled = host.handle_idle(work.child, work.next_offset);
      break;
    case Work::Kind::kSync:
      done.outcome = host.sync(work.child);
      break;
    case Work::Kind::kAggregate:
      done.round = work.round;
      if (auto element = host.aggregate_element(work.child)) {
        done.element = *std::move(element);
      } else {
        done.outcome = element.error();
      }
      break;
    case Work::Kind::kStopHandler:
      host.stop(work.child);
      break;
    case Work::Kind::kPeriodic:
      done.outcome = host.handle_periodic_aggregate(*work.aggregate);
      break;
  }
  return done;
}

Result<void> carry_out(StoreRound& round, ports::OffsetStore& store) {
  Result<void> outcome = store.store(round.positions);
  if (!outcome && outcome.error().code == ErrorCode::kRefused) round.conflicts = store.conflicts();
  if (outcome && !round.topics.empty()) outcome = store.store_topics(round.topics);
  return outcome;
}

Result<std::vector<std::optional<ports::Position>>> carry_out(LoadPositions& load, ports::OffsetStore& store) {
  auto positions = store.load(load.partitions);
  if (!positions) return positions;
  for (const ports::TopicPartition& partition : load.partitions) load.known_topics[partition.topic];
  std::vector<std::string> topics;
  for (const auto& [topic, unknown] : load.known_topics) topics.push_back(topic);
  const auto known = store.load_topics(topics);
  if (!known) return known.error();
  for (std::size_t i = 0; i < topics.size(); ++i) load.known_topics[topics[i]] = (*known)[i];
  return positions;
}

Result<void> carry_out(ChangePositions& change, ports::OffsetStore& store) {
  std::vector<ports::TopicPartition> partitions;
  for (const ports::PositionChange& one : change.change.positions) partitions.push_back(one.partition);
  const auto now = store.load(partitions);
  if (!now) return now.error();
  for (std::size_t i = 0; i < partitions.size(); ++i) change.change.positions[i].before = (*now)[i];
  return store.change(change.change);
}

}  // namespace ductus::node
