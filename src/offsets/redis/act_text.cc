#include "offsets/redis/act_text.h"

#include <charconv>
#include <cstdint>

#include "offsets/redis/layout.h"

namespace ductus::offsets {
namespace {

std::string netstring(std::string_view bytes) { return std::to_string(bytes.size()) + ":" + std::string(bytes) + ","; }

// Reads one thing after the other; once something is not as it must be, nothing more, and it is not ok().
class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {}

  std::uint64_t number() {
    std::uint64_t value = 0;
    const auto [end, failure] = std::from_chars(left_.data(), left_.data() + left_.size(), value);
    if (failure != std::errc()) return fail();
    left_.remove_prefix(static_cast<std::size_t>(end - left_.data()));
    return value;
  }
  std::string_view until(char mark) {
    const std::size_t end = left_.find(mark);
    if (end == left_.npos) return fail(), "";
    const std::string_view taken = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return taken;
  }
  std::string_view text() {
    const std::uint64_t size = number();
    expect(':');
    if (size > left_.size()) fail();
    if (!ok_) return "";
    const std::string_view bytes = left_.substr(0, size);
    left_.remove_prefix(size);
    expect(',');
    return bytes;
  }
  void expect(char mark) {
    if (!left_.starts_with(mark)) {
      fail();
      return;
    }
    left_.remove_prefix(1);
  }
  std::optional<ports::Position> place(char mark) {
    const std::string_view word = until(mark);
    if (word == "-") return std::nullopt;
    auto position = position_in(word);
    if (!position) fail();
    return position;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return left_.empty(); }
  std::uint64_t fail() {
    ok_ = false;
    left_ = {};
    return 0;
  }

 private:
  std::string_view left_;
  bool ok_ = true;
};

}  // namespace

std::string act_body(const ports::JournalAct& act) {
  std::string body = netstring(act.at) + netstring(act.who) + netstring(act.why) + "\n";
  for (const auto& [partition, before, after] : act.positions) {
    body += netstring(field_of(partition)) + place_text(before) + ";" + place_text(after) + "\n";
  }
  return body;
}

std::optional<ports::JournalAct> act_in(std::string_view element) {
  Reader reader(element);
  ports::JournalAct act;
  const std::uint64_t number = reader.number();
  if (number == 0 || number > INT64_MAX) return std::nullopt;
  act.act = static_cast<std::int64_t>(number);
  reader.expect(' ');
  const std::uint64_t count = reader.number();
  reader.expect('\n');
  act.at = reader.text();
  act.who = reader.text();
  act.why = reader.text();
  reader.expect('\n');
  while (reader.ok() && !reader.at_end()) {
    auto partition = partition_of(reader.text());
    const auto before = reader.place(';');
    const auto after = reader.place('\n');
    if (!partition) return std::nullopt;
    act.positions.push_back({*std::move(partition), before, after});
  }
  if (!reader.ok() || act.positions.size() != count) return std::nullopt;
  return act;
}

}  // namespace ductus::offsets
