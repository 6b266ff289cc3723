#include "sim/story.h"

#include <algorithm>
#include <cstdio>
#include <set>
#include <vector>

#include "sim/totals.h"

namespace ductus::sim {
namespace {

constexpr std::size_t kLinesTold = 60;

bool fails_alike(std::uint64_t seed, Mode mode, const std::set<std::size_t>& without, const Violation& violation) {
  const Outcome outcome = Simulation(seed, mode, without).run();
  return outcome.violation && outcome.violation->promise == violation.promise;
}

// Leaves out what is not needed: large pieces first, then single ones.
std::set<std::size_t> shrink(std::uint64_t seed, Mode mode, std::size_t faults, const Violation& violation) {
  std::set<std::size_t> without;
  for (std::size_t size = std::max<std::size_t>(faults / 2, 1); size > 0; size /= 2) {
    for (std::size_t first = 0; first < faults; first += size) {
      std::set<std::size_t> fewer = without;
      for (std::size_t i = first; i < std::min(first + size, faults); ++i) fewer.insert(i);
      if (fewer.size() > without.size() && fails_alike(seed, mode, fewer, violation)) without = std::move(fewer);
    }
  }
  return without;
}

std::string time_of(base::Duration since_start) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_start).count();
  char text[32];
  std::snprintf(text, sizeof text, "%02lld:%02lld.%03lld", static_cast<long long>(ms / 60'000),
                static_cast<long long>(ms / 1000 % 60), static_cast<long long>(ms % 1000));
  return text;
}

}  // namespace

std::string tell(std::uint64_t seed, Mode mode) {
  Simulation whole(seed, mode, {}, true);
  Outcome outcome = whole.run();
  std::string text = "seed " + std::to_string(seed) + " --mode " + name_of(mode) + ": " + whole.describe_settings();
  std::set<std::size_t> without;
  if (outcome.violation) without = shrink(seed, mode, whole.plan().size(), *outcome.violation);
  Simulation shortest(seed, mode, without, true);
  outcome = shortest.run();
  if (!without.empty()) {
    text += "\n  it takes " + std::to_string(whole.plan().size() - without.size()) + " of its " +
            std::to_string(whole.plan().size()) + " faults";
  }
  const auto& lines = shortest.world().trace.lines();
  const std::size_t skipped = lines.size() > kLinesTold ? lines.size() - kLinesTold : 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_fault = lines[i].text.starts_with("FAULT");
    if (i < skipped && !is_fault) continue;
    text += "\n  " + time_of(lines[i].time - shortest.began()) + " " + lines[i].text;
  }
  if (!outcome.violation) return text + "\n  every promise held";
  return text + "\n  " + time_of(outcome.at) + " BROKEN: " + outcome.violation->promise + ": " +
         outcome.violation->what;
}

}  // namespace ductus::sim
