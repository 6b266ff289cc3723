#include "cli/attach/script_lines.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace ductus::cli {

Result<bool> ScriptLines::next(std::string& line) {
  for (;;) {
    const auto end = read_.find('\n');
    if (std::min(end, read_.size()) > kMaxLineBytes) {
      return Error{ErrorCode::kLimit, "a line has more than " + std::to_string(kMaxLineBytes) + " bytes"};
    }
    if (end != std::string::npos) {
      line = read_.substr(0, end);
      read_.erase(0, end + 1);
      if (line.ends_with('\r')) line.pop_back();
      return true;
    }
    std::array<char, 4096> bytes;
    const ssize_t got = ::read(fd_, bytes.data(), bytes.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{ErrorCode::kIo, "reading commands: " + std::generic_category().message(errno)};
    if (got == 0) break;
    read_.append(bytes.data(), static_cast<std::size_t>(got));
  }
  if (read_.empty()) return false;
  return Error{ErrorCode::kInvalid, "the last line has no end, and is not obeyed: '" + read_.substr(0, 100) + "'"};
}

}  // namespace ductus::cli
