// Adapter: the loop of one topic-partition: position, fetch, handle, accept, repeat.
//
// A pure state machine: events in, effects out; entered under the node's baton, never blocks.
//
//   start → LoadPosition → StartHandler → WantSet ⇄ HandleSet … → exit or stopped
//                │ none stored
//                └→ policy: stop, or LookUp → the chosen offset is stored → StartHandler
//
// While a set is handled the next one is asked for (at most one ahead). Sets travel with their work: the worker
// that handles a set owns it and gives it back with the verdict.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "ductus/result.h"
#include "ports/batch_source.h"
#include "ports/handler_host.h"

namespace ductus::pipeline {

/// What to do when a partition has no offset that can be used.
enum class OffsetPolicy : std::uint8_t { kStop, kEarliest, kLatest };

/// Why a partition may have no stored position.
enum class Unstored : std::uint8_t {
  kMissing,    ///< nobody set one: `when_missing`
  kNew,        ///< it was added to a topic that is being read: it begins at its log's start
  kRecreated,  ///< its topic was deleted and made anew with more partitions: `when_recreated`
};

struct AdapterSettings {
  std::uint32_t max_uncommitted_batches = 16;
  OffsetPolicy when_missing = OffsetPolicy::kStop;
  OffsetPolicy when_out_of_range = OffsetPolicy::kStop;
  OffsetPolicy when_truncated = OffsetPolicy::kStop;
  OffsetPolicy when_recreated = OffsetPolicy::kStop;
  std::optional<std::chrono::milliseconds> idle_interval;
};

// ---- effects ---------------------------------------------------------------------------------------------

/// Load the stored position; answered by loaded().
struct LoadPosition {};
/// Make the handler; answered by started().
struct StartHandler {};
/// Ask the source for one set; answered by delivered().
struct WantSet {
  ports::Position from;
};
/// Ask the source for an offset; answered by found().
struct LookUp {
  ports::OffsetQuery query;
};
/// Offer the batch at `cursor`; answered by handled(), which gives the set back.
struct HandleSet {
  ports::FetchedSet set;
  ports::SetCursor cursor;
};
/// Offer an empty batch; answered by handled_idle().
struct HandleIdle {
  std::int64_t next_offset;
};
/// Run the handler's sync(); answered by synced().
struct SyncHandler {};
/// Ask the handler for its aggregate element; answered by aggregated().
struct AggregateHandler {};
/// Something new was accepted: the partition wants to be in the next round.
struct Accepted {
  bool urgent = false;  ///< the partition waits for the store, or soon will
};
/// A set is used up: its bytes are free.
struct ReleaseSet {
  base::ByteBudget::Charge charge;
};
/// Call tick() at `at`.
struct ArmTimer {
  base::Time at;
};
/// Stop the handler; answered by handler_stopped().
struct StopHandler {};
/// Messages that will never be delivered, for the log: [from, to) and why.
struct Lost {
  std::int64_t from;
  std::optional<std::int64_t> to;  ///< nullopt: the end of a log that is gone
  std::string cause;
};
/// Over: the supervisor decides what follows. `counted` as the supervision window counts (own handler's failures are
/// not).
struct Exited {
  Error reason;
  bool counted = false;
};
/// Over, and only an operator or another policy can help.
struct Halted {
  Error reason;
  bool needs_offset = false;  ///< once an operator has set its offset it can go on
};

using AdapterEffect = std::variant<LoadPosition, StartHandler, WantSet, LookUp, HandleSet, HandleIdle, SyncHandler,
                                   AggregateHandler, Accepted, ReleaseSet, ArmTimer, StopHandler, Lost, Exited, Halted>;
using AdapterEffects = std::vector<AdapterEffect>;

/// What a round takes from an adapter: all that was accepted (and synced) up to here.
struct Storable {
  ports::Position position;
  std::uint32_t batches = 0;
  bool operator==(const Storable&) const = default;
};

/// What an adapter is doing, as status tells it.
enum class AdapterPhase : std::uint8_t {
  kIdle,           ///< not started, exited, halted or stopped
  kLoading,        ///< its position is being loaded
  kLookingUp,      ///< a policy asked the source for an offset
  kStoringPolicy,  ///< the offset that a policy chose is being stored
  kStartingHandler,
  kFetching,      ///< waits for messages
  kHandling,      ///< a callback or a sync runs, or is about to
  kDeferred,      ///< the handler asked for a delay
  kWaitingStore,  ///< max_uncommitted_batches reached, or what was accepted is stored before a failure or a policy acts
  kStopping,      ///< the handler's stop() runs
};

class Adapter {
 public:
  explicit Adapter(const AdapterSettings& settings) : settings_(settings) {}

  // Commands.
  /// Limits and policies from now on; the idle interval stays.
  void configure(const AdapterSettings& settings);
  void start(AdapterEffects& out);
  /// Nothing more is fetched or offered; sets in hand are dropped. Running calls end by themselves.
  void drain(AdapterEffects& out);
  /// After drain(): the HandleSet or HandleIdle that is out was not carried out, and will not be.
  void withdrawn() noexcept { in_call_ = false; }
  /// After drain() and the last round: stops the handler, or ends what had none.
  void stop(AdapterEffects& out);
  /// A round begins: what can be stored now. With a handler that must sync first: nothing, and a SyncHandler follows.
  std::optional<Storable> collect(AdapterEffects& out);
  /// AggregateHandler follows, between two other calls. False: there is no handler that could be asked.
  bool aggregate(AdapterEffects& out);
  /// The store does not take what was accepted: once no call is out the handler stops, and `why` is the reason of the
  /// exit, or of a halt. What was accepted and not stored comes again. One that is draining goes on with that. False:
  /// it is down already, or about to be, for another reason.
  bool refuse(Error why, bool halt, AdapterEffects& out);
  /// What the source owes is asked for once more: it has forgotten all questions.
  void ask_again(AdapterEffects& out);

