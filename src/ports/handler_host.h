// HandlerHost: where sets become verdicts. The second port of the data path (batch_source → handler_host →
// offset_store).
//
// Thread: calls for one child are serialised by the node; calls for different children run at the same time,
// on whatever worker. Blocking: yes, in user code.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "ductus/module.h"
#include "ductus/result.h"
#include "ductus/value.h"
#include "ports/batch_source.h"

namespace ductus::ports {

/// The outcome of offering one batch of a set.
struct Handled {
  enum class Kind : std::uint8_t {
    kOk,        ///< accepted; `position` is the place after it
    kDefer,     ///< offer the same batch again after `delay`
    kFail,      ///< the handler failed or threw: `error`
    kBadBytes,  ///< the set cannot be decoded at the cursor: `error`; the handler was not called
  };
  Kind kind = Kind::kOk;
  Position position;
  SetCursor cursor;   ///< where the next batch of this set starts (kOk)
  bool last = false;  ///< the set is used up (kOk)
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::int64_t last_timestamp_ms = -1;  ///< of the last message; -1: there is none, or it has none
  std::chrono::milliseconds delay{0};
  Error error{};
};

class HandlerHost {
 public:
  virtual ~HandlerHost() = default;

  /// Makes the handler of `child`. A handler of an older generation of the same child is destroyed first.
  virtual Result<void> start(ChildRef child, const TopicPartition& partition, const Value& init_data,
                             std::stop_token stop) = 0;
  /// Decodes the batch of `set` at `cursor` and offers it; a batch without messages is accepted without a call.
  virtual Handled handle(ChildRef child, const FetchedSet& set, const SetCursor& cursor, DecodeArena& arena) = 0;
  /// Offers an empty batch (modules with an idle interval).
  virtual Handled handle_idle(ChildRef child, std::int64_t next_offset) = 0;
  /// kNotNeeded: the handler has no sync of its own.
  virtual Result<void> sync(ChildRef child) = 0;
  virtual Result<Value> aggregate_element(ChildRef child) = 0;
  /// Gives the elements of all partitions to the module. One call at a time, beside those of handlers.
  virtual Result<void> handle_periodic_aggregate(const Aggregate& aggregate) = 0;
  /// Calls stop() and destroys the handler. Nothing happens where there is none.
  virtual void stop(ChildRef child) = 0;
};

}  // namespace ductus::ports
