#include "sandbox/faults/script.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <tuple>
#include <utility>

#include "base/escape.h"

namespace ductus::sandbox {
namespace {

using Words = std::vector<std::string_view>;

constexpr std::int64_t kMaxMs = 3'600'000;
constexpr std::int64_t kMaxBytes = std::int64_t{1} << 30;

constexpr std::array<std::pair<std::string_view, Moment>, 5> kMoments = {{
    {"connection", Moment::kConnection},
    {"api_versions", Moment::kApiVersions},
    {"metadata", Moment::kMetadata},
    {"list_offsets", Moment::kListOffsets},
    {"fetch", Moment::kFetch},
}};

Error invalid(std::string_view what, std::string_view word) {
  return {ErrorCode::kInvalid, std::string(what) + ", not '" + base::escaped(word) + "'"};
}

Words words_of(std::string_view text) {
  Words words;
  for (;;) {
    const std::size_t start = text.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    text.remove_prefix(start);
    const std::size_t end = std::min(text.find_first_of(" \t\r"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

Result<std::int64_t> number(std::string_view word, std::int64_t min, std::int64_t max) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error == std::errc() && end == word.data() + word.size() && value >= min && value <= max) return value;
  return invalid("a number from " + std::to_string(min) + " to " + std::to_string(max) + " is due", word);
}

// The words of a rule, one after the other. The first thing that makes no sense is kept and ends all reading.
class Parser {
 public:
  Parser(Words words, std::int32_t brokers) : words_(std::move(words)), brokers_(brokers) {}

  const std::optional<Error>& error() const noexcept { return error_; }
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
    at_ = words_.size();
  }
  bool done() const noexcept { return at_ == words_.size(); }
  std::string_view peek() const noexcept { return done() ? std::string_view() : words_[at_]; }
  std::string_view word(std::string_view what) {
    if (!done()) return words_[at_++];
    fail({ErrorCode::kInvalid, std::string(what) + " is missing"});
    return {};
  }
  bool take(std::string_view expected) {
    const bool there = peek() == expected;
    if (there) ++at_;
    return there;
  }
  std::int64_t num(std::int64_t min, std::int64_t max) {
    const std::string_view text = word("a number");
    return error_ ? min : checked(number(text, min, max), min);
  }
  std::int32_t node() { return static_cast<std::int32_t>(num(1, brokers_)); }
  std::chrono::milliseconds ms() { return std::chrono::milliseconds(num(0, kMaxMs)); }
  std::size_t bytes(std::int64_t min = 0) { return static_cast<std::size_t>(num(min, kMaxBytes)); }

  /// TOPIC or TOPIC/PARTITION.
  std::pair<std::string, std::optional<std::int32_t>> place() {
    const std::string_view text = word("TOPIC/PARTITION");
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos) return {std::string(text), std::nullopt};
    const std::int64_t partition = checked(number(text.substr(slash + 1), 0, INT32_MAX), 0);
    return {std::string(text.substr(0, slash)), static_cast<std::int32_t>(partition)};
  }
  std::int64_t checked(const Result<std::int64_t>& value, std::int64_t otherwise) {
    if (value) return *value;
    fail(value.error());
    return otherwise;
  }

 private:
  Words words_;
  std::int32_t brokers_;
  std::size_t at_ = 0;
  std::optional<Error> error_;
};

void read_which(Parser& words, FaultRule& rule) {
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (words.take("every")) {
    rule.every = words.num(1, kMax);
    return;
  }
  const std::string_view text = words.peek();
  if (text.empty() || text.front() < '0' || text.front() > '9') return;
  (void)words.word("WHICH");
  const std::size_t dash = text.find('-');
  rule.first = words.checked(number(text.substr(0, dash), 1, kMax), 1);
  if (dash == std::string_view::npos) {
    rule.last = rule.first;
  } else if (dash + 1 < text.size()) {
    rule.last = words.checked(number(text.substr(dash + 1), rule.first, kMax), rule.first);
  }
}

std::vector<std::uint8_t> read_hex(Parser& words) {
  std::string_view text = words.word("HEX");
  std::vector<std::uint8_t> bytes;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    const std::string_view pair = text.substr(0, 2);
    const auto [end, error] = std::from_chars(pair.data(), pair.data() + pair.size(), bytes.emplace_back(), 16);
    if (error != std::errc() || end != pair.data() + pair.size()) break;
  }
  if (!text.empty()) words.fail(invalid("pairs of hexadecimal digits are due", text));
  return bytes;
}

FaultAction read_move(Parser& words) {
  auto [topic, partition] = words.place();
  if (!partition) words.fail(invalid("TOPIC/PARTITION is due", topic));
  return MoveLeader{std::move(topic), partition.value_or(0), words.node()};
}

FaultAction read_action(Parser& words) {
  const std::string_view name = words.word("what is to happen");
  if (name == "error") return GiveError{static_cast<std::int16_t>(words.num(INT16_MIN, INT16_MAX))};
  if (name == "delay") return Delay{words.ms()};
  if (name == "silence") return Silence{};
  if (name == "cut") {
    if (words.take("after")) return Cut{};
    return Cut{words.bytes()};
  }
  if (name == "dribble") {
    const std::size_t bytes = words.bytes(1);
    return Dribble{bytes, words.ms()};
  }
  if (name == "id") return ShiftId{static_cast<std::int32_t>(words.num(INT32_MIN, INT32_MAX))};
  if (name == "shorten") return Shorten{words.bytes()};
  if (name == "flip") return Flip{words.num(-kMaxBytes, kMaxBytes)};
  if (name == "repeat") return Repeat{};
  if (name == "replace") return Replace{read_hex(words)};
  if (name == "move") return read_move(words);
  if (name == "old_leaders") return OldLeaders{};
  if (name == "down") {
    const std::int32_t node_id = words.node();
    return Down{node_id, words.ms()};
  }
  words.fail(
      invalid("error, delay, silence, cut, dribble, id, shorten, flip, repeat, replace, move, old_leaders or down "
              "is due",
              name));
  return Silence{};
}

// Who has just connected has asked for nothing yet.
bool fits(const FaultRule& rule) {
  if (rule.moment != Moment::kConnection) return true;
  const auto* cut = std::get_if<Cut>(&rule.action);
  return rule.topic.empty() &&
         (std::holds_alternative<Silence>(rule.action) || (cut != nullptr && cut->after_bytes == 0));
}

Result<FaultRule> read_rule(std::string_view before_colon, std::string_view behind_colon, std::int32_t brokers) {
  FaultRule rule;
  Parser head(words_of(before_colon), brokers);
  const std::string_view name = head.word("connection, api_versions, metadata, list_offsets or fetch");
  const auto* const moment =
      std::find_if(kMoments.begin(), kMoments.end(), [&](const auto& m) { return m.first == name; });
  if (moment == kMoments.end()) {
    return invalid("connection, api_versions, metadata, list_offsets or fetch is due", name);
  }
  rule.moment = moment->second;
  read_which(head, rule);
  if (head.take("of")) std::tie(rule.topic, rule.partition) = head.place();
  if (head.take("at")) rule.node_id = head.node();
  if (!head.done()) return invalid("a colon is due", head.peek());
  if (head.error()) return *head.error();

  Parser tail(words_of(behind_colon), brokers);
  rule.action = read_action(tail);
  if (tail.error()) return *tail.error();
  if (!tail.done()) return invalid("nothing more is due", tail.peek());
  if (!fits(rule)) return invalid("a connection can have but 'silence' and 'cut 0'", behind_colon);
  return rule;
}

}  // namespace

Result<std::vector<FaultRule>> read_faults(std::string_view script, std::int32_t brokers) {
  std::vector<FaultRule> rules;
  for (std::size_t number = 1; !script.empty(); ++number) {
    const std::size_t end = std::min(script.find('\n'), script.size());
    const std::string_view line = script.substr(0, end).substr(0, script.substr(0, end).find('#'));
    script.remove_prefix(std::min(end + 1, script.size()));
    if (words_of(line).empty()) continue;
    const std::string where = "line " + std::to_string(number) + ": ";
    if (rules.size() == kMaxFaultRules) {
      return Error{ErrorCode::kInvalid, where + "more than " + std::to_string(kMaxFaultRules) + " rules"};
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Error{ErrorCode::kInvalid, where + "a colon is missing"};
    auto rule = read_rule(line.substr(0, colon), line.substr(colon + 1), brokers);
    if (!rule) return Error{ErrorCode::kInvalid, where + rule.error().message};
    rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace ductus::sandbox
