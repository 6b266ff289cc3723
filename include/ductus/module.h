// What a callback author implements: a Module, which makes one Handler per topic-partition.
//
// Threads: all calls on one Handler (from its making to stop()) are serialised, on whatever thread;
// different handlers run at the same time. Module::init() and handle_periodic_aggregate() may be
// called while handlers run. Blocking in any of these calls is allowed: it holds up only its own partition.
// Exceptions: may be thrown from every call; they are caught and count as failures.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "ductus/batch.h"
#include "ductus/export.h"
#include "ductus/result.h"
#include "ductus/value.h"

namespace ductus {

/// A handler's answer to a batch.
class [[nodiscard]] Verdict {
 public:
  struct Ok {};
  struct Defer {
    std::chrono::milliseconds delay;
  };
  struct Fail {
    std::string reason;
  };

  /// Accepted: the offset after the batch is stored, and the next batch follows.
  static Verdict ok() { return Verdict(Ok{}); }
  /// Not now: the same batch, kept in memory, is offered again after `delay`. Nothing is stored and
  /// nothing more is fetched for this partition meanwhile. Never counts as a failure. A delay outside 1 ms to 24 h is
  /// brought into it.
  static Verdict defer(std::chrono::milliseconds delay) { return Verdict(Defer{delay}); }
  /// Failed: the handler is stopped and made anew after a back-off, and the batch comes again from
  /// the stored offset. `reason` is shown in status and log.
  static Verdict fail(std::string reason) { return Verdict(Fail{std::move(reason)}); }

  bool is_ok() const noexcept { return std::holds_alternative<Ok>(answer_); }
  const Defer* as_defer() const noexcept { return std::get_if<Defer>(&answer_); }
  const Fail* as_fail() const noexcept { return std::get_if<Fail>(&answer_); }

 private:
  // In place: from a variant that is moved, g++ 12 warns falsely in programs that only include this.
  template <class Answer>
  explicit Verdict(Answer answer) : answer_(std::in_place_type<Answer>, std::move(answer)) {}
  std::variant<Ok, Defer, Fail> answer_;
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

/// Writes one line to the node's log. Thread: any. Blocking: no.
using Logger = std::function<void(LogLevel, std::string_view line)>;

/// What a handler is made for.
struct Context {
  std::string topic;
  std::int32_t partition = 0;
  Logger log;
  /// Requested when the node wants this handler to end: a long callback may watch it and return early.
  std::stop_token stop;
};

/// Takes the messages of one topic-partition.
class DUCTUS_EXPORT Handler {
 public:
  virtual ~Handler() = default;

  /// Takes a batch. Nothing of `batch` may be kept after the return (see batch.h).
  virtual Verdict handle_messages(const Batch& batch) = 0;

  /// Makes durable what was accepted with ok() before: only then is its offset stored. Runs between
  /// two callbacks, at most every 50 ms or so. An error acts as fail().
  /// Not overridden, it says kNotNeeded: accepted is done, and it is not asked again.
  virtual Result<void> sync();

  /// This partition's part of the periodic aggregate.
  virtual Value aggregate_element() { return {}; }

  /// The last call, when the node drains or the handler is replaced. Offsets synced before stay.
  virtual void stop() {}
};

/// Aggregate elements by topic and partition, of all handlers that answered in time.
struct Aggregate : std::map<std::string, std::map<std::int32_t, Value>> {
  using map::map;
  /// The partitions without an element, by topic: their handler was busy with a batch, or failed, or there is none.
  std::map<std::string, std::set<std::int32_t>> missing;
};

/// The user's code: one object per node.
class DUCTUS_EXPORT Module {
 public:
  virtual ~Module() = default;

  /// Makes the handler of one topic-partition. `init_data` is the topic's `init` from the configuration.
  /// An error is retried with back-off; it never stops other partitions.
  virtual Result<std::unique_ptr<Handler>> init(const Context& context, const Value& init_data) = 0;

  /// With an interval, a partition without messages gets an empty batch after each such time.
  virtual std::optional<std::chrono::milliseconds> idle_interval() const { return std::nullopt; }

  /// Called once per period, the first time right after the start, with one element per handler that answered within
  /// 500 ms; also when it is empty. Never twice at a time: periods that begin during a call are passed over. What it
  /// throws is logged, and changes nothing.
  virtual void handle_periodic_aggregate(const Aggregate& aggregate);
};

}  // namespace ductus
