#include "operate/progress.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace ductus::operate {
namespace {

constexpr std::chrono::seconds kLiveEvery{1};
constexpr std::chrono::seconds kLogEvery{5};

std::string with_one_decimal(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

// "45s", "12m 5s", "3h 20m".
std::string duration_text(double seconds) {
  const auto all = static_cast<std::int64_t>(std::ceil(seconds));
  if (all < 60) return std::to_string(all) + "s";
  if (all < 3600) return std::to_string(all / 60) + "m " + std::to_string(all % 60) + "s";
  return std::to_string(all / 3600) + "h " + std::to_string(all % 3600 / 60) + "m";
}

std::size_t terminal_columns() {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
}

void write_to_stderr(const std::string& text) {
  // A terminal that is gone, or that somebody has paused, is no reason to do anything else.
  pollfd terminal{STDERR_FILENO, POLLOUT, 0};
  if (::poll(&terminal, 1, 0) != 1 || (terminal.revents & POLLOUT) == 0) return;
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace

std::string ProgressLine::next(const StatusReport& status, base::Time now) {
  std::int64_t moved = 0;
  for (const PartitionStatus& partition : status.partitions) {
    if (!partition.next_offset) continue;
    const auto [known, added] = offsets_.try_emplace({partition.topic, partition.partition}, *partition.next_offset);
    moved += std::max<std::int64_t>(*partition.next_offset - known->second, 0);
    known->second = *partition.next_offset;
  }
  const auto lag = status.total_lag();
  const auto lag_before = std::exchange(lag_, lag);
  const std::uint64_t bytes = status.fetched_bytes - std::exchange(fetched_bytes_, status.fetched_bytes);
  const auto before = std::exchange(at_, now);
  if (!before || now <= *before || (moved == 0 && bytes == 0 && lag == lag_before)) return {};
  const double seconds = std::chrono::duration<double>(now - *before).count();
  const bool counts_messages = status.unit() != ports::OffsetUnit::kBytes;
  std::string line = counts_messages
                         ? std::to_string(std::llround(static_cast<double>(moved) / seconds)) + " messages/s, "
                         : std::string();
  line += with_one_decimal(static_cast<double>(bytes) / 1e6 / seconds) + " MB/s, lag " +
          (lag ? std::to_string(*lag) : "?") + (counts_messages ? "" : " bytes");
  if (!lag || !lag_before || *lag == 0 || *lag >= *lag_before) return line;
  const double less_per_second = static_cast<double>(*lag_before - *lag) / seconds;
  return line + ", " + duration_text(static_cast<double>(*lag) / less_per_second) + " left";
}

Progress::Progress(std::function<StatusReport()> look, base::Log& log, const base::Clock& clock)
    : look_(std::move(look)), log_(log), clock_(clock), live_(::isatty(STDERR_FILENO) == 1), thread_([this] {
        run();
      }) {}

Progress::~Progress() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
  if (live_) write_to_stderr("\r\x1b[K");
}

void Progress::run() {
  ProgressLine progress;
  std::unique_lock lock(mutex_);
  do {
    lock.unlock();
    const std::string line = progress.next(look_(), clock_.now());
    if (!line.empty()) say(line);
    lock.lock();
  } while (!changed_.wait_for(lock, live_ ? kLiveEvery : kLogEvery, [this] { return stopping_; }));
}

// The live line leaves the cursor at its start, so that a line of the log writes over it.
void Progress::say(const std::string& line) {
  if (!live_) return log_.info("progress: " + line);
  write_to_stderr("\r" + line.substr(0, terminal_columns()) + "\x1b[K\r");
}

}  // namespace ductus::operate
