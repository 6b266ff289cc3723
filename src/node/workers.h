// Workers: the threads that carry sets from socket to verdict, each to completion.
//
// A worker reads an answer, steps the brain, sends the next request, decodes and handles the set just read, steps the
// brain with the verdict, and takes the next thing. One worker without anything to do waits in epoll, the others sleep.
// Nobody is woken without need: another worker is woken only for a second piece of ready work. While callbacks run, a
// monitor looks every kBlockedAfter for a worker that is stuck in one, and wakes or starts another in its place.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "node/brain/brain.h"
#include "node/sockets.h"
#include "node/store_thread.h"
#include "node/work.h"
#include "ports/batch_source.h"
#include "ports/handler_host.h"

namespace ductus::node {

class Workers {
 public:
  /// A callback that has lasted as long holds its worker: another one takes over sockets and sets.
  static constexpr std::chrono::milliseconds kBlockedAfter{2};

  /// How long a worker goes on with ready work before it looks at the sockets in passing.
  static constexpr std::chrono::milliseconds kPollEvery{1};

  /// Beyond the `handler.max_threads` that calls of handlers may hold: one always comes to the sockets and timers, one
  /// may be looking up a name, and one may be in the module's handle_periodic_aggregate().
  static constexpr unsigned kSpareWorkers = 3;

  struct Parts {
    Brain& brain;
    ports::BatchSource& source;
    ports::HandlerHost& host;
    ports::OffsetStore& store;
    Sockets& sockets;
    const base::Clock& clock;
    base::Log& log;
    const config::NodeConfig& config;
    /// What SIGHUP asks for, on a worker's thread; may block on disk.
    std::function<void()> reload;
    pid_t guardian = 0;  ///< 0: none
  };

  /// The parts outlive it.
  explicit Workers(const Parts& parts);
  ~Workers();

  /// Runs the node until the brain has finished. Blocking. Call it once.
  Finished run();

  // Thread: any. Blocking: for the baton, microseconds.
  void drain();
  Result<void> aggregate_now();  ///< as Brain::aggregate_now()
  operate::StatusReport status();
  /// Commands of operators: those of Brain.
  Result<CommandNumber> pause(const std::string& topic, std::optional<std::int32_t> partition);
  Result<CommandNumber> resume(const std::string& topic, std::optional<std::int32_t> partition);
  Result<void> restart(const std::string& topic, std::optional<std::int32_t> partition);
  Result<CommandNumber> change_offsets(ports::OperatorChange change);
  /// nullopt: no such command is known (any more).
  std::optional<CommandOutcome> outcome_of(CommandNumber command);
  /// Also `handler.max_threads`, and what `also` does under the baton.
  void follow(config::NodeConfig config, const std::vector<std::string>& changed_topics,
              const std::function<void()>& also);

 private:
  struct Worker {
    std::thread thread;
    std::atomic<std::int64_t> call_since_ns{0};  ///< 0: in no call
    std::atomic<std::uint64_t> calls{0};         ///< begun so far
    ports::DecodeArena arena;
  };

  template <class Event>
  std::optional<Work> enter(Event&& event, bool take);
  void carry_out_effects(Effects& effects);

  void work(Worker& self);
  void dial_waiting(Worker& self);
  void reload(Worker& self);
  void begin_call(Worker& self);
  WorkDone call(Worker& self, Work work);
  std::optional<Work> poll(Worker& self, std::chrono::milliseconds timeout, bool take);
  std::optional<Work> on_readable(ports::ConnectionId connection, bool take);
  void on_stop_signal(pid_t sender);
  void sleep();
  bool wake_sleeper();
  void wake_another();
  void start_worker();
  void end_calls();
  void finish(const Finished& how);

  void monitor();
  void arm_monitor();
  std::uint64_t count_calls() const;
  bool anyone_is_in_a_call() const;
  bool everyone_is_blocked();

  Parts parts_;

  std::mutex baton_;  // guards the brain and timer_at_
  base::Time timer_at_ = base::Time::max();
  std::atomic<std::size_t> ready_work_{0};
  std::atomic<std::size_t> dials_waiting_{0};

  std::atomic<unsigned> max_threads_;
  std::atomic<bool> polling_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> signalled_{false};  ///< by another than the guardian
  const unsigned cpus_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable woken_;
  std::condition_variable finished_changed_;
  std::condition_variable monitor_changed_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::deque<ports::OpenConnection> dials_;
  std::stop_source stop_handlers_;  ///< of the handlers made since calls were last ended
  bool told_no_thread_ = false;
  unsigned sleepers_ = 0;
  unsigned wake_ups_ = 0;
  std::optional<Finished> finished_;
  std::atomic<bool> monitor_armed_{false};
  std::thread monitor_thread_;
  StoreThread store_thread_;
};

}  // namespace ductus::node
