// LogOutput: where the lines of a log go: stderr, or a file that can be opened again.
//
// Thread: one at a time. Blocking: as long as the disk, or the reader of a pipe, takes its time.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::base {

class LogOutput {
 public:
  /// `file` is appended to, and made (mode 0640), its folder too where only that is missing; empty: stderr.
  /// `journal_stream`: the value of JOURNAL_STREAM in the environment. Errors: kIo.
  static Result<LogOutput> open(std::filesystem::path file, std::string_view journal_stream);
  LogOutput(LogOutput&& other) noexcept;
  LogOutput& operator=(LogOutput&&) = delete;
  ~LogOutput();

  /// Writes a line whole. Errors: kIo: it was not written, or not whole.
  Result<void> write(std::string_view line);
  /// The file by its name, as another may stand there by now. Errors: kIo; then the one that is open stays so.
  Result<void> reopen();
  /// stderr is the stream that journald reads: `journal_stream` names its device and inode.
  bool is_journal() const noexcept { return is_journal_; }

 private:
  LogOutput(std::filesystem::path file, int fd, bool is_journal);

  std::filesystem::path file_;
  int fd_;
  bool is_journal_;
  bool torn_ = false;  ///< what was written last is half a line
};

}  // namespace ductus::base
