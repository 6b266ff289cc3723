// SimNode: one life of a node: the real brain, source, runner and decoder, driven as the node's workers drive them,
// with simulated sockets, threads and store thread around them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <variant>

#include "base/byte_budget.h"
#include "handlers/runner.h"
#include "kafka/set_decoder.h"
#include "kafka06/set_decoder.h"
#include "node/brain/brain.h"
#include "sim/world/module.h"
#include "sim/world/world.h"

namespace ductus::sim {

/// Thrown through whatever the node does at that moment; nothing of it happens any more.
struct Killed {};

class SimNode {
 public:
  SimNode(World& world, bool until_end);
  ~SimNode();
  SimNode(const SimNode&) = delete;
  SimNode& operator=(const SimNode&) = delete;

  void start();
  void drain();
  /// Its next steps are counted, and the last one of them is not taken.
  void kill_after(int steps) { steps_to_live_ = steps; }

  const std::optional<node::Finished>& finished() const noexcept { return finished_; }
  bool draining() const noexcept { return module_.draining; }
  operate::StatusReport status() const { return brain_.status(world_.timeline.now()); }
  std::size_t budget_used() const noexcept { return budget_.used(); }
  std::size_t connections() const noexcept { return connections_.size(); }

  // What operators tell it.
  void pause(const Place& place);
  void resume(const Place& place);
  void restart(const Place& place);
  void set_offset(const Place& place, const ports::Position& position);
  /// SIGHUP: it follows the configuration of the world.
  void reload();

  // What the network does.
  void cut_connections(std::int32_t broker);
  /// Something in a log has changed: fetches that wait may have their answer.
  void wake_fetches();

 private:
  struct Connection {
    std::int32_t broker = 0;
    bool opened = false;
    std::optional<ports::Send> waiting;         ///< a Fetch that found nothing yet
    base::Time arrives_at = base::Time::min();  ///< of what was sent last
    base::Time answered_at = base::Time::min();
  };
  using StoreRequest = std::variant<node::StoreRound, node::LoadPositions, node::ChangePositions, node::SavePaused>;

  std::unique_ptr<ports::BatchSource> make_source();
  template <class Event>
  void enter(Event&& event);
  void step();
  void obey(node::Effects& effects);
  void arm();
  void take_calls();
  void begin_call(node::Work work);
  Place place_of(const node::Work& work) const;

  void open(const ports::OpenConnection& to);
  void close(ports::ConnectionId id);
  void lose(ports::ConnectionId id, Error why);
  void send(ports::Send request);
  void arrive(const ports::Send& request, bool last_try);
  void deliver(ports::ConnectionId id, const ports::RequestTag& tag, const std::vector<std::uint8_t>& frame);

  void submit(StoreRequest request);
  void serve_store();
  void note_pauses();

  World& world_;
  Timeline::Owner owner_;
  config::NodeConfig config_;
  kafka::RecordSetDecoder decoder_;
  kafka06::MessageSetDecoder legacy_decoder_;
  base::ByteBudget budget_;
  std::unique_ptr<ports::BatchSource> source_;
  SimModule module_;
  std::stop_source stop_;
  handlers::Runner runner_;
  node::Brain brain_;
  ports::DecodeArena arena_;
  std::map<std::uint32_t, Place> places_;  ///< of children
  std::map<ports::ConnectionId, Connection> connections_;
  std::deque<StoreRequest> store_requests_;
  std::map<node::CommandNumber, Place> pausing_;  ///< and not known to be noted
  base::Time armed_at_ = base::Time::max();
  base::Time spinning_at_ = base::Time::min();
  int spins_ = 0;
  int steps_to_live_ = -1;
  std::optional<node::Finished> finished_;
};

}  // namespace ductus::sim
