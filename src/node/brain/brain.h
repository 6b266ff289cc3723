// Brain: all decisions of a node, as one pure state machine.
//
// It owns the source, the supervisor, the adapters, the rounds, the periodic collection and the timers, and passes
// their events and effects between them. It is
// entered under one lock (the baton), for microseconds, a few times per batch; it never blocks, never touches a socket,
// a file or the wall clock. What it wants done comes out as Effects (at once, by whoever entered) and Work (by a
// worker). The node's workers drive it with real sockets, the simulator with scripted ones.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "config/node_config.h"
#include "ductus/module.h"
#include "node/brain/partition.h"
#include "node/brain/paused.h"
#include "node/brain/topic_ledger.h"
#include "node/work.h"
#include "operate/status_report.h"
#include "pipeline/adapter.h"
#include "pipeline/periodic.h"
#include "pipeline/rounds.h"
#include "ports/batch_source.h"
#include "supervise/supervisor.h"

namespace ductus::node {

struct LogLine {
  LogLevel level;
  std::string text;
  std::string cause;  ///< what may come in a storm: lines of one cause are limited. Empty: it is always written
};
/// Handlers are about to be stopped: who is in a call is asked to return soon.
struct EndCalls {};
/// The node is done: every handler has stopped, or the time to stop is over.
struct Finished {
  int exit_code = 0;
  bool forced = false;  ///< calls are still running: do not wait for them
};

using Effect = std::variant<ports::OpenConnection, ports::CloseConnection, ports::Send, StoreRound, LoadPositions,
                            ChangePositions, SavePaused, LogLine, EndCalls, Finished>;
using Effects = std::vector<Effect>;

/// A command of an operator that takes its time, by number.
using CommandNumber = std::uint64_t;
/// What came of it; nullopt: it is not over yet.
using CommandOutcome = std::optional<Result<void>>;

struct BrainSettings {
  bool until_end = false;
  std::optional<std::chrono::milliseconds> until_end_timeout;
  std::optional<std::chrono::milliseconds> idle_interval;
  std::uint64_t seed = 1;  ///< of the jitter
  Paused paused;           ///< since an earlier life
};

class Brain {
 public:
  /// Of partitions that stall at the same time, as many are named in the log.
  static constexpr std::size_t kStallsNamed = 10;
  /// Of handlers that were too busy to give their element, as many are named in the log.
  static constexpr std::size_t kBusyNamed = 10;
  /// A set that is met twice in rounds of this length is copied out of its response body.
  static constexpr base::Duration kLongWait = std::chrono::milliseconds(100);
  /// Of how many commands, the newest, the outcome is kept.
  static constexpr std::size_t kMaxCommands = 1'000;
  /// Copying is done under the baton: what is beyond this is copied in the next round.
  static constexpr std::size_t kMaxCopiedBytes = 1 << 20;

  /// `source` outlives it.
  Brain(const config::NodeConfig& config, ports::BatchSource& source, const BrainSettings& settings);

  // Commands.
  void start(base::Time now, Effects& out);
  /// Nothing more is fetched or offered; ends with Finished. Asked twice, the time to stop goes on running.
  void drain(base::Time now, Effects& out);
  /// Without waiting for anything.
  void end_by_force(Effects& out);
  /// The periodic collection begins now, and the next one a period later. Error: kRefused: there is none, it is not up,
  /// or one is under way.
  Result<void> aggregate_now(base::Time now, Effects& out);

  // Commands of operators (commands.cc), on a partition or, without one, on a whole topic. A number is that of a
  // command whose outcome comes later. Errors: kNotFound (none of this node's), kRefused (in the state that it is in).

  /// What is in hand is finished and stored, then nothing more is fetched until resume(), also in later lives. The
  /// outcome: that this is noted for good.
  Result<CommandNumber> pause(const std::string& topic, std::optional<std::int32_t> partition, base::Time now,
                              Effects& out);
  Result<CommandNumber> resume(const std::string& topic, std::optional<std::int32_t> partition, base::Time now,
                               Effects& out);
  /// What is in hand is finished and stored, then the partition begins anew; also one that had stopped.
  Result<void> restart(const std::string& topic, std::optional<std::int32_t> partition, base::Time now, Effects& out);
  /// Puts partitions elsewhere: each is finished and stored, all are put there at once, and each begins there. The
  /// outcome: that of OffsetStore::change(). Not before a first TopicFound of each topic.
  Result<CommandNumber> change_offsets(ports::OperatorChange change, base::Time now, Effects& out);
  /// Goes on with `config`, which config::followed() made: topics that are new start, those that are gone are drained
  /// and keep their offsets, `changed_topics` are restarted, limits count from now on.
  void follow(config::NodeConfig config, const std::vector<std::string>& changed_topics, base::Time now, Effects& out);
  /// nullptr: no such command is known (any more).
  const CommandOutcome* outcome_of(CommandNumber command) const;

