// Log: one line per event, as text or JSON, to stderr, journald or a file.
//
// A line is at most kMaxLogLineBytes with its line end, cut where the text is longer, and written whole. In text,
// control bytes are shown escaped; in JSON they are JSON's own escapes.
// A thread of its own writes. Who logs waits until the line is with the kernel, so that a crash loses nothing that
// was logged before it; but where the disk, or the reader of a pipe, is slower than kWriteWithin, nobody waits until
// all is written. Beyond kMaxQueuedBytes lines are dropped, and where they are missing a line says how many.
// Thread: any. Blocking: kWriteWithin. A process that forks opens it after the last fork: threads do not come along.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/clock.h"
#include "base/log/line.h"
#include "ductus/module.h"
#include "ductus/result.h"

namespace ductus::base {

class Log {
 public:
  /// Rendered lines that wait for the thread.
  static constexpr std::size_t kMaxQueuedBytes = 1 << 20;
  static constexpr std::chrono::milliseconds kWriteWithin{10};
  /// How long the end of the log waits for what is still queued.
  static constexpr std::chrono::milliseconds kFlushWithin{2000};

  /// Is given each line that is written, in order, by whoever logs it. Must not block, nor log.
  using Observer = std::function<void(const LogRecord&)>;

  struct Surroundings {
    std::string journal_stream;    ///< JOURNAL_STREAM of the environment
    const Clock* clock = nullptr;  ///< of limits and of levels for a time; outlives the log. nullptr: the machine's
    Observer observer;
  };

  /// `level`: debug, info, warn, error: what is less is left out. `format`: text, json.
  /// `file` is appended to, and made (mode 0640), its folder too where only that is missing; empty: stderr.
  /// Errors: kInvalid (an unknown word), kIo.
  static Result<std::unique_ptr<Log>> open(std::string_view level, std::string_view format,
                                           const std::filesystem::path& file, Surroundings surroundings);
  static Result<std::unique_ptr<Log>> open(std::string_view level, std::string_view format,
                                           const std::filesystem::path& file) {
    return open(level, format, file, {});
  }
  /// Writes what is queued, and what is known of repeated lines, within kFlushWithin.
  ~Log();

  void write(LogLevel level, std::string_view line) { write(level, line, {}); }
  /// Of lines with one `cause` only some are written, then one says how often the last was repeated: RepeatLimit has
  /// the numbers. Without a cause each one counts.
  void write(LogLevel level, std::string_view line, std::string_view cause);
  void debug(std::string_view line) { write(LogLevel::kDebug, line); }
  void info(std::string_view line) { write(LogLevel::kInfo, line); }
  void warn(std::string_view line) { write(LogLevel::kWarn, line); }
  void error(std::string_view line) { write(LogLevel::kError, line); }

  /// What a callback module is given: writes here, `prefix` before each line. Warnings and errors that differ only in
  /// numbers have one cause. Must not outlive this log.
  Logger logger(std::string prefix);

  /// What is less is left out from now on; ends a level for a time.
  void set_level(LogLevel level);
  /// For `time`; then the level that set_level() or open() gave holds again.
  void set_level_for(LogLevel level, Duration time);
  LogLevel level() const;

  /// The file is opened again by its name, behind the lines that are queued; where that fails the old one is kept, and
  /// an error in it says why. Does not wait.
  void reopen();
  /// Waits until what is queued is written, `within` at most. False: not all is.
  bool flush(std::chrono::milliseconds within);
  /// Why the last line that was to be written is not in the log, or not whole. Empty: it is.
  std::string trouble() const;

 private:
  class Impl;
  Log(std::shared_ptr<Impl> impl, std::thread thread);
  std::shared_ptr<Impl> impl_;  ///< shared with the thread, which a disk may hold beyond the end
  std::thread thread_;
};

/// "debug", "info", "warn", "error". Errors: kInvalid.
Result<LogLevel> log_level_of(std::string_view name);

}  // namespace ductus::base
