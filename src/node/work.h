// Work: what the brain asks a worker or the store thread to do outside the baton, how it is done, and what came of it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"
#include "node/brain/paused.h"
#include "pipeline/rounds.h"
#include "ports/batch_source.h"
#include "ports/handler_host.h"
#include "ports/offset_store.h"

namespace ductus::node {

/// One call on one handler, or on the module (kPeriodic). Calls for one child never overlap: the brain asks for the
/// next after the answer.
struct Work {
  enum class Kind : std::uint8_t { kStartHandler, kHandle, kHandleIdle, kSync, kAggregate, kStopHandler, kPeriodic };
  Kind kind = Kind::kHandle;
  ports::ChildRef child;
  ports::FetchedSet set;                       ///< kHandle
  ports::SetCursor cursor;                     ///< kHandle
  std::int64_t next_offset = 0;                ///< kHandleIdle
  ports::TopicPartition partition;             ///< kStartHandler
  std::shared_ptr<const Value> init;           ///< kStartHandler
  std::uint64_t round = 0;                     ///< kAggregate: the collection that asks
  std::unique_ptr<const Aggregate> aggregate;  ///< kPeriodic
};

/// The answer to a Work.
struct WorkDone {
  Work::Kind kind = Work::Kind::kHandle;
  ports::ChildRef child;
  Result<void> outcome;      ///< kStartHandler, kSync, kAggregate, kPeriodic
  ports::Handled handled{};  ///< kHandle, kHandleIdle
  ports::FetchedSet set{};   ///< kHandle: given back
  std::uint64_t round = 0;   ///< kAggregate: given back
  Value element;             ///< kAggregate, where the outcome is good
};

/// Positions of one round, for the store thread.
struct StoreRound {
  std::vector<pipeline::RoundEntry> entries;
  std::vector<ports::StoredPosition> positions;  ///< of the entries, in their order
  std::vector<ports::StoredTopic> topics;        ///< to be stored behind the positions
  std::vector<std::size_t> conflicts;            ///< the answer's: OffsetStore::conflicts(), where it was refused
};
/// Positions to look up, for the store thread.
struct LoadPositions {
  std::vector<ports::ChildRef> children;
  std::vector<ports::TopicPartition> partitions;
  std::map<std::string, std::optional<ports::KnownTopic>> known_topics;  ///< the answer's: the topics of `partitions`
};
/// Where an operator puts some partitions while the node runs, for the store thread.
struct ChangePositions {
  std::uint64_t command = 0;
  ports::OperatorChange change;  ///< `before` is filled in: what the store holds at that time
};
/// What is paused from now on, for the store thread: it outlives the node.
struct SavePaused {
  Paused paused;
};

// Each of these may block as long as what it calls. Thread: any; one call at a time for one child, and for the store.

WorkDone carry_out(Work work, ports::HandlerHost& host, const std::stop_token& stop, ports::DecodeArena& arena);
/// Positions first: a topic counts as known only once those of its partitions are stored.
Result<void> carry_out(StoreRound& round, ports::OffsetStore& store);
/// Fills in `known_topics`.
Result<std::vector<std::optional<ports::Position>>> carry_out(LoadPositions& load, ports::OffsetStore& store);
Result<void> carry_out(ChangePositions& change, ports::OffsetStore& store);

}  // namespace ductus::node
