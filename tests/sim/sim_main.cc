// ductus_sim: runs seeds of the simulator. docs/reliability.md says what it proves.
//
//   ductus_sim SEEDS [--first N] [--jobs N]
//   ductus_sim --seed N                  tells of one: where it fails, the shortest story
// Exit code 0: all held. 1: a promise was broken; the last lines say which, and by which seed.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sim/simulation.h"
#include "sim/story.h"
#include "sim/totals.h"

namespace {

using ductus::sim::Mode;

struct Options {
  std::uint64_t seeds = 500;
  std::uint64_t first = 1;
  std::optional<Mode> mode;
  std::optional<std::uint64_t> only;
  unsigned jobs = std::max(std::thread::hardware_concurrency(), 1u);
  bool quiet = false;
};

// What an assertion of the node leaves behind is the seed.
thread_local std::uint64_t t_seed = 0;
thread_local Mode t_mode = Mode::kSafety;

void on_crash(int signal) {
  char line[128];
  const int size = std::snprintf(line, sizeof line, "sim: seed %llu --mode %s crashed the node\n",
                                 static_cast<unsigned long long>(t_seed), ductus::sim::name_of(t_mode));
  (void)!::write(STDERR_FILENO, line, static_cast<std::size_t>(size));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void declare(CLI::App& app, Options& options) {
  app.add_option("seeds", options.seeds, "how many, one after the other")->check(CLI::PositiveNumber);
  app.add_option("--first", options.first, "the first one");
  app.add_option("--jobs", options.jobs, "how many at a time")->check(CLI::PositiveNumber);
  app.add_option("--mode", options.mode, "safety or liveness; else even seeds are of safety, odd ones of liveness")
      ->transform(CLI::CheckedTransformer(
          std::map<std::string, Mode>{{"safety", Mode::kSafety}, {"liveness", Mode::kLiveness}}));
  app.add_option("--seed", options.only, "tell of this one");
  app.add_flag("--quiet", options.quiet, "only the totals");
}

Mode mode_of(const Options& options, std::uint64_t seed) {
  return options.mode.value_or(seed % 2 == 0 ? Mode::kSafety : Mode::kLiveness);
}

/// Until one fails: no more are begun.
ductus::sim::Totals run_seeds(const Options& options) {
  ductus::sim::Totals totals;
  std::mutex mutex;
  std::atomic<std::uint64_t> next = options.first;
  std::atomic<bool> failed = false;
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed - options.first < options.seeds && !failed; seed = next++) {
      t_seed = seed;
      t_mode = mode_of(options, seed);
      const ductus::sim::Outcome outcome = ductus::sim::Simulation(seed, t_mode).run();
      const std::lock_guard lock(mutex);
      totals.add(seed, t_mode, outcome);
      failed = failed || outcome.violation.has_value();
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.jobs; ++i) threads.emplace_back(work);
  work();
  for (std::thread& thread : threads) thread.join();
  return totals;
}

int run(Options options) {
  if (options.only) {
    std::printf("%s\n", ductus::sim::tell(*options.only, mode_of(options, *options.only)).c_str());
    options.first = *options.only;
    options.seeds = options.jobs = 1;
  }
  const auto began = std::chrono::steady_clock::now();
  const ductus::sim::Totals totals = run_seeds(options);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto& failure = totals.first_failure();
  const bool in_short = options.quiet || options.only;
  if (failure && !in_short) std::printf("%s\n", ductus::sim::tell(failure->seed, failure->mode).c_str());
  std::printf("%s\n", totals.text(took.count(), !in_short).c_str());
  return failure ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    CLI::App app("Runs seeds of the simulator.");
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      return app.exit(error) == 0 ? 0 : 2;
    }
    std::signal(SIGABRT, on_crash);
    std::signal(SIGSEGV, on_crash);
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ductus_sim: %s\n", error.what());
    return 1;
  }
}
