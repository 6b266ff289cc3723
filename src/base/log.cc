#include "base/log.h"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log/output.h"
#include "base/log/repeat_limit.h"

namespace ductus::base {

namespace {

constexpr std::int64_t kForGood = 0;

// Signals of the process go to threads that know what to do about them.
Result<std::thread> thread_without_signals(auto&& run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  Result<std::thread> made = std::thread();
  try {
    made = std::thread(run);
  } catch (const std::system_error& error) {
    made = Error{ErrorCode::kLimit, std::string("the system has no thread to give for the log: ") + error.what()};
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return made;
}

std::string seconds_of(Duration span) {
  return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(span).count()) + " s";
}

}  // namespace

class Log::Impl {
 public:
  Impl(LogOutput output, LineFormat format, LogLevel level, Surroundings surroundings)
      : output_(std::move(output)),
        format_(format),
        for_journal_(output_.is_journal()),
        clock_(surroundings.clock != nullptr ? *surroundings.clock : system_clock_),
        observer_(std::move(surroundings.observer)),
        level_(level) {}

  void write(LogLevel level, std::string_view line, std::string_view cause);
  bool flush(std::chrono::milliseconds within);
  void reopen();
  void set_level(LogLevel level);
  void set_level_for(LogLevel level, Duration time);
  LogLevel level() const;
  std::string trouble() const;

  /// The thread's work, until stop().
  void run();
  /// False: the thread is stuck in a write, and is to be left behind.
  bool stop();

 private:
  /// A line that waits to be written, or (without a text) the wish to open the file again.
  struct Entry {
    std::string text;
    std::uint64_t stands_for = 1;  ///< lines that are lost with it
  };

  // With mutex_ held.
  void tell_repeats(bool all);
  void tell_lost();
  void queue(LogLevel level, std::string_view text, std::uint64_t stands_for = 1);
  void push(Entry entry);
  void written(const Entry& entry, const Result<void>& outcome);
  void wait_for_more(std::unique_lock<std::mutex>& lock);

  LogOutput output_;  ///< the thread's alone
  const LineFormat format_;
  const bool for_journal_;
  const SystemClock system_clock_;
  const Clock& clock_;
  Observer observer_;

  std::atomic<LogLevel> level_;
  std::atomic<LogLevel> level_for_a_time_;
  std::atomic<std::int64_t> level_until_ns_{kForGood};

  mutable std::mutex mutex_;  // guards what follows, and calls of observer_
  std::condition_variable more_;
  std::condition_variable less_;
  RepeatLimit repeats_;
  std::deque<Entry> queue_;
  std::size_t queued_bytes_ = 0;
  std::uint64_t pushed_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;
  bool slow_ = false;  ///< nobody waits until the queue is empty again
  bool stopping_ = false;
  bool ended_ = false;
};

// ---- who logs --------------------------------------------------------------------------------------------

void Log::Impl::write(LogLevel level, std::string_view line, std::string_view cause) {
  if (level < this->level()) return;
  std::unique_lock lock(mutex_);
  tell_repeats(false);
  line = line.substr(0, kMaxLogLineBytes);
  if (!cause.empty() && !repeats_.admit(level, cause, line, clock_.now())) return;
  queue(level, line);
  const std::uint64_t mine = pushed_;
  if (!slow_ && !less_.wait_for(lock, kWriteWithin, [&] { return done_ >= mine; })) slow_ = true;
}

bool Log::Impl::flush(std::chrono::milliseconds within) {
  std::unique_lock lock(mutex_);
  return less_.wait_for(lock, within, [this, mine = pushed_] { return done_ >= mine; });
}

void Log::Impl::reopen() {
  const std::lock_guard lock(mutex_);
  push({.text = {}, .stands_for = 0});
}

void Log::Impl::tell_repeats(bool all) {
  for (const RepeatLimit::Repeated& repeated : repeats_.over(clock_.now(), all)) {
    queue(repeated.level, "… repeated " + std::to_string(repeated.times) + " times in " + seconds_of(repeated.span) +
                              ": " + repeated.line);
  }
}

void Log::Impl::tell_lost() {
  if (lost_ == 0) return;
  const std::uint64_t lost = std::exchange(lost_, 0);
  const std::string text = std::to_string(lost) + " log lines were lost here";
  push({rendered({std::chrono::system_clock::now(), LogLevel::kWarn, text}, format_, for_journal_), lost});
}

void Log::Impl::queue(LogLevel level, std::string_view text, std::uint64_t stands_for) {
  const LogRecord record{std::chrono::system_clock::now(), level, text};
  if (observer_) observer_(record);
  std::string line = rendered(record, format_, for_journal_);
  if (queued_bytes_ + line.size() > kMaxQueuedBytes) {
    lost_ += stands_for;
    return;
  }
  tell_lost();
  push({std::move(line), stands_for});
}

void Log::Impl::push(Entry entry) {
  queued_bytes_ += entry.text.size();
  ++pushed_;
  queue_.push_back(std::move(entry));
  more_.notify_one();
}

// ---- the thread ------------------------------------------------------------------------------------------

void Log::Impl::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!stopping_) tell_repeats(false);
    if (queue_.empty()) {
      slow_ = false;
      if (stopping_) break;
      wait_for_more(lock);
      continue;
    }
    const Entry entry = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    const Result<void> reopened = entry.text.empty() ? output_.reopen() : Result<void>();
    const Result<void> outcome = entry.text.empty() ? Result<void>() : output_.write(entry.text);
    lock.lock();
    if (!reopened) queue(LogLevel::kError, reopened.error().message + "; the one before is kept");
    written(entry, outcome);
  }
  ended_ = true;
  less_.notify_all();
}