  // Events.
  void opened(ports::ConnectionId connection, base::Time now, Effects& out);
  void answered(ports::ConnectionId connection, const ports::RequestTag& tag, std::unique_ptr<ports::Answer> answer,
                base::Time now, Effects& out);
  void lost(ports::ConnectionId connection, const Error& why, base::Time now, Effects& out);
  void done(WorkDone what, base::Time now, Effects& out);
  void loaded(const LoadPositions& asked, Result<std::vector<std::optional<ports::Position>>> positions, base::Time now,
              Effects& out);
  void stored(StoreRound round, const Result<void>& outcome, base::Time now, Effects& out);
  void changed(CommandNumber command, const Result<void>& outcome, base::Time now, Effects& out);
  void saved(const Result<void>& outcome, base::Time now, Effects& out);
  /// Of OffsetStore::keep_alive(); it may come before start().
  void kept_alive(const Result<void>& outcome, base::Time now, Effects& out);
  void tick(base::Time now, Effects& out);

  /// When tick() is wanted next; Time::max() where nothing is due.
  base::Time next_tick() const;
  /// The next call to make, oldest first; nothing while `handler.max_threads` calls of handlers are out. They are
  /// shared out by topic: who has some leaves one for each topic that has none, up to half of all.
  std::optional<Work> take_work(base::Time now);
  /// How many calls may be taken now; one that is taken may leave fewer of them.
  std::size_t ready_work() const noexcept;
  operate::StatusReport status(base::Time now) const;

 private:
  struct Timer {
    base::Time at;
    std::variant<ports::ChildRef, supervise::Timer> whose;              ///< an adapter's, or the supervisor's
    bool operator<(const Timer& other) const { return at > other.at; }  // earliest on top of a heap
  };
  struct Topic {
    std::size_t number = 0;
    config::TopicConfig config;
    std::shared_ptr<const Value> init;  ///< of `config`, for handlers that outlive it
    bool read = false;                  ///< false: it is not configured any more
    bool found = false;
    std::int32_t partition_count = 0;                ///< as the cluster says
    std::map<std::int32_t, std::uint32_t> children;  ///< by partition, also of those that are not read any more
    std::string trouble;
  };
  struct Change {
    CommandNumber command = 0;
    ports::OperatorChange change;
    std::vector<std::uint32_t> children;
    bool submitted = false;
  };

  // Calls (calls.cc).
  std::size_t threads_kept() const noexcept;
  bool may_be_called(const Work& work) const;
  void call_ended(const WorkDone& what);
  std::vector<std::string> why_no_thread(base::Time now) const;

  // Events and what follows from each (brain.cc).
  void on_done(Partition& partition, WorkDone& what, base::Time now, Effects& out);
  bool may_be_written(ports::ChildRef child);
  void note_store_away(const Error& why, base::Time now, Effects& out);
  void note_store_back(Effects& out);
  void settle(base::Time now, Effects& out);
  void pump_rounds(base::Time now, Effects& out);
  void write_round(base::Time now, Effects& out);
  void check_until_end(base::Time now, Effects& out);
  void finish(int exit_code, bool forced, Effects& out);
  void arm(base::Time at, const std::variant<ports::ChildRef, supervise::Timer>& whose);
  void log(LogLevel level, std::string text, Effects& out, std::string cause = {});
  Partition* find(ports::ChildRef child);

  // What source and adapters want done (effects.cc).
  void run_source(base::Time now, Effects& out);
  void on_source(ports::SourceEffect& effect, base::Time now, Effects& out);
  void on_trouble(const ports::Trouble& trouble, base::Time now, Effects& out);
  void on_bounds(const ports::LogBounds& bounds, base::Time now);
  void on_topic(const ports::TopicFound& topic);
  void run_adapter(Partition& partition, pipeline::AdapterEffects effects, base::Time now, Effects& out);
  void on_adapter(Partition& partition, pipeline::AdapterEffect& effect, base::Time now, Effects& out);

  // The supervisor's children (supervision.cc).
  void run_supervisor(base::Time now, Effects& out);
  void on_supervisor(const supervise::Effect& effect, base::Time now, Effects& out);
  void on_level(const supervise::LevelChanged& change, Effects& out);
  void start_child(const supervise::Child& child, base::Time now, Effects& out);
  void stop_child(const supervise::Child& child, base::Time now, Effects& out);
  void start_partition(Partition& partition, base::Time now, Effects& out);
  void stop_partition(Partition& partition, base::Time now, Effects& out);
  void go_on_stopping(Partition& partition, base::Time now, Effects& out);
  void withdraw_offers(base::Time now, Effects& out);
  void check_store_stopped();
  void end_partition(Partition& partition, const Error& why, bool counted, bool halted, base::Time now, Effects& out);
  void run_periodic(base::Time now, Effects& out);
  void tell_busy(const std::vector<ports::TopicPartition>& busy, Effects& out);
  void on_element(Partition& partition, WorkDone& what, Effects& out);
  void on_aggregate_returned(const WorkDone& what, Effects& out);

