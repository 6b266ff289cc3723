#include "node/status/rate_meter.h"

#include <algorithm>
#include <utility>

namespace ductus::node {

void RateMeter::note(std::int64_t value, base::Time now) {
  if (count_ > 0 && value < latest_.value) count_ = 0;
  const Sample before = std::exchange(latest_, {now, value});
  if (count_ > 0) {
    const Sample& kept = samples_[count_ - 1];
    if (now - kept.at < kSpacing) return;
    if (before.at != kept.at) keep(before);
  }
  keep(latest_);
}

void RateMeter::keep(const Sample& sample) {
  if (count_ == kSamples) {
    std::move(samples_.begin() + 1, samples_.end(), samples_.begin());
    --count_;
  }
  samples_[count_++] = sample;
}

std::optional<double> RateMeter::per_s(base::Time now) const {
  if (count_ == 0) return std::nullopt;
  const Sample* from = samples_.data();
  for (std::size_t i = 1; i < count_ && now - samples_[i].at >= kWindow; ++i) from = &samples_[i];
  // Of notes that followed each other closely some were left out: the rate is that since the one that was kept. After
  // a pause the number stood still up to the window's start.
  const Sample& next = from == &samples_[count_ - 1] ? latest_ : *(from + 1);
  const bool paused = next.at - from->at > 2 * kSpacing;
  const base::Duration span = paused ? std::min<base::Duration>(now - from->at, kWindow) : now - from->at;
  if (span < kShortest) return std::nullopt;
  // The last one noted may be older than the window: then nothing has moved within it.
  const std::int64_t value_before = now - latest_.at >= kWindow ? latest_.value : from->value;
  return static_cast<double>(latest_.value - value_before) / std::chrono::duration<double>(span).count();
}

std::optional<base::Time> RateMeter::noted_at() const noexcept {
  return count_ == 0 ? std::nullopt : std::optional(latest_.at);
}

}  // namespace ductus::node
