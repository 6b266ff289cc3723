#include "sim/node.h"

#include <algorithm>
#include <utility>

#include "config/changes.h"
#include "kafka/source.h"
#include "kafka06/source.h"
#include "node/work.h"
#include "operate/source/source_settings.h"

namespace ductus::sim {
namespace {

constexpr base::Duration kShortWay = std::chrono::microseconds(100);
constexpr base::Duration kLongWay = std::chrono::milliseconds(5);
/// Entries at one instant after which the node counts as spinning.
constexpr int kMaxSpins = 20'000;

}  // namespace

SimNode::SimNode(World& world, bool until_end)
    : world_(world),
      owner_(world.timeline.add_owner()),
      config_(world.settings.config),
      budget_(config_.memory_budget_bytes),
      source_(make_source()),
      module_(world.behaviours, world.checker, world.timeline, world.random),
      runner_(module_, config_.batch_max_bytes, [](LogLevel, std::string_view) {}),
      brain_(config_, *source_,
             {.until_end = until_end,
              .idle_interval = module_.idle_interval(),
              .seed = world.random.next(),
              .paused = world.paused}) {
  ++world.lives;
  world.store.on_second_step = [this] { step(); };
  world.timeline.on_alarm = [this] {
    armed_at_ = base::Time::max();
    enter([](base::Time, node::Effects&) {});
  };
  world.checker.node_is_new(until_end);
  if (config_.topics.size() < world.logs.names().size()) world.checker.end_is_unclear();  // who is left out is not read
  for (const Broker& broker : world.brokers.all) {
    if (std::max(broker.old_metadata_until, broker.keeps_unflushed_until) > world.timeline.now())
      world.checker.end_is_unclear();
    for (const auto& [log, lost] : broker.lost_leads) {
      if (lost.until > world.timeline.now()) world.checker.end_is_unclear();
    }
  }
}

std::unique_ptr<ports::BatchSource> SimNode::make_source() {
  const std::uint64_t seed = world_.random.next();
  if (world_.settings.legacy) {
    kafka06::SourceSettings settings = *world_.settings.legacy;
    settings.seed = seed;
    return std::make_unique<kafka06::LegacySource>(settings, budget_, legacy_decoder_);
  }
  return std::make_unique<kafka::KafkaSource>(operate::kafka_settings(config_, seed), budget_, decoder_);
}

SimNode::~SimNode() {
  world_.store.on_second_step = [] {};
  world_.timeline.on_alarm = [] {};
  world_.timeline.forget(owner_);
}

void SimNode::start() {
  enter([this](base::Time now, node::Effects& out) { brain_.start(now, out); });
}

void SimNode::drain() {
  module_.draining = true;
  enter([this](base::Time now, node::Effects& out) { brain_.drain(now, out); });
}

// ---- the baton -------------------------------------------------------------------------------------------

void SimNode::step() {
  if (steps_to_live_ < 0) return;
  if (steps_to_live_ == 0) throw Killed{};
  --steps_to_live_;
}

template <class Event>
void SimNode::enter(Event&& event) {
  step();
  const base::Time now = world_.timeline.now();
  spins_ = now == spinning_at_ ? spins_ + 1 : 0;
  spinning_at_ = now;
  if (spins_ > kMaxSpins) world_.checker.violated("no silent stall", "the node spins without time passing");
  node::Effects effects;
  event(now, effects);
  if (brain_.next_tick() <= now) brain_.tick(now, effects);
  obey(effects);
  if (world_.random.chance(0.95)) {
    take_calls();
  } else {  // whoever could take them is busy
    world_.timeline.after(world_.random.duration(kShortWay, kLongWay), owner_, [this] { take_calls(); });
  }
  arm();
}

void SimNode::obey(node::Effects& effects) {
  for (node::Effect& effect : effects) {
    step();
    std::visit(
        [&](auto& it) {
          using T = std::decay_t<decltype(it)>;
          if constexpr (std::is_same_v<T, ports::Send>) {
            send(std::move(it));
          } else if constexpr (std::is_same_v<T, ports::OpenConnection>) {
            open(it);
          } else if constexpr (std::is_same_v<T, ports::CloseConnection>) {
            close(it.connection);
          } else if constexpr (std::is_same_v<T, node::StoreRound> || std::is_same_v<T, node::LoadPositions> ||
                               std::is_same_v<T, node::ChangePositions> || std::is_same_v<T, node::SavePaused>) {
            submit(std::move(it));
          } else if constexpr (std::is_same_v<T, node::LogLine>) {
            world_.trace.say(world_.timeline, [&] { return "log: " + it.text; });
            world_.checker.on_log_line(it.text);
          } else if constexpr (std::is_same_v<T, node::EndCalls>) {
            std::exchange(stop_, std::stop_source()).request_stop();
          } else {
            static_assert(std::is_same_v<T, node::Finished>);
            finished_ = it;
          }
        },
        effect);
  }
}

void SimNode::arm() {
  const base::Time next = brain_.next_tick();
  if (next == armed_at_) return;
  armed_at_ = next;
  world_.timeline.set_alarm(next, owner_);
}

// ---- workers ---------------------------------------------------------------------------------------------

void SimNode::take_calls() {
  while (std::optional<node::Work> work = brain_.take_work(world_.timeline.now())) begin_call(*std::move(work));
}

Place SimNode::place_of(const node::Work& work) const {
  if (work.kind == node::Work::Kind::kStartHandler) return {work.partition.topic, work.partition.partition};
  const auto place = places_.find(work.child.child);
  return place == places_.end() ? Place{} : place->second;
}

// The user's code runs when the call begins, or when it ends: killed between, one or the other is true.
void SimNode::begin_call(node::Work work) {
  const Place place = place_of(work);
  places_[work.child.child] = place;
  const base::Duration duration = module_.call_time(place);
  const auto finish = [this](node::WorkDone done) {
    enter([&](base::Time now, node::Effects& out) { brain_.done(std::move(done), now, out); });
  };
  const auto call = [this](node::Work what) {
    return node::carry_out(std::move(what), runner_, stop_.get_token(), arena_);
  };
  if (world_.random.chance(0.5)) {
    const auto done = std::make_shared<node::WorkDone>(call(std::move(work)));
    world_.timeline.after(duration, owner_, [finish, done] { finish(std::move(*done)); });
  } else {
    const auto later = std::make_shared<node::Work>(std::move(work));
    world_.timeline.after(duration, owner_, [finish, call, later] { finish(call(std::move(*later))); });
  }
}

// ---- sockets ---------------------------------------------------------------------------------------------

void SimNode::open(const ports::OpenConnection& to) {
  connections_[to.connection].broker = world_.brokers.by_port(to.port).id;
  const auto outcome = [this, id = to.connection](auto&& self) -> void {
    const auto connection = connections_.find(id);
    if (connection == connections_.end()) return;
    const Broker& broker = world_.brokers.by_id(connection->second.broker);
    const base::Time now = world_.timeline.now();
    if (broker.down_until > now) return lose(id, {ErrorCode::kUnreachable, "connection refused"});
    if (broker.frozen_until > now) {
      return world_.timeline.at(broker.frozen_until, owner_, [self] { self(self); });
    }
    connection->second.opened = true;
    enter([&](base::Time at, node::Effects& out) { brain_.opened(id, at, out); });
  };
  world_.timeline.after(world_.random.duration(kShortWay, kLongWay), owner_, [outcome] { outcome(outcome); });
}

void SimNode::close(ports::ConnectionId id) {
  connections_.erase(id);
  if (!world_.random.chance(0.2)) return;
  world_.timeline.after(world_.random.duration(kShortWay, kLongWay), owner_, [this, id] {
    enter([&](base::Time now, node::Effects& out) { brain_.lost(id, {ErrorCode::kUnreachable, "closed"}, now, out); });
  });
}

void SimNode::lose(ports::ConnectionId id, Error why) {
  if (connections_.erase(id) == 0) return;
  world_.trace.say(world_.timeline, [&] { return "connection " + std::to_string(id) + " lost: " + why.message; });
  enter([&](base::Time now, node::Effects& out) { brain_.lost(id, why, now, out); });
}

void SimNode::cut_connections(std::int32_t broker) {
  std::vector<ports::ConnectionId> ids;
  for (const auto& [id, connection] : connections_) {
    if (connection.broker == broker) ids.push_back(id);
  }
  for (const ports::ConnectionId id : ids) {
    world_.timeline.after(kShortWay, owner_, [this, id] { lose(id, {ErrorCode::kUnreachable, "reset by peer"}); });
  }
}

void SimNode::send(ports::Send request) {
  const auto connection = connections_.find(request.connection);
  if (connection == connections_.end()) return;
  world_.note_request(request.bytes);
  base::Time& arrives_at = connection->second.arrives_at;
  arrives_at = std::max(arrives_at, world_.timeline.now() + world_.random.duration(kShortWay, kLongWay));
  world_.timeline.at(arrives_at, owner_, [this, request = std::move(request)] { arrive(request, false); });
}

void SimNode::arrive(const ports::Send& request, bool last_try) {
  const auto found = connections_.find(request.connection);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  Broker& broker = world_.brokers.by_id(connection.broker);
  const base::Time now = world_.timeline.now();
  if (broker.frozen_until > now) {
    return world_.timeline.at(broker.frozen_until, owner_, [this, request] { arrive(request, true); });
  }
  if (broker.down_until > now) return lose(request.connection, {ErrorCode::kUnreachable, "reset by peer"});
  const bool was_waiting = std::exchange(connection.waiting, std::nullopt).has_value();
  Reply reply = world_.answer(broker, request.bytes, last_try);
  if (reply.wait) {
    connection.waiting = request;
    if (was_waiting) return;
    return world_.timeline.after(reply.max_wait, owner_, [this, request] {
      const auto still = connections_.find(request.connection);
      const bool waits = still != connections_.end() && still->second.waiting &&
                         still->second.waiting->tag.correlation_id == request.tag.correlation_id;
      if (waits) arrive(request, true);
    });
  }
  base::Duration way = world_.random.duration(kShortWay, kLongWay);
  if (broker.slow_until > now) way += world_.random.duration(std::chrono::milliseconds(100), broker.slowness);
  // Answers keep their order: of OFFSETS many are out on a connection.
  connection.answered_at = world_.legacy ? std::max(connection.answered_at, now + way) : now + way;
  if (reply.hang_up) {
    return world_.timeline.at(connection.answered_at, owner_, [this, id = request.connection] {
      lose(id, {ErrorCode::kUnreachable, "closed by peer"});
    });
  }
  world_.timeline.at(
      connection.answered_at, owner_,
      [this, id = request.connection, tag = request.tag, frame = std::move(reply.frame)] { deliver(id, tag, frame); });
}

void SimNode::deliver(ports::ConnectionId id, const ports::RequestTag& tag, const std::vector<std::uint8_t>& frame) {
  // What a worker had read before the connection was closed comes in late.
  if (!connections_.contains(id) && !world_.random.chance(0.1)) return;
  auto answer = source_->cutter().cut(tag, base::Buffer::copy_of(frame));
  if (!answer) return lose(id, answer.error());
  enter([&](base::Time now, node::Effects& out) { brain_.answered(id, tag, *std::move(answer), now, out); });
}

void SimNode::wake_fetches() {
  for (const auto& [id, connection] : connections_) {
    if (!connection.waiting) continue;
    world_.timeline.after(kShortWay, owner_, [this, request = *connection.waiting] {
      const auto still = connections_.find(request.connection);
      const bool waits = still != connections_.end() && still->second.waiting &&
                         still->second.waiting->tag.correlation_id == request.tag.correlation_id;
      if (waits) arrive(request, false);
    });
  }
}

// ---- operators -------------------------------------------------------------------------------------------

void SimNode::pause(const Place& place) {
  enter([&](base::Time now, node::Effects& out) {
    const auto command = brain_.pause(place.topic, place.partition, now, out);
    if (command) pausing_[*command] = place;
  });
}

void SimNode::note_pauses() {
  std::erase_if(pausing_, [&](const auto& pausing) {
    const node::CommandOutcome* const outcome = brain_.outcome_of(pausing.first);
    if (outcome == nullptr || !outcome->has_value()) return false;
    if ((*outcome)->ok()) world_.checker.on_paused(pausing.second);
    return true;
  });
}

void SimNode::resume(const Place& place) {
  std::erase_if(pausing_, [&](const auto& pausing) { return pausing.second == place; });
  world_.checker.on_resumed(place);
  enter([&](base::Time now, node::Effects& out) { (void)brain_.resume(place.topic, place.partition, now, out); });
}

void SimNode::restart(const Place& place) {
  world_.checker.on_restarted(place);
  enter([&](base::Time now, node::Effects& out) { (void)brain_.restart(place.topic, place.partition, now, out); });
}

void SimNode::set_offset(const Place& place, const ports::Position& position) {
  ports::OperatorChange change{.who = "operator", .why = "a simulated one", .positions = {}, .topics = {}};
  change.positions.push_back({world_.key(place), {}, position});
  enter([&](base::Time now, node::Effects& out) { (void)brain_.change_offsets(std::move(change), now, out); });
}

void SimNode::reload() {
  const config::Changes changes = config::changes(config_, world_.settings.config);
  config_ = config::followed(config_, world_.settings.config);
  enter([&](base::Time now, node::Effects& out) { brain_.follow(config_, changes.changed_topics, now, out); });
}

// ---- the store thread ------------------------------------------------------------------------------------

void SimNode::submit(StoreRequest request) {
  store_requests_.push_back(std::move(request));
  if (store_requests_.size() == 1) serve_store();
}

// One after the other. Killed between doing and answering, it is done.
void SimNode::serve_store() {
  world_.timeline.after(world_.store.latency(), owner_, [this] {
    step();
    const auto next = [this] {
      store_requests_.pop_front();
      if (!store_requests_.empty()) serve_store();
    };
    const base::Duration way = world_.random.duration(kShortWay, kLongWay);
    if (auto* round = std::get_if<node::StoreRound>(&store_requests_.front())) {
      const Result<void> outcome = node::carry_out(*round, world_.store);
      world_.timeline.after(way, owner_, [this, outcome, next] {
        node::StoreRound done = std::get<node::StoreRound>(std::move(store_requests_.front()));
        next();
        enter([&](base::Time now, node::Effects& out) { brain_.stored(std::move(done), outcome, now, out); });
      });
    } else if (auto* load = std::get_if<node::LoadPositions>(&store_requests_.front())) {
      auto positions = node::carry_out(*load, world_.store);
      world_.timeline.after(way, owner_, [this, positions, next] {
        const node::LoadPositions asked = std::get<node::LoadPositions>(std::move(store_requests_.front()));
        next();
        enter([&](base::Time now, node::Effects& out) { brain_.loaded(asked, positions, now, out); });
      });
    } else if (auto* change = std::get_if<node::ChangePositions>(&store_requests_.front())) {
      world_.store.for_operator = true;
      const Result<void> outcome = node::carry_out(*change, world_.store);
      world_.store.for_operator = false;
      world_.timeline.after(way, owner_, [this, outcome, next, command = change->command] {
        next();
        enter([&](base::Time now, node::Effects& out) { brain_.changed(command, outcome, now, out); });
      });
    } else {
      Result<void> outcome;
      if (world_.random.chance(0.05)) outcome = Error{ErrorCode::kIo, "the disk is full"};
      if (outcome) world_.paused = std::get<node::SavePaused>(store_requests_.front()).paused;
      world_.timeline.after(way, owner_, [this, outcome, next] {
        next();
        enter([&](base::Time now, node::Effects& out) { brain_.saved(outcome, now, out); });
        note_pauses();
      });
    }
  });
}

}  // namespace ductus::sim
