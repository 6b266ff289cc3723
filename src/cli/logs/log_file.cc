#include "cli/logs/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "base/log/line.h"

namespace ductus::cli {
namespace {

constexpr std::size_t kBlockBytes = 64 * 1024;

// Reads until the block is full or the file ends; -1: errno says why.
ssize_t read_at(int fd, char* into, std::size_t size, off_t place) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t more = ::pread(fd, into + got, size - got, place + static_cast<off_t>(got));
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) return -1;
    if (more == 0) break;
    got += static_cast<std::size_t>(more);
  }
  return static_cast<ssize_t>(got);
}

// Takes the blocks of a file from its end to its begin, and looks for where the last lines that are wanted begin.
class LastLines {
 public:
  LastLines(off_t size, std::size_t count, const LogFile::Wanted& wanted)
      : size_(size), begin_(size), count_(count), wanted_(wanted) {}

  bool done() const { return found_ == count_; }
  off_t begin() const { return begin_; }

  /// `block` stands at `place`, before those that were taken.
  void take(std::string_view block, off_t place) {
    while (!done()) {
      const auto newline = block.rfind('\n');
      if (newline == std::string_view::npos) break;
      line_begins(block.substr(newline + 1), place + static_cast<off_t>(newline) + 1);
      block = block.substr(0, newline);
      rest_.clear();
    }
    if (done()) return;
    rest_.insert(0, block);
    // More of it tells nothing.
    if (rest_.size() > base::kMaxLogLineBytes) rest_.resize(base::kMaxLogLineBytes);
    if (place == 0) line_begins({}, 0);
  }

 private:
  void line_begins(std::string_view front, off_t place) {
    if (place == size_) return;  // behind the last line's end
    if (!wanted_(std::string(front) + rest_)) return;
    begin_ = place;
    ++found_;
  }

  const off_t size_;
  off_t begin_;
  const std::size_t count_;
  const LogFile::Wanted& wanted_;
  std::size_t found_ = 0;
  std::string rest_;  ///< of the line whose begin was not found yet
};

}  // namespace

Result<LogFile> LogFile::open(const std::filesystem::path& path) {
  // Not to wait for a writer, should it be a pipe.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) {
    return Error{errno == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                 "cannot open the log file " + path.string() + ": " + std::generic_category().message(errno)};
  }
  LogFile file(path, fd);
  struct stat about{};
  if (::fstat(fd, &about) != 0) return file.failed("look at").error();
  if (S_ISREG(about.st_mode)) return file;
  return Error{ErrorCode::kUnsupported, path.string() + " is no regular file: what was logged is not kept there"};
}

LogFile::LogFile(LogFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      place_(other.place_),
      begun_(std::move(other.begun_)),
      begun_in_piece_(other.begun_in_piece_) {}

LogFile& LogFile::operator=(LogFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(place_, other.place_);
  std::swap(begun_, other.begun_);
  std::swap(begun_in_piece_, other.begun_in_piece_);
  return *this;
}

LogFile::~LogFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> LogFile::failed(const char* what) const {
  return Error{ErrorCode::kIo,
               std::string("cannot ") + what + " " + path_.string() + ": " + std::generic_category().message(errno)};
}

Result<void> LogFile::go_to_last(std::size_t count, const Wanted& wanted) {
  const off_t size = ::lseek(fd_, 0, SEEK_END);
  if (size < 0) return failed("read");
  LastLines lines(size, count, wanted);
  std::array<char, kBlockBytes> block;
  for (off_t place = size; place > 0 && !lines.done();) {
    const std::size_t bytes = static_cast<std::size_t>(std::min<off_t>(place, kBlockBytes));
    place -= static_cast<off_t>(bytes);
    const ssize_t got = read_at(fd_, block.data(), bytes, place);
    if (got < 0) return failed("read");
    if (static_cast<std::size_t>(got) < bytes) break;  // it was cut meanwhile: follow() sees to it
    lines.take({block.data(), bytes}, place);
  }
  place_ = lines.begin();
  return {};
}

Result<void> LogFile::read(const Take& take) {
  std::array<char, kBlockBytes> block;
  for (;;) {
    const ssize_t got = read_at(fd_, block.data(), block.size(), place_);
    if (got < 0) return failed("read");
    place_ += got;
    cut({block.data(), static_cast<std::size_t>(got)}, take);
    if (static_cast<std::size_t>(got) < block.size()) return {};
  }
}

void LogFile::cut(std::string_view bytes, const Take& take) {
  while (!bytes.empty()) {
    const std::string_view room = bytes.substr(0, kMaxPieceBytes - begun_.size());
    const auto newline = room.find('\n');
    const bool ends = newline != std::string_view::npos;
    begun_ += room.substr(0, newline);
    bytes.remove_prefix(ends ? newline + 1 : room.size());
    if (!ends && begun_.size() < kMaxPieceBytes) return;
    take({begun_, !begun_in_piece_, ends});
    begun_.clear();
    begun_in_piece_ = !ends;
  }
}

void LogFile::finish(const Take& take) {
  if (!begun_.empty() || begun_in_piece_) take({begun_, !begun_in_piece_, true});
  begun_.clear();
  begun_in_piece_ = false;
}

Result<void> LogFile::follow(const Take& take) {
  if (auto done = read(take); !done) return done;
  struct stat own{};
  if (::fstat(fd_, &own) != 0) return failed("look at");
  if (own.st_size < place_) {
    finish(take);
    place_ = 0;
    return read(take);
  }
  struct stat named{};
  if (::stat(path_.c_str(), &named) != 0 || (named.st_dev == own.st_dev && named.st_ino == own.st_ino)) return {};
  // Made, but not written to: the writer may not have it yet.
  if (S_ISREG(named.st_mode) && named.st_size == 0) return {};
  if (auto done = read(take); !done) return done;
  finish(take);
  auto next = open(path_);
  if (!next) return next.error().code == ErrorCode::kNotFound ? Result<void>() : std::move(next).error();
  *this = *std::move(next);
  return read(take);
}

}  // namespace ductus::cli
