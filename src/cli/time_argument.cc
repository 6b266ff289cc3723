#include "cli/time_argument.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "config/readers.h"

namespace ductus::cli {
namespace {

using std::chrono::milliseconds;

// Takes what is typed from the front.
class Typed {
 public:
  explicit Typed(std::string_view text) : left_(text) {}

  bool done() const { return ok_ && left_.empty(); }
  bool skip(std::string_view one_of) {
    const bool there = !left_.empty() && one_of.find(left_.front()) != std::string_view::npos;
    if (there) left_.remove_prefix(1);
    return there;
  }
  void need(std::string_view one_of) { ok_ = skip(one_of) && ok_; }
  /// Exactly `count` digits.
  int digits(std::size_t count, int least, int most) {
    int number = -1;
    const std::string_view digits = left_.substr(0, count);
    if (std::all_of(digits.begin(), digits.end(), is_digit)) {
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
    }
    left_.remove_prefix(digits.size());
    ok_ = ok_ && digits.size() == count && number >= least && number <= most;
    return number;
  }
  /// What stands behind the point, rounded up.
  milliseconds fraction() {
    std::int64_t ms = 0;
    std::int64_t worth = 100;
    bool more = false;
    const std::size_t before = left_.size();
    for (; !left_.empty() && is_digit(left_.front()); left_.remove_prefix(1), worth /= 10) {
      ms += (left_.front() - '0') * worth;
      more = more || (worth == 0 && left_.front() != '0');
    }
    ok_ = ok_ && left_.size() < before;
    return milliseconds(ms + (more ? 1 : 0));
  }
  /// "Z", "+01:00": how far the clock that was read is ahead.
  std::chrono::minutes zone() {
    if (skip("Zz")) return {};
    const int sign = !left_.empty() && left_.front() == '-' ? -1 : 1;
    need("+-");
    const std::chrono::hours hours(digits(2, 0, 23));
    need(":");
    return sign * (hours + std::chrono::minutes(digits(2, 0, 59)));
  }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }

  std::string_view left_;
  bool ok_ = true;
};

}  // namespace

std::optional<std::int64_t> time_from(std::string_view text) {
  std::int64_t ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), ms);
  if (error == std::errc() && end == text.data() + text.size()) return ms >= 0 ? std::optional(ms) : std::nullopt;

  Typed typed(text);
  const std::chrono::year year(typed.digits(4, 1970, 9999));
  typed.need("-");
  const std::chrono::month month(static_cast<unsigned>(typed.digits(2, 1, 12)));
  typed.need("-");
  const std::chrono::year_month_day date(year, month, std::chrono::day(static_cast<unsigned>(typed.digits(2, 1, 31))));
  typed.need("Tt ");
  const std::chrono::hours hours(typed.digits(2, 0, 23));
  typed.need(":");
  const std::chrono::minutes minutes(typed.digits(2, 0, 59));
  const bool has_seconds = typed.skip(":");
  const std::chrono::seconds seconds(has_seconds ? typed.digits(2, 0, 60) : 0);  // 60: a leap second
  const milliseconds fraction = has_seconds && typed.skip(".") ? typed.fraction() : milliseconds(0);
  const std::chrono::minutes ahead = typed.zone();
  if (!typed.done() || !date.ok()) return std::nullopt;
  const auto time = std::chrono::sys_days(date) + hours + minutes + seconds + fraction - ahead;
  ms = milliseconds(time.time_since_epoch()).count();
  return ms >= 0 ? std::optional(ms) : std::nullopt;
}

Result<std::chrono::milliseconds> duration_from(const std::string& text, std::chrono::milliseconds least) {
  config::Tree tree;
  tree.data = text;
  return config::read_duration(tree, least, std::chrono::hours(24 * 365), false);
}

}  // namespace ductus::cli