/// What was lost is told at the latest once there is room and a line got through.
void Log::Impl::written(const Entry& entry, const Result<void>& outcome) {
  queued_bytes_ -= entry.text.size();
  ++done_;
  if (!entry.text.empty()) trouble_ = outcome ? std::string() : outcome.error().message;
  if (!outcome) lost_ += entry.stands_for;
  if (outcome && queue_.empty()) tell_lost();
  less_.notify_all();
}

void Log::Impl::wait_for_more(std::unique_lock<std::mutex>& lock) {
  const Time next = repeats_.next();
  if (next == Time::max()) {
    more_.wait(lock);
  } else {
    more_.wait_for(lock, next - clock_.now());
  }
}

bool Log::Impl::stop() {
  std::unique_lock lock(mutex_);
  tell_repeats(true);
  if (lost_ > 0 && queued_bytes_ + kMaxLogLineBytes <= kMaxQueuedBytes) tell_lost();
  observer_ = nullptr;
  stopping_ = true;
  more_.notify_one();
  return less_.wait_for(lock, kFlushWithin, [this] { return ended_; });
}

std::string Log::Impl::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

// ---- levels ----------------------------------------------------------------------------------------------

void Log::Impl::set_level(LogLevel level) {
  level_ = level;
  level_until_ns_ = kForGood;
}

void Log::Impl::set_level_for(LogLevel level, Duration time) {
  level_for_a_time_ = level;
  level_until_ns_ = (clock_.now() + time).time_since_epoch().count();
}

LogLevel Log::Impl::level() const {
  const std::int64_t until = level_until_ns_.load(std::memory_order_relaxed);
  if (until != kForGood && clock_.now().time_since_epoch().count() < until) return level_for_a_time_;
  return level_.load(std::memory_order_relaxed);
}

// ---- Log -------------------------------------------------------------------------------------------------

Result<LogLevel> log_level_of(std::string_view name) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarn, LogLevel::kError}) {
    if (name_of(level) == name) return level;
  }
  return Error{ErrorCode::kInvalid, "log level '" + std::string(name) + "' is none of debug, info, warn, error"};
}

Log::Log(std::shared_ptr<Impl> impl, std::thread thread) : impl_(std::move(impl)), thread_(std::move(thread)) {}

Result<std::unique_ptr<Log>> Log::open(std::string_view level, std::string_view format,
                                       const std::filesystem::path& file, Surroundings surroundings) {
  const Result<LogLevel> threshold = log_level_of(level);
  if (!threshold) return threshold.error();
  if (format != "text" && format != "json") {
    return Error{ErrorCode::kInvalid, "log format '" + std::string(format) + "' is neither text nor json"};
  }
  Result<LogOutput> output = LogOutput::open(file, surroundings.journal_stream);
  if (!output) return output.error();
  auto impl = std::make_shared<Impl>(*std::move(output), format == "json" ? LineFormat::kJson : LineFormat::kText,
                                     *threshold, std::move(surroundings));
  Result<std::thread> thread = thread_without_signals([impl] { impl->run(); });
  if (!thread) return thread.error();
  return std::unique_ptr<Log>(new Log(std::move(impl), *std::move(thread)));
}

Log::~Log() {
  if (impl_->stop()) {
    thread_.join();
  } else {
    thread_.detach();
  }
}

void Log::write(LogLevel level, std::string_view line, std::string_view cause) { impl_->write(level, line, cause); }

Logger Log::logger(std::string prefix) {
  return [this, prefix = std::move(prefix)](LogLevel level, std::string_view line) {
    const std::string text = prefix + std::string(line.substr(0, kMaxLogLineBytes));
    write(level, text, level >= LogLevel::kWarn ? cause_of(text) : std::string());
  };
}

void Log::set_level(LogLevel level) { impl_->set_level(level); }
void Log::set_level_for(LogLevel level, Duration time) { impl_->set_level_for(level, time); }
LogLevel Log::level() const { return impl_->level(); }
void Log::reopen() { impl_->reopen(); }
bool Log::flush(std::chrono::milliseconds within) { return impl_->flush(within); }
std::string Log::trouble() const { return impl_->trouble(); }

}  // namespace ductus::base
