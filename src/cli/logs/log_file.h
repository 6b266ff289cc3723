// LogFile: a log that somebody else writes, from its last lines on, over rotation.
//
// Thread: one.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::cli {

class LogFile {
 public:
  /// What is longer than this comes in pieces; no line of a log is.
  static constexpr std::size_t kMaxPieceBytes = 64 * 1024;

  /// A line without its end, or a piece of a long one: `begins` and `ends` say which of them it is.
  struct Piece {
    std::string_view text;
    bool begins = true;
    bool ends = true;
  };
  using Take = std::function<void(const Piece& piece)>;
  using Wanted = std::function<bool(std::string_view line)>;

  /// Errors: kNotFound (it is not there), kUnsupported (it is no file that lines can be read back from), kIo.
  static Result<LogFile> open(const std::filesystem::path& path);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&& other) noexcept;
  ~LogFile();

  /// read() will begin with the last `count` lines of those that `wanted` is true of; those that are too long for a log
  /// are asked about by their first bytes. Takes no more memory, however many there are. Error: kIo.
  Result<void> go_to_last(std::size_t count, const Wanted& wanted);
  /// Gives what is there; a line whose end is not, once it is. Error: kIo.
  Result<void> read(const Take& take);
  /// Gives also the line whose end is not there.
  void finish(const Take& take);
  /// read(), also where the file was cut, or a new one under its name was begun: then of that one from its start. The
  /// one before is read to its end first: who rotates it away has it written to for a while. Errors: those of open()
  /// and read(), but kNotFound.
  Result<void> follow(const Take& take);

 private:
  LogFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  void cut(std::string_view bytes, const Take& take);
  Result<void> failed(const char* what) const;

  std::filesystem::path path_;
  int fd_;
  off_t place_ = 0;              ///< of what is read next
  std::string begun_;            ///< of a line whose end is not there yet
  bool begun_in_piece_ = false;  ///< a piece of it was given already
};

}  // namespace ductus::cli
