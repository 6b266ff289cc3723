#include "sandbox/faults/faults.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace ductus::sandbox {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kIdAt = 4;
constexpr std::size_t kLengthBytes = 4;

bool is_about(std::string_view rule_topic, std::optional<std::int32_t> rule_partition, std::string_view topic,
              std::int32_t partition) {
  return (rule_topic.empty() || rule_topic == topic) && (!rule_partition || *rule_partition == partition);
}

bool is_about(const FaultRule& rule, const std::vector<AskedPlace>& asked) {
  return rule.topic.empty() || std::any_of(asked.begin(), asked.end(), [&](const AskedPlace& place) {
           return is_about(rule.topic, rule.partition, place.topic, place.partition);
         });
}

void add_be32(Bytes& answer, std::size_t at, std::uint32_t added) {
  if (answer.size() < at + 4) return;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | answer[at + i];
  value += added;
  for (std::size_t i = 0; i < 4; ++i) answer[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

void apply(const Cut& cut, Bytes& answer) {
  answer.resize(std::min(answer.size(), cut.after_bytes.value_or(answer.size())));
}

void apply(const ShiftId& shift, Bytes& answer) { add_be32(answer, kIdAt, static_cast<std::uint32_t>(shift.added)); }

void apply(const Shorten& shorten, Bytes& answer) {
  if (answer.size() < kLengthBytes) return;
  const std::size_t bytes = std::min(shorten.bytes, answer.size() - kLengthBytes);
  answer.resize(answer.size() - bytes);
  add_be32(answer, 0, ~static_cast<std::uint32_t>(bytes) + 1);
}

void apply(const Flip& flip, Bytes& answer) {
  const auto size = static_cast<std::int64_t>(answer.size());
  const std::int64_t place = flip.place < 0 ? size + flip.place : flip.place;
  if (place >= 0 && place < size) answer[static_cast<std::size_t>(place)] ^= 0xFF;
}

void apply(const Repeat&, Bytes& answer) {
  const Bytes once = answer;
  answer.insert(answer.end(), once.begin(), once.end());
}

void apply(const Replace& replace, Bytes& answer) { answer = replace.bytes; }

}  // namespace

std::optional<std::int16_t> Fate::error_of(std::string_view topic, std::int32_t partition) const {
  for (const ScriptedError& error : errors) {
    if (is_about(error.topic, error.partition, topic, partition)) return error.code;
  }
  return std::nullopt;
}

bool Fate::tamper(Bytes& answer) const {
  bool ends = false;
  for (const Tampering& tampering : tamperings) {
    std::visit([&](const auto& how) { apply(how, answer); }, tampering);
    ends = ends || std::holds_alternative<Cut>(tampering);
  }
  return ends;
}

Faults::Faults(std::vector<FaultRule> rules, Leaders& leaders) : leaders_(leaders) {
  rules_.reserve(rules.size());
  for (FaultRule& rule : rules) rules_.push_back({std::move(rule)});
}

Fate Faults::meet(Moment moment, std::int32_t node_id, const std::vector<AskedPlace>& asked, base::Time now) {
  Fate fate;
  for (Counted& counted : rules_) {
    const FaultRule& rule = counted.rule;
    if (rule.moment != moment || (rule.node_id && *rule.node_id != node_id) || !is_about(rule, asked)) continue;
    const std::int64_t number = ++counted.met;
    if (number >= rule.first && number <= rule.last && number % rule.every == 0) act(rule, now, fate);
  }
  return fate;
}

void Faults::act(const FaultRule& rule, base::Time now, Fate& fate) {
  const auto take = [&](const auto& action) {
    using Action = std::remove_cvref_t<decltype(action)>;
    if constexpr (std::is_same_v<Action, GiveError>) {
      fate.errors.push_back({rule.topic, rule.partition, action.code});
    } else if constexpr (std::is_same_v<Action, Delay>) {
      fate.delay += action.by;
    } else if constexpr (std::is_same_v<Action, Dribble>) {
      fate.dribble = action;
    } else if constexpr (std::is_same_v<Action, Silence>) {
      fate.silence = true;
    } else if constexpr (std::is_same_v<Action, OldLeaders>) {
      fate.old_leaders = true;
    } else if constexpr (std::is_same_v<Action, MoveLeader>) {
      leaders_.move(action.topic, action.partition, action.node_id);
    } else if constexpr (std::is_same_v<Action, Down>) {
      down_until_[action.node_id] = now + action.duration;
    } else if constexpr (std::is_same_v<Action, LogChange>) {
      fate.log_changes.push_back(action);
    } else {
      fate.tamperings.push_back(action);
    }
  };
  std::visit(take, rule.action);
}

bool Faults::is_down(std::int32_t node_id, base::Time now) const {
  const auto down = down_until_.find(node_id);
  return down != down_until_.end() && now < down->second;
}

}  // namespace ductus::sandbox
