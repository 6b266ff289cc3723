// ScriptLines: the lines of a pipe or a file, one by one.
#pragma once

#include <cstddef>
#include <string>

#include "ductus/result.h"

namespace ductus::cli {

class ScriptLines {
 public:
  /// A longer one is none of a person's making.
  static constexpr std::size_t kMaxLineBytes = 64 * 1024;

  /// `fd` outlives it.
  explicit ScriptLines(int fd) : fd_(fd) {}

  /// The next line without its end; false behind the last one. Blocking: until it is there. Errors: kLimit, kIo,
  /// kInvalid: the last line has no end, so that its writer may have died in the middle of it.
  Result<bool> next(std::string& line);

 private:
  const int fd_;
  std::string read_;
};

}  // namespace ductus::cli
