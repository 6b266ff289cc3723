#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/escape.h"
#include "operate/offsets/file_forms.h"

namespace ductus::operate {
namespace {

// Plain digits: no sign, no blank, nothing behind them.
template <class Number>
std::optional<Number> number_from(std::string_view digits) {
  Number number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.starts_with('-')) return std::nullopt;
  return number;
}

std::optional<FileEntry> entry_from(std::string_view line, std::string_view separators) {
  const auto first = line.find(separators[0]);
  if (first == std::string_view::npos) return std::nullopt;
  const auto second = line.find(separators[1], first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto partition = number_from<std::int32_t>(line.substr(first + 1, second - first - 1));
  const auto offset = number_from<std::int64_t>(line.substr(second + 1));
  if (!partition || !offset) return std::nullopt;
  FileEntry entry;
  entry.topic = line.substr(0, first);
  entry.partition = *partition;
  entry.position.next_offset = *offset;
  return entry;
}

}  // namespace

Result<OffsetsFile> parse_line_offsets(std::string_view text, std::string_view separators) {
  // Half a number is a number.
  if (!text.ends_with('\n')) {
    return Error{ErrorCode::kInvalid,
                 "its last line does not end: the file may have been cut off; end it with a newline"};
  }
  OffsetsFile file;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) continue;
    const std::string where = "line " + std::to_string(number);
    auto entry = entry_from(line, separators);
    if (!entry) {
      return Error{ErrorCode::kInvalid, where + ": expected TOPIC" + separators[0] + "PARTITION" + separators[1] +
                                            "OFFSET with plain whole numbers, got '" + base::escaped(line, 100) + "'"};
    }
    if (auto valid = check_topic_name(entry->topic, where); !valid) return std::move(valid).error();
    entry->where = where;
    file.entries.push_back(*std::move(entry));
    if (auto fits = check_entry_count(file.entries.size()); !fits) return std::move(fits).error();
  }
  return file;
}

}  // namespace ductus::operate