  // Progress, and the lack of it (stalls.cc).
  void note_progress(Partition& partition, base::Time now, Effects& out);
  void note_due(Partition& partition, base::Time now);
  bool work_is_due() const;
  void check_stalls(base::Time now, Effects& out);
  void break_silence(const std::vector<Partition*>& silent, base::Time now, Effects& out);
  void ask_anew(Partition& partition, base::Time now, Effects& out);

  // Sets that wait for a callback (waiting.cc).
  void note_waiting(base::Time now);
  void check_waiting(base::Time now);

  // Operators (commands.cc).
  Result<std::vector<Partition*>> partitions_named(const std::string& topic, std::optional<std::int32_t> partition);
  CommandNumber note_paused();
  void save_paused(base::Time now, Effects& out);
  CommandNumber new_command();
  void end_command(CommandNumber command, Result<void> outcome);
  void read_topic(const config::TopicConfig& config, base::Time now);
  void leave_topic(Topic& topic, base::Time now);
  std::vector<Partition*> partitions_of(const Topic& topic);
  void hold(Partition& partition);
  void let_go(Partition& partition);
  void pump_changes(Effects& out);
  void end_change(const Result<void>& outcome, Effects& out);
  void give_up_changes();
  void refuse(ports::ChildRef child, const Error& why, bool halt, base::Time now, Effects& out);
  void on_refused(StoreRound& round, const Error& why, base::Time now, Effects& out);

  pipeline::AdapterSettings adapter_settings() const;
  static supervise::SupervisorSettings supervision(const config::NodeConfig& config);

  // What people see (status.cc).
  NodeState node_state(base::Time now) const;
  std::string why_draining(base::Time now) const;
  operate::SupervisionStatus supervision_status(base::Time now) const;
  int until_end_exit_code(Effects& out) const;

  config::NodeConfig config_;
  ports::BatchSource& source_;
  BrainSettings settings_;
  pipeline::AdapterSettings adapter_settings_;

  std::map<std::string, Topic> topics_;  ///< also those that are not read any more
  std::deque<Partition> partitions_;     ///< by child number
  ports::SourceEffects source_out_;
  supervise::Supervisor supervisor_;
  supervise::Effects supervise_out_;
  std::string level_why_;                   ///< of level B or C
  std::optional<base::Time> restarted_at_;  ///< when everything was last restarted, and why
  std::string restart_why_;
  std::deque<Work> ready_;
  std::optional<Work> ready_periodic_;  ///< beside the calls of handlers: it needs none of their threads
  std::size_t calls_out_ = 0;
  std::vector<std::size_t> calls_of_topic_;  ///< of calls_out_; by Partition::topic
  std::size_t idle_topics_ = 0;              ///< that are read, or were, and have no calls out
  bool offers_to_withdraw_ = false;
  bool calls_to_end_ = false;
  LoadPositions to_load_;
  std::uint64_t fetched_bytes_ = 0;
  pipeline::Rounds rounds_;
  TopicLedger ledger_;
  std::vector<Timer> timers_;  ///< a heap

  std::string store_trouble_;  ///< empty: the store answers
  bool keep_alive_failed_ = false;
  std::optional<base::Time> stored_at_;  ///< when a round was stored last
  bool loading_ = false;
  bool writing_ = false;
  std::optional<supervise::Child> store_to_stop_;
  base::Time load_retry_at_ = base::Time::max();
  std::vector<ports::ChildRef> load_again_;

  std::optional<ports::ProtocolFound> protocol_;
  std::string source_detail_;
  bool source_away_ = false;
  std::size_t topics_missing_ = 0;    ///< that are read, and not found yet
  std::array<std::size_t, 3> due_{};  ///< how many partitions, by WorkDue
  base::Time stall_check_at_ = base::Time::max();
  base::Time waiting_check_at_ = base::Time::max();

  std::optional<pipeline::Periodic> periodic_;
  supervise::Child periodic_child_;
  bool periodic_to_stop_ = false;
  std::uint64_t failed_aggregates_ = 0;

  Paused paused_;
  bool saving_ = false;
  base::Time save_again_at_ = base::Time::max();
  std::vector<CommandNumber> saving_for_;  ///< that wait for the save that is out
  std::vector<CommandNumber> unsaved_;     ///< that wait for the next one
  std::deque<Change> changes_;             ///< the first one is at work
  std::map<CommandNumber, CommandOutcome> commands_;
  CommandNumber last_command_ = 0;

  bool draining_ = false;
  bool finished_ = false;
  bool until_end_reached_ = false;
  bool timed_out_ = false;
  base::Time stop_deadline_ = base::Time::max();
  base::Time until_end_deadline_ = base::Time::max();
};

}  // namespace ductus::node
