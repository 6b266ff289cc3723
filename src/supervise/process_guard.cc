#include "supervise/process_guard.h"

namespace ductus::supervise {

void ProcessGuard::on_up(base::Time now) {
  was_up_ = true;
  up_since_ = now;
  backoff_.progressed(now);
}

std::optional<base::Time> ProcessGuard::on_end(const ProcessEnd& end, base::Time now) {
  if (up_since_) backoff_.progressed(now);
  up_since_.reset();
  const int code = end.exit_code.value_or(1);
  const bool final = code == 0 || code == kWrongUsage || code == kRefused || code == kWrongConfig;
  if (stopping_ || end.forced || final || !was_up_) return std::nullopt;
  return now + backoff_.next();
}

}  // namespace ductus::supervise
