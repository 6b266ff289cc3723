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

// The least that generated messages have.
constexpr std::int64_t kMinPayloadBytes = 20;

// A word of the script, and the only dialect that knows it; nullopt: both do.
struct MomentWord {
  std::string_view word;
  Moment moment;
  std::optional<Dialect> only;
};
constexpr std::array<MomentWord, 6> kMoments = {{
    {"connection", Moment::kConnection, std::nullopt},
    {"api_versions", Moment::kApiVersions, Dialect::kToday},
    {"metadata", Moment::kMetadata, Dialect::kToday},
    {"list_offsets", Moment::kListOffsets, std::nullopt},
    {"fetch", Moment::kFetch, std::nullopt},
    {"produce", Moment::kProduce, Dialect::kLegacy},
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

std::pair<std::string, std::int32_t> read_partition(Parser& words) {
  auto [topic, partition] = words.place();
  if (!partition) words.fail(invalid("TOPIC/PARTITION is due", topic));
  return {std::move(topic), partition.value_or(0)};
}

using ReadAction = FaultAction (*)(Parser& words);
struct ActionWord {
  std::string_view word;
  std::optional<Dialect> only;
  ReadAction read;
};
constexpr std::array<ActionWord, 17> kActions = {{
    {"error", std::nullopt,
     [](Parser& words) -> FaultAction {
       return GiveError{static_cast<std::int16_t>(words.num(INT16_MIN, INT16_MAX))};
     }},
    {"delay", std::nullopt, [](Parser& words) -> FaultAction { return Delay{words.ms()}; }},
    {"silence", std::nullopt, [](Parser&) -> FaultAction { return Silence{}; }},
    {"cut", std::nullopt,
     [](Parser& words) -> FaultAction { return words.take("after") ? Cut{} : Cut{words.bytes()}; }},
    {"dribble", std::nullopt,
     [](Parser& words) -> FaultAction {
       const std::size_t bytes = words.bytes(1);
       return Dribble{bytes, words.ms()};
     }},
    {"id", Dialect::kToday,
     [](Parser& words) -> FaultAction { return ShiftId{static_cast<std::int32_t>(words.num(INT32_MIN, INT32_MAX))}; }},
    {"shorten", std::nullopt, [](Parser& words) -> FaultAction { return Shorten{words.bytes()}; }},
    {"flip", std::nullopt, [](Parser& words) -> FaultAction { return Flip{words.num(-kMaxBytes, kMaxBytes)}; }},
    {"repeat", std::nullopt, [](Parser&) -> FaultAction { return Repeat{}; }},
    {"replace", std::nullopt, [](Parser& words) -> FaultAction { return Replace{read_hex(words)}; }},
    {"move", Dialect::kToday,
     [](Parser& words) -> FaultAction {
       auto [topic, partition] = read_partition(words);
       return MoveLeader{std::move(topic), partition, words.node()};
     }},
    {"old_leaders", Dialect::kToday, [](Parser&) -> FaultAction { return OldLeaders{}; }},
    {"down", std::nullopt,
     [](Parser& words) -> FaultAction {
       const std::int32_t node_id = words.node();
       return Down{node_id, words.ms()};
     }},
    {"roll", Dialect::kLegacy,
     [](Parser& words) -> FaultAction {
       auto [topic, partition] = read_partition(words);
       return RollLog{std::move(topic), partition};
     }},
    {"expire", Dialect::kLegacy,
     [](Parser& words) -> FaultAction {
       auto [topic, partition] = read_partition(words);
       return ExpireSegments{std::move(topic), partition, words.bytes(1)};
     }},
    {"append", Dialect::kLegacy,
     [](Parser& words) -> FaultAction {
       auto [topic, partition] = read_partition(words);
       return AppendMessage{std::move(topic), partition, words.num(kMinPayloadBytes, kMaxBytes)};
     }},
    {"forget", Dialect::kLegacy,
     [](Parser& words) -> FaultAction { return ForgetTopic{std::string(words.word("TOPIC"))}; }},
}};

bool is_known(std::optional<Dialect> only, Dialect dialect) { return !only || *only == dialect; }

// "a, b or c": what is due of a table.
template <class Table>
std::string choice(const Table& table, Dialect dialect) {
  std::vector<std::string_view> known;
  for (const auto& row : table) {
    if (is_known(row.only, dialect)) known.push_back(row.word);
  }
  std::string text;
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (i > 0) text += i + 1 == known.size() ? " or " : ", ";
    text += known[i];
  }
  return text;
}

// nullptr: the dialect has no such word, and reading has failed.
template <class Table>
const typename Table::value_type* find_word(const Table& table, Dialect dialect, Parser& words) {
  const std::string_view word = words.word(choice(table, dialect));
  if (words.error()) return nullptr;
  for (const auto& row : table) {
    if (row.word == word && is_known(row.only, dialect)) return &row;
  }
  words.fail(invalid(choice(table, dialect) + " is due", word));
  return nullptr;
}

// Why such a rule makes no sense, or empty.
std::string_view objection_to(const FaultRule& rule) {
  const auto* cut = std::get_if<Cut>(&rule.action);
  const bool ends_or_hangs = std::holds_alternative<Silence>(rule.action) || (cut != nullptr && cut->after_bytes == 0);
  if (rule.moment == Moment::kConnection && !(rule.topic.empty() && ends_or_hangs)) {
    return "a connection can have but 'silence' and 'cut 0'";  // who has just connected has asked for nothing yet
  }
  const bool acts = std::holds_alternative<LogChange>(rule.action) || std::holds_alternative<Down>(rule.action);
  if (rule.moment == Moment::kProduce && !ends_or_hangs && !acts) {
    return "produce has no answer: it can have but 'silence', 'cut 0', 'down' and what is done to a log";
  }
  return {};
}

Result<FaultRule> read_rule(std::string_view before_colon, std::string_view behind_colon, std::int32_t brokers,
                            Dialect dialect) {
  FaultRule rule;
  Parser head(words_of(before_colon), brokers);
  const MomentWord* const moment = find_word(kMoments, dialect, head);
  if (moment == nullptr) return *head.error();
  rule.moment = moment->moment;
  read_which(head, rule);
  if (head.take("of")) std::tie(rule.topic, rule.partition) = head.place();
  if (head.take("at")) rule.node_id = head.node();
  if (!head.done()) return invalid("a colon is due", head.peek());
  if (head.error()) return *head.error();

  Parser tail(words_of(behind_colon), brokers);
  const ActionWord* const action = find_word(kActions, dialect, tail);
  if (action != nullptr) rule.action = action->read(tail);
  if (tail.error()) return *tail.error();
  if (!tail.done()) return invalid("nothing more is due", tail.peek());
  const std::string_view objection = objection_to(rule);
  if (!objection.empty()) return invalid(objection, behind_colon);
  return rule;
}

}  // namespace

Result<std::vector<FaultRule>> read_faults(std::string_view script, std::int32_t brokers, Dialect dialect) {
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
    auto rule = read_rule(line.substr(0, colon), line.substr(colon + 1), brokers, dialect);
    if (!rule) return Error{ErrorCode::kInvalid, where + rule.error().message};
    rules.push_back(*std::move(rule));
  }
  return rules;
}

}  // namespace ductus::sandbox
