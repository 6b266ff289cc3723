// Faults: which rules of the script a request meets, and what becomes of its answer.
//
// The same requests in the same order meet the same faults. Thread: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"
#include "sandbox/faults/script.h"
#include "sandbox/leaders.h"

namespace ductus::sandbox {

/// A partition that a request asks for; of Metadata a topic, with partition -1.
struct AskedPlace {
  std::string_view topic;
  std::int32_t partition = -1;
};

/// What the script wants of one answer.
struct Fate {
  struct ScriptedError {
    std::string topic;  ///< empty: any
    std::optional<std::int32_t> partition;
    std::int16_t code = 0;
  };
  using Tampering = std::variant<Cut, ShiftId, Shorten, Flip, Repeat, Replace>;

  std::vector<ScriptedError> errors;
  std::vector<Tampering> tamperings;   ///< in the order of the script
  std::vector<LogChange> log_changes;  ///< to be made before the answer
  std::chrono::milliseconds delay{0};
  std::optional<Dribble> dribble;
  bool silence = false;
  bool old_leaders = false;

  /// nullopt: the script wants none.
  std::optional<std::int16_t> error_of(std::string_view topic, std::int32_t partition) const;
  /// Does to a whole answer, length included, what the script wants. True: then the connection ends.
  bool tamper(std::vector<std::uint8_t>& answer) const;
};

class Faults {
 public:
  /// `leaders` must outlive it.
  Faults(std::vector<FaultRule> rules, Leaders& leaders);

  bool none() const noexcept { return rules_.empty(); }
  /// Counts what happens at the broker `node_id`, moves leaders and takes brokers down, and tells the rest.
  Fate meet(Moment moment, std::int32_t node_id, const std::vector<AskedPlace>& asked, base::Time now);
  bool is_down(std::int32_t node_id, base::Time now) const;

 private:
  struct Counted {
    FaultRule rule;
    std::int64_t met = 0;
  };
  void act(const FaultRule& rule, base::Time now, Fate& fate);

  std::vector<Counted> rules_;
  Leaders& leaders_;
  std::map<std::int32_t, base::Time> down_until_;
};

}  // namespace ductus::sandbox
