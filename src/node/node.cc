#include "node/node.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "base/byte_budget.h"
#include "base/clock.h"
#include "base/escape.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "control/node_process.h"
#include "control/server.h"
#include "handlers/builtin.h"
#include "handlers/runner.h"
#include "node/api/api.h"
#include "node/api/event_ring.h"
#include "node/brain/brain.h"
#include "node/brain/paused.h"
#include "node/lock.h"
#include "node/reload.h"
#include "node/sockets.h"
#include "node/workers.h"
#include "operate/open_store.h"
#include "operate/progress.h"
#include "operate/source/open_source.h"

namespace ductus::node {

namespace {

/// Response bodies of a megabyte come and go all the time: the allocator keeps their pages instead of giving them back
/// to the kernel and faulting them in again. Each of its arenas keeps its own, and left alone it makes eight for each
/// CPU: with callbacks that block many threads, what is kept would outgrow the byte budget.
void keep_freed_memory(const config::NodeConfig& config) {
  mallopt(M_MMAP_THRESHOLD, static_cast<int>(std::min<std::size_t>(config.fetch_max_frame_bytes, 32u << 20)));
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  mallopt(M_ARENA_MAX, static_cast<int>(std::max(std::thread::hardware_concurrency(), 1u)));
}

std::vector<int> block_signals() {
  std::vector<int> signals = {SIGTERM, SIGINT, SIGHUP};
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : signals) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);  // a file over its size limit is an error of one write
  return signals;
}

// The user's code.
Result<std::optional<std::chrono::milliseconds>> idle_interval_of(Module& module) {
  try {
    auto interval = module.idle_interval();
    if (interval) interval = std::max(*interval, std::chrono::milliseconds(1));
    return interval;
  } catch (const std::exception& error) {
    return Error{ErrorCode::kCallback, std::string("the module's idle_interval() threw: ") + error.what()};
  } catch (...) {
    return Error{ErrorCode::kCallback, "the module's idle_interval() threw"};
  }
}

Result<std::unique_ptr<base::Log>> open_log(const config::NodeConfig& config, EventRing& events) {
  const char* const journal_stream = std::getenv("JOURNAL_STREAM");
  return base::Log::open(
      config.log_level, config.log_format, config.log_file,
      {.journal_stream = journal_stream != nullptr ? journal_stream : "",
       .observer = [&events](const base::LogRecord& line) { events.add(line.time, line.level, line.text); }});
}

int report(const Error& error) {
  std::fprintf(stderr, "ductus: %s\n", base::escaped(error.message).c_str());
  return error.code == ErrorCode::kRefused ? 5 : error.code == ErrorCode::kTimedOut ? 4 : 1;
}

}  // namespace

std::vector<ModuleEntry> all_modules(std::vector<ModuleEntry> users, const config::NodeConfig& config) {
  const handlers::NodeFacts node{
      .base_dir = config.base_dir, .handler_name = config.handler_name, .periodic_every = config.periodic_every};
  for (ModuleEntry& entry : handlers::builtin_modules(node)) users.push_back(std::move(entry));
  return users;
}

int run(const config::NodeConfig& config, std::unique_ptr<Module> module, const RunOptions& options) {
  keep_freed_memory(config);
  const std::vector<int> signals = block_signals();
  auto lock = lock_node(config, base::LockOwner::kNode);
  if (!lock) return report(lock.error());

  const base::SystemClock clock;
  EventRing events;
  Api api(config, events, clock, options.guardian);
  auto control = control::Server::start(control::socket_path(config.dir), api.routes());
  if (!control) return report(control.error());

  api.note("the log is being opened");
  auto log = open_log(config, events);
  if (!log) return report(log.error());
  api.note("the store is being opened");
  auto store = operate::open_store(config, base::LockOwner::kNode,
                                   [&](const std::string& doubt) { (*log)->warn("store: " + doubt); });
  if (!store) return report(store.error());
  auto sockets = Sockets::open(config.fetch_max_frame_bytes, signals);
  if (!sockets) return report(sockets.error());

  const auto idle_interval = idle_interval_of(*module);
  if (!idle_interval) return report(idle_interval.error());

  auto paused = Paused::load(config.dir);
  if (!paused) return report(paused.error());

  const std::uint64_t seed = std::random_device{}();
  base::ByteBudget budget(config.memory_budget_bytes);
  const auto source = operate::open_source(config, seed, budget);
  handlers::Runner runner(*module, config.batch_max_bytes, (*log)->logger(""));
  Brain brain(config, *source,
              {.until_end = options.until_end,
               .until_end_timeout = options.timeout,
               .idle_interval = *idle_interval,
               .seed = seed,
               .paused = *std::move(paused)});
  Reload reload(config, options.reload, **log, budget, runner, api);
  std::function<void()> on_reload;
  Workers workers({.brain = brain,
                   .source = *source,
                   .host = runner,
                   .store = **store,
                   .sockets = **sockets,
                   .clock = clock,
                   .log = **log,
                   .config = config,
                   .reload = [&] { on_reload(); },
                   .guardian = options.guardian != nullptr ? options.guardian->id() : 0});
  on_reload = [&] { reload.run(workers); };
  api.attach(workers, **log);
  if (options.when_up) options.when_up();

  std::optional<operate::Progress> progress(std::in_place, [&] { return workers.status(); }, **log, clock);
  const Finished how = workers.run();
  if (how.forced) {  // nothing that waits for a thread: user code may hold any of them
    note_forced_end(config, ::getpid());
    (void)(*log)->flush(base::Log::kFlushWithin);
    std::fflush(stdout);
    ::_exit(how.exit_code);
  }
  progress.reset();
  api.detach();
  return how.exit_code;
}

}  // namespace ductus::node
