// Log: one line per event, as text or JSON, to stderr or a file.
//
// A line is at most kMaxLineBytes with its line end, cut where the text is longer, and written whole. In text,
// control bytes are shown escaped; in JSON they are JSON's own escapes.
// Thread: any. Blocking: never on a reader: where a pipe or terminal takes no more, the line is dropped, and
// the next one that gets through is preceded by a line that says how many were lost.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "ductus/module.h"
#include "ductus/result.h"

namespace ductus::base {

class Log {
 public:
  /// What a pipe takes without waiting once it takes anything (PIPE_BUF of Linux).
  static constexpr std::size_t kMaxLineBytes = 4096;

  /// `level`: debug, info, warn, error: what is less is left out. `format`: text, json.
  /// `file` is appended to, and made (mode 0640) in an existing folder; empty: stderr.
  /// Errors: kInvalid (an unknown word), kIo.
  static Result<std::unique_ptr<Log>> open(std::string_view level, std::string_view format,
                                           const std::filesystem::path& file);
  ~Log();

  void write(LogLevel level, std::string_view line);
  void debug(std::string_view line) { write(LogLevel::kDebug, line); }
  void info(std::string_view line) { write(LogLevel::kInfo, line); }
  void warn(std::string_view line) { write(LogLevel::kWarn, line); }
  void error(std::string_view line) { write(LogLevel::kError, line); }

  /// What a callback module is given: writes here, `prefix` before each line. Must not outlive this log.
  Logger logger(std::string prefix);

 private:
  struct Impl;
  explicit Log(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ductus::base
