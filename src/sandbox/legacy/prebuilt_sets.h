// PrebuiltSets: for the old line what PrebuiltLog is for today's: log lines in 64 distinct sets of about 64 KiB that
// repeat, so that a log of any length is served at the speed of memory.
//
// With a codec each set is one compressed entry. All logs share the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "sandbox/legacy/byte_log.h"
#include "sandbox/legacy/line.h"
#include "sandbox/logs/codecs.h"
#include "sandbox/logs/expectations.h"

namespace ductus::sandbox::legacy {

class PrebuiltSets {
 public:
  struct Plan {
    std::int64_t value_bytes = 0;  ///< within the bounds of PrebuiltLog
    Codec codec = Codec::kNone;    ///< kNone on 0.6; else kGzip or kSnappy too
    std::int64_t messages = 0;
  };
  PrebuiltSets(Line line, const Plan& plan);

  /// Appends all messages, a set a millisecond from kFirstWrittenMs on.
  void append_to(ByteLog& log) const;
  Expectation expectation() const;

  static constexpr std::int64_t kFirstWrittenMs = 1'700'000'000'000;

 private:
  /// Adds the set with that number to `cycle_`, or as much of it as there are messages.
  void make_set(Line line, std::size_t number, std::int64_t messages);
  SharedBytes set_at(std::size_t place) const;

  const Plan plan_;
  const std::int64_t messages_per_set_;
  std::shared_ptr<std::vector<std::uint8_t>> cycle_;  // the sets, and behind them the last, where it is shorter
  std::vector<std::size_t> ends_;                     // of each of them in cycle_
  std::vector<std::uint64_t> first_eights_;           // of the values in cycle_, one set after the other
};

}  // namespace ductus::sandbox::legacy
