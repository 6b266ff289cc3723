#include "cli/offsets/offset_target.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <string_view>

#include "cli/time_argument.h"
#include "config/readers.h"

namespace ductus::cli {
namespace {

using Kind = operate::ResetTarget::Kind;

bool is_number(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<operate::ResetTarget> duration_from(const std::string& text, std::int64_t now_ms) {
  config::Tree tree;
  tree.data = text.substr(1);
  const auto back = config::read_duration(tree, std::chrono::milliseconds(0), std::chrono::hours(24 * 365 * 50), false);
  if (!back) return Error{ErrorCode::kInvalid, back.error().message + ", got '" + text.substr(1) + "'"};
  if (text[0] == '+') return Error{ErrorCode::kInvalid, "'" + text + "' lies in the future"};
  return operate::ResetTarget{Kind::kTime, std::max<std::int64_t>(now_ms - back->count(), 0)};
}

}  // namespace

Result<std::int64_t> offset_from(const std::string& text) {
  std::int64_t offset = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), offset);
  if (is_number(text) && error == std::errc()) return offset;
  return Error{ErrorCode::kInvalid, "expected a whole number from 0 to 9223372036854775807, not '" + text + "'"};
}

Result<operate::ResetTarget> target_from(const std::string& text, std::int64_t now_ms) {
  if (text == "earliest") return operate::ResetTarget{Kind::kLogStart};
  if (text == "latest") return operate::ResetTarget{Kind::kReadableEnd};
  if (is_number(text)) {
    const auto offset = offset_from(text);
    if (!offset) return offset.error();
    return operate::ResetTarget{Kind::kOffset, *offset};
  }
  if (text.starts_with('+') || text.starts_with('-')) {
    if (!is_number(std::string_view(text).substr(1))) return duration_from(text, now_ms);
    const auto by = offset_from(text.substr(1));
    if (!by) return by.error();
    return operate::ResetTarget{Kind::kShift, text[0] == '-' ? -*by : *by};
  }
  if (const auto time_ms = time_from(text)) return operate::ResetTarget{Kind::kTime, *time_ms};
  return Error{ErrorCode::kInvalid,
               "expected earliest, latest, an offset, a time such as 2026-11-22T08:00Z, -2h for two hours ago, +100 or "
               "-100 from where it is, or file:FILE, not '" +
                   text + "'"};
}

}  // namespace ductus::cli
