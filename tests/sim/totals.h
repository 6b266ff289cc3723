// Totals: what many seeds came to, for people: counts, which fault met which state, and which never did.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sim/simulation.h"

namespace ductus::sim {

const char* name_of(Mode mode);

class Totals {
 public:
  struct Failure {
    std::uint64_t seed;
    Mode mode;
    Violation violation;
    base::Duration at;
  };

  void add(std::uint64_t seed, Mode mode, const Outcome& outcome);
  /// Of the smallest seed.
  const std::optional<Failure>& first_failure() const noexcept { return failure_; }
  /// The last line has the counts. `with_matrix`: before it, fault by state.
  std::string text(double seconds, bool with_matrix) const;

 private:
  std::string matrix() const;

  std::optional<Failure> failure_;
  std::uint64_t runs_ = 0;
  std::uint64_t batches_ = 0;
  std::uint64_t fewest_batches_ = UINT64_MAX;
  std::uint64_t messages_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t fewest_faults_ = UINT64_MAX;
  std::size_t fewest_kinds_ = SIZE_MAX;
  std::uint64_t lives_ = 0;
  std::uint64_t levels_b_ = 0;
  std::uint64_t levels_c_ = 0;
  base::Duration simulated_{0};
  base::Duration longest_recovery_{0};
  std::uint64_t slowest_seed_ = 0;
  std::map<char, std::uint64_t> recovered_from_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> met_;
};

}  // namespace ductus::sim
