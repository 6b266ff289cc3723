// Checker: holds what the node does against what is promised. The one place to add a check: give it a moment below, and
// call violated() where a promise is broken.
//
// Promises (docs/architecture.md): no loss · order · bounded repeats · fail closed · no silent skip · no silent stall ·
// the byte budget · what operators say holds.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "ductus/batch.h"
#include "operate/status_report.h"
#include "ports/offset_store.h"
#include "sim/world/brokers.h"
#include "sim/world/logs.h"
#include "sim/world/store.h"
#include "sim/world/timeline.h"

namespace ductus::sim {

struct Violation {
  std::string promise;
  std::string what;
};

/// What the checker keeps of a handler while it lives.
struct HandlerView {
  Place place;
  bool has_sync = false;
  Log* log = nullptr;                       ///< that it read last
  std::int64_t delivered = -1;              ///< the last offset it accepted there
  Uid last = 0;                             ///< the message of that offset; the last of several
  std::vector<Uid> unsynced;                ///< accepted since the last sync
  std::optional<std::int64_t> deferred_at;  ///< the first offset of the batch that is to come again
};

class Checker {
 public:
  struct Rules {
    std::uint32_t max_uncommitted_batches = 16;
    bool read_committed = true;
    bool may_begin_at_latest = false;  ///< a policy may pass over what was there before the first offset
    ports::OffsetUnit unit = ports::OffsetUnit::kMessages;
    base::Duration stall_after{0};
  };

  Checker(Logs& logs, SimStore& store, Timeline& timeline) : logs_(logs), store_(store), timeline_(timeline) {}

  Rules rules;
  std::uint64_t batches = 0;   ///< offered
  std::uint64_t messages = 0;  ///< accepted
  std::uint64_t levels_b = 0;
  std::uint64_t levels_c = 0;
  char level = 'A';  ///< of supervision, now
  const std::optional<Violation>& violation() const noexcept { return violation_; }
  ports::TopicPartition key_of(const Place& place) const { return {place.topic, place.partition, rules.unit}; }
  void violated(std::string promise, std::string what);

  std::vector<HandlerView*> handlers;  ///< that live

  // Moments of the data path.
  void on_fetch(const AskedSet& asked);
  void on_offered(HandlerView& handler, const Batch& batch);
  void on_ok(HandlerView& handler, const Batch& batch);
  void on_deferred(HandlerView& handler, const Batch& batch);
  void on_synced(HandlerView& handler);
  void on_loaded(const ports::TopicPartition& partition, const std::optional<ports::Position>& position);
  /// Just before it becomes durable.
  void on_stored(const ports::StoredPosition& stored);
  void on_log_line(std::string_view line);

  // Moments of the node's life.
  /// `until_end`: it is to end by itself, once all is read that is there now.
  void node_is_new(bool until_end);
  /// What stands at the end is not told alike by all, or is no more what was stored: exit code 0 proves nothing.
  void end_is_unclear() { until_end_ = false; }
  /// The store holds what it held before: also of what an operator has set meanwhile.
  void on_rewound();
  /// `in_a_drain`: nothing has failed.
  void on_handler_stop(const HandlerView& handler, bool in_a_drain);
  void on_handler_gone(HandlerView& handler);
  /// It ended as asked; `exit_code` 0 of one that was to read to the end says that it did.
  void on_ended(int exit_code);
  void on_operator_set(const Place& place, std::int64_t offset);
  /// While the node runs: from there it goes on, and from nowhere else.
  void on_operator_set_live(const Place& place, std::int64_t offset);
  /// The operator was told that it is noted.
  void on_paused(const Place& place) { paused_.insert(place); }
  void on_resumed(const Place& place);
  /// The operator starts it again, wherever it is.
  void on_restarted(const Place& place) { views_[place].conflict = false; }
  /// Somebody else writes its offset.
  void on_moved(const Place& place);
  /// The store refused its place: somebody else has moved it.
  void on_conflict(const Place& place) { views_[place].conflict = true; }
  void on_status(const operate::StatusReport& report);
  /// What is in hand is nothing: only requests that are out may hold some of the budget.
  void on_all_read(std::size_t budget_used, std::size_t connections);
  /// False: something was not read to the end.
  bool all_is_read(std::string* what_is_not);

 private:
  using Position = ports::Position;
  /// One partition, whichever incarnation.
  struct View {
    std::deque<std::int64_t> unstored;     ///< next offsets of accepted batches
    std::optional<Position> begins_at;     ///< of the handler's first batch: as loaded, or as a policy stored it since
    std::optional<Position> last;          ///< that was loaded or stored
    std::int32_t begins_before_cut = 0;    ///< Log::cut_epoch when that was so
    std::int32_t read_epoch = -1;          ///< of what was accepted last, since the handler's beginning; -1: nothing
    std::int64_t read_end = 0;             ///< and where it ended
    bool conflict = false;                 ///< only an operator may have it read on, in this life
    bool begins_moved = false;             ///< what was loaded last is where somebody else has put it
    std::optional<std::int64_t> set_live;  ///< by an operator, and not loaded since
    bool jumps = false;  ///< a policy has said what it passes over: the next position is where it goes on
    std::int32_t jumped_before_cut = 0;  ///< Log::cut_epoch when that was so
    const Log* end_log = nullptr;        ///< what is to be read to the end,
    std::int64_t end_at = 0;  ///< which was here when the node began; not told where the log has changed since
    std::optional<std::int64_t> stuck_at;
    base::Time stuck_since;
  };

  bool visible(const Record& record) const;
  /// The first record in [from, to) that a reader of the leader of `epoch` sees and that nobody passed over.
  const Record* first_missing(const Log& log, std::int64_t from, std::int64_t to, std::int32_t epoch,
                              bool unless_durable) const;
  void check_order(HandlerView& handler, Log& log, const Record& record);
  /// The same where offsets are bytes: it is known which byte comes next.
  void check_next_entry(HandlerView& handler, Log& log, const Record& record);
  bool counts_bytes() const noexcept { return rules.unit == ports::OffsetUnit::kBytes; }
  /// Where offsets are bytes, of a log that can be read.
  void check_stop(const Place& place, const operate::PartitionStatus& partition);
  /// The epoch whose branch of the log a position claims to be read on.
  std::int32_t claimed_epoch(const View& view, const Log& log, const Position& position) const;
  /// A policy, or who made the topic anew: what is delivered next begins at the stored offset.
  void moved(const Place& place, const Position& to);
  void excuse_below(Log& log, std::int64_t below, std::int64_t from = 0);
  static std::string name_of(const Place& place) { return place.topic + "/" + std::to_string(place.partition); }
  Log& log_of(const Place& place, const ports::TopicId& id);

  Logs& logs_;
  SimStore& store_;
  Timeline& timeline_;
  std::map<Place, View> views_;
  std::uint64_t refusals_before_ = 0;  ///< this life
  std::set<Place> paused_;
  std::set<Place> paused_before_;  ///< this life
  bool until_end_ = false;
  std::optional<Violation> violation_;
};

}  // namespace ductus::sim
