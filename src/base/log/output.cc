#include "base/log/output.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/escape.h"

namespace ductus::base {

namespace {

Result<int> open_file(const std::filesystem::path& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
  if (fd >= 0) return fd;
  return Error{ErrorCode::kIo,
               "cannot open the log file " + file.string() + ": " + std::generic_category().message(errno)};
}

// Source: systemd.exec(5): JOURNAL_STREAM is DEVICE:INODE of the stream, in decimal. It is inherited by processes whose
// stderr goes elsewhere, so that it counts only where it names this very descriptor.
bool is_stream(int fd, std::string_view journal_stream) {
  struct stat at{};
  if (journal_stream.empty() || ::fstat(fd, &at) != 0) return false;
  return journal_stream == std::to_string(at.st_dev) + ":" + std::to_string(at.st_ino);
}

}  // namespace

LogOutput::LogOutput(std::filesystem::path file, int fd, bool is_journal)
    : file_(std::move(file)), fd_(fd), is_journal_(is_journal) {}

LogOutput::LogOutput(LogOutput&& other) noexcept
    : file_(std::move(other.file_)),
      fd_(std::exchange(other.fd_, -1)),
      is_journal_(other.is_journal_),
      torn_(other.torn_) {}

LogOutput::~LogOutput() {
  if (fd_ >= 0 && fd_ != STDERR_FILENO) ::close(fd_);
}

Result<LogOutput> LogOutput::open(std::filesystem::path file, std::string_view journal_stream) {
  if (file.empty()) return LogOutput({}, STDERR_FILENO, is_stream(STDERR_FILENO, journal_stream));
  std::error_code ignored;  // opening says what is wrong
  std::filesystem::create_directory(file.parent_path(), ignored);
  const Result<int> fd = open_file(file);
  if (!fd) return fd.error();
  return LogOutput(std::move(file), *fd, false);
}

Result<void> LogOutput::write(std::string_view line) {
  std::string text(torn_ ? "\n" : "");
  text += line;
  for (std::string_view left = text; !left.empty();) {
    const ssize_t written = ::write(fd_, left.data(), left.size());
    if (written > 0) {
      left.remove_prefix(static_cast<std::size_t>(written));
      torn_ = left.empty() ? false : true;
    } else if (written < 0 && errno == EAGAIN) {
      pollfd writable{fd_, POLLOUT, 0};
      (void)::poll(&writable, 1, -1);
    } else if (written == 0 || errno != EINTR) {
      const int why = written == 0 ? EIO : errno;
      return Error{ErrorCode::kIo, "what was logged last could not be written to " +
                                       (file_.empty() ? "stderr" : escaped(file_.string())) + ": " +
                                       std::generic_category().message(why)};
    }
  }
  return {};
}

Result<void> LogOutput::reopen() {
  if (file_.empty()) return {};
  const Result<int> fd = open_file(file_);
  if (!fd) return fd.error();
  ::close(std::exchange(fd_, *fd));
  torn_ = false;
  return {};
}

}  // namespace ductus::base
