#include "base/log/repeat_limit.h"

#include <utility>

namespace ductus::base {

namespace {

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

}  // namespace

std::string cause_of(std::string_view line) {
  std::string cause;
  for (std::size_t at = 0; at < line.size() && cause.size() < RepeatLimit::kMaxCauseBytes; ++at) {
    if (!is_digit(line[at])) {
      cause += line[at];
    } else if (at == 0 || !is_digit(line[at - 1])) {
      cause += '0';
    }
  }
  return cause;
}

bool RepeatLimit::admit(LogLevel level, std::string_view cause, std::string_view line, Time now) {
  Interval& interval = interval_of(cause.substr(0, kMaxCauseBytes), now);
  if (interval.written < kLinesPerCause) return ++interval.written, true;
  interval.rest.level = level;
  interval.rest.line = line;
  ++interval.rest.times;
  return false;
}

/// An interval that is over stays until over() has told of it; what comes meanwhile is counted with it.
RepeatLimit::Interval& RepeatLimit::interval_of(std::string_view cause, Time now) {
  auto known = intervals_.find(cause);
  if (known == intervals_.end() && intervals_.size() >= kMaxCauses) known = intervals_.find(cause = "");
  if (known == intervals_.end()) {
    known = intervals_.emplace(cause, Interval{.began = now}).first;
    by_begin_.push_back(known);
  }
  return known->second;
}

std::vector<RepeatLimit::Repeated> RepeatLimit::over(Time now, bool all) {
  std::vector<Repeated> told;
  while (!by_begin_.empty() && (all || now - by_begin_.front()->second.began >= kInterval)) {
    const Intervals::iterator oldest = by_begin_.front();
    by_begin_.pop_front();
    Interval& interval = oldest->second;
    if (interval.rest.times > 0) {
      interval.rest.span = now - interval.began;
      told.push_back(std::move(interval.rest));
    }
    intervals_.erase(oldest);
  }
  return told;
}

Time RepeatLimit::next() const { return by_begin_.empty() ? Time::max() : by_begin_.front()->second.began + kInterval; }

}  // namespace ductus::base
