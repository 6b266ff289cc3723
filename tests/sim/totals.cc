#include "sim/totals.h"

#include <algorithm>
#include <cstdio>

namespace ductus::sim {
namespace {

// As status tells them, of partitions and of the node.
constexpr const char* kStates[] = {"starting", "ok",      "behind",   "waiting",  "deferred",   "backoff",
                                   "stalled",  "stopped", "retrying", "draining", "not running"};

std::string padded(const std::string& text, std::size_t width) {
  return text + std::string(text.size() < width ? width - text.size() : 1, ' ');
}

}  // namespace

const char* name_of(Mode mode) { return mode == Mode::kSafety ? "safety" : "liveness"; }

void Totals::add(std::uint64_t seed, Mode mode, const Outcome& outcome) {
  ++runs_;
  batches_ += outcome.batches;
  messages_ += outcome.messages;
  faults_ += outcome.faults;
  lives_ += outcome.lives;
  levels_b_ += outcome.levels_b;
  levels_c_ += outcome.levels_c;
  simulated_ += outcome.at;
  fewest_batches_ = std::min(fewest_batches_, outcome.batches);
  fewest_faults_ = std::min(fewest_faults_, outcome.faults);
  fewest_kinds_ = std::min(fewest_kinds_, outcome.kinds.size());
  if (outcome.recovery) ++recovered_from_[outcome.recovered_from];
  if (outcome.recovery && *outcome.recovery > longest_recovery_) {
    longest_recovery_ = *outcome.recovery;
    slowest_seed_ = seed;
  }
  for (const auto& [pair, times] : outcome.met) met_[pair] += times;
  if (outcome.violation && (!failure_ || seed < failure_->seed)) {
    failure_ = Failure{seed, mode, *outcome.violation, outcome.at};
  }
}

std::string Totals::matrix() const {
  std::string text = padded("times a fault met a state", 26);
  for (const char* state : kStates) text += padded(state, 12);
  std::string never;
  for (const FaultKind& kind : fault_kinds()) {
    text += "\n" + padded(kind.name, 26);
    for (const char* state : kStates) {
      const auto met = met_.find({kind.name, state});
      text += padded(met == met_.end() ? "-" : std::to_string(met->second), 12);
      if (met == met_.end()) never += std::string(never.empty() ? "" : ", ") + kind.name + " × " + state;
    }
  }
  return text + "\nnever met: " + (never.empty() ? "none" : never) + "\n";
}

std::string Totals::text(double seconds, bool with_matrix) const {
  const auto in_s = [](base::Duration duration) { return std::chrono::duration<double>(duration).count(); };
  std::string text = with_matrix ? matrix() : "";
  if (failure_) {
    text += "seed " + std::to_string(failure_->seed) + " --mode " + name_of(failure_->mode) + ": " +
            failure_->violation.promise + ": " + failure_->violation.what + "\n";
  }
  text += "recovered, when faults ended";
  for (const auto& [level, times] : recovered_from_) {
    text += std::string(", in level ") + level + " " + std::to_string(times) + " times";
  }
  char line[640];
  std::snprintf(line, sizeof line,
                "; longest recovery %.1f s (seed %llu)\n"
                "sim: %llu seeds, %.0f simulated hours, %llu batches (fewest %llu), %llu messages, %llu faults (fewest "
                "%llu, of %zu kinds), %llu node lives, level B %llu times, level C %llu times, %.1f s: %s",
                in_s(longest_recovery_), static_cast<unsigned long long>(slowest_seed_),
                static_cast<unsigned long long>(runs_), in_s(simulated_) / 3600,
                static_cast<unsigned long long>(batches_), static_cast<unsigned long long>(fewest_batches_),
                static_cast<unsigned long long>(messages_), static_cast<unsigned long long>(faults_),
                static_cast<unsigned long long>(fewest_faults_), fewest_kinds_, static_cast<unsigned long long>(lives_),
                static_cast<unsigned long long>(levels_b_), static_cast<unsigned long long>(levels_c_), seconds,
                failure_ ? "FAILED" : "every promise held");
  return text + line;
}

}  // namespace ductus::sim