  // Events. Each may come only as the answer to its effect.
  void loaded(Result<std::optional<ports::Position>> position, Unstored unstored, AdapterEffects& out);
  void found(const ports::OffsetFound& where, AdapterEffects& out);
  void started(const Result<void>& outcome, base::Time now, AdapterEffects& out);
  void delivered(ports::FetchedSet set, AdapterEffects& out);
  /// The source gives no more, or cannot look up, for a reason that only a policy or an operator can mend. Where
  /// neither was asked for, it is about the log's bounds alone and ends nothing.
  void source_ended(const ports::Trouble& trouble, AdapterEffects& out);
  void handled(const ports::Handled& outcome, ports::FetchedSet set, base::Time now, AdapterEffects& out);
  void handled_idle(const ports::Handled& outcome, base::Time now, AdapterEffects& out);
  /// Returns what may be stored now; nullopt where the sync failed (an exit follows) or nothing is new.
  std::optional<Storable> synced(const Result<void>& outcome, AdapterEffects& out);
  void stored(const Storable& what, AdapterEffects& out);
  void aggregated(AdapterEffects& out);
  void handler_stopped(AdapterEffects& out);
  void tick(base::Time now, AdapterEffects& out);

  AdapterPhase phase() const noexcept { return phase_; }
  /// The set that waits while another is handled; nullptr: none.
  ports::FetchedSet* waiting_set() noexcept { return prefetched_ ? &*prefetched_ : nullptr; }
  /// A callback, a sync, a start or a stop of the handler is out.
  bool in_call() const noexcept { return in_call_; }
  bool draining() const noexcept { return draining_; }
  /// Accepted and not yet stored.
  bool has_unstored() const noexcept { return uncommitted_batches_ > 0; }
  std::uint32_t uncommitted_batches() const noexcept { return uncommitted_batches_; }
  /// When a deferred batch is offered again; nullopt: none is deferred.
  std::optional<base::Time> deferred_until() const noexcept { return defer_until_; }
  /// Accepted, and neither in a round nor in a sync.
  bool has_uncollected() const noexcept { return accepted_batches_ > 0; }
  /// The first offset not yet accepted; nullopt before a position is known.
  std::optional<std::int64_t> next_offset() const noexcept;

 private:
  void apply_policy(OffsetPolicy policy, Error why, AdapterEffects& out);
  OffsetPolicy policy_for(ports::Trouble::Kind kind) const noexcept;
  bool is_of_another_topic(const ports::TopicId& id) const;
  void tell_lost(std::int64_t chosen, AdapterEffects& out) const;
  void advance(AdapterEffects& out);
  void finish_ending(AdapterEffects& out);
  void want_more(AdapterEffects& out);
  void begin_sync(AdapterEffects& out);
  void begin_aggregate(AdapterEffects& out);
  void arm_idle(base::Time now, AdapterEffects& out);
  void drop_sets(AdapterEffects& out);
  void fail(AdapterEffect why, AdapterEffects& out);
  void end(AdapterEffect last_words, AdapterEffects& out);
  std::uint32_t limit() const noexcept;
  Storable take_storable();

  AdapterSettings settings_;
  AdapterPhase phase_ = AdapterPhase::kIdle;

  std::optional<ports::Position> position_;  ///< after what was accepted last; nullopt: not known
  std::int64_t fetch_offset_ = 0;            ///< where the next set starts
  std::optional<ports::FetchedSet> current_;
  ports::SetCursor cursor_;  ///< into current_
  std::optional<ports::FetchedSet> prefetched_;

  bool handler_running_ = false;
  bool in_call_ = false;
  bool sync_due_ = false;       ///< a round asked while the handler was in a call
  bool aggregate_due_ = false;  ///< asked for while the handler was in a call
  bool needs_no_sync_ = false;  ///< the handler said so
  bool wanted_ = false;         ///< the source owes a set
  bool draining_ = false;
  ports::OffsetQuery query_ = ports::OffsetQuery::kEarliest;  ///< what a policy looks up
  std::optional<ports::Trouble> source_ended_;                ///< to be dealt with once everything in hand is stored
  bool ask_once_more_ = false;                                ///< it has waited to be dealt with
  std::optional<ports::Trouble> moved_by_;                    ///< what made a policy choose another offset
  std::optional<AdapterEffect> failed_;                       ///< Exited, once what was accepted is stored
  std::optional<AdapterEffect> refused_;                      ///< Exited or Halted, once the call that is out is over
  std::optional<AdapterEffect> last_words_;                   ///< Exited or Halted, told once the handler has stopped
  std::optional<base::Time> defer_until_;
  std::optional<base::Time> idle_at_;
  bool idle_timer_armed_ = false;
  Storable syncing_;                       ///< what the running sync covers
  std::uint32_t accepted_batches_ = 0;     ///< accepted, not yet taken by a round or a sync
  std::uint32_t uncommitted_batches_ = 0;  ///< accepted, not yet stored
};

}  // namespace ductus::pipeline
