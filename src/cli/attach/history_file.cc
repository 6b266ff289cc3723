#include "cli/attach/history_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace ductus::cli {
namespace {

constexpr mode_t kFileMode = 0600;
constexpr mode_t kFolderMode = 0700;

class File {
 public:
  File(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kFileMode)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return fd_ >= 0; }

  /// Empty too where it is no regular file, or larger than `most_bytes`.
  std::string read(std::size_t most_bytes) const {
    struct stat about{};
    if (::fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode) || about.st_size > static_cast<off_t>(most_bytes))
      return "";
    std::string text;
    std::array<char, 16 * 1024> bytes;
    while (text.size() <= most_bytes) {
      const ssize_t got = ::read(fd_, bytes.data(), bytes.size());
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return text;
      text.append(bytes.data(), static_cast<std::size_t>(got));
    }
    return "";
  }

  /// In one write, so that another session's line does not end up within it.
  bool write(std::string_view bytes) const {
    return ::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
  }

 private:
  int fd_;
};

std::string variable(const config::Environment& environment, const char* name) {
  return environment ? environment(name).value_or("") : "";
}

}  // namespace

std::optional<std::filesystem::path> HistoryFile::path_from(const config::Environment& environment) {
  // A relative path there is to be ignored. Source: XDG Base Directory Specification 0.8.
  if (const std::filesystem::path state = variable(environment, "XDG_STATE_HOME"); state.is_absolute()) {
    return state / "ductus" / "history";
  }
  if (const std::filesystem::path home = variable(environment, "HOME"); home.is_absolute()) {
    return home / ".local" / "state" / "ductus" / "history";
  }
  return std::nullopt;
}

HistoryFile::HistoryFile(std::optional<std::filesystem::path> path) : path_(std::move(path)) {
  if (path_) load();
}

void HistoryFile::load() {
  const File file(*path_, O_RDONLY | O_NONBLOCK);
  if (!file.is_open()) return;
  const std::string text = file.read(kMaxFileBytes);
  std::size_t at = 0;
  for (std::size_t end; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    if (end > at && end - at <= kMaxLineBytes) lines_.push_back(text.substr(at, end - at));
  }
  const bool overfull = lines_.size() > 2 * kMaxLines;
  if (lines_.size() > kMaxLines) lines_.erase(lines_.begin(), lines_.end() - kMaxLines);
  if (overfull) rewrite();
}

void HistoryFile::add(std::string_view line) {
  const bool kept = !line.empty() && line.size() <= kMaxLineBytes && line.find('\n') == std::string_view::npos &&
                    (lines_.empty() || lines_.back() != line);
  if (!kept) return;
  lines_.emplace_back(line);
  if (lines_.size() > kMaxLines) lines_.erase(lines_.begin());
  if (!path_) return;
  std::error_code ignored;
  if (!std::filesystem::exists(path_->parent_path(), ignored)) {
    std::filesystem::create_directories(path_->parent_path().parent_path(), ignored);
    ::mkdir(path_->parent_path().c_str(), kFolderMode);
  }
  const File file(*path_, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
  if (!file.is_open() || !file.write(std::string(line) + "\n")) path_.reset();
}

void HistoryFile::rewrite() const {
  std::filesystem::path fresh = *path_;
  fresh += "." + std::to_string(::getpid());
  std::string text;
  for (const std::string& line : lines_) text += line + "\n";
  std::error_code ignored;
  const bool written = [&] {
    const File file(fresh, O_WRONLY | O_CREAT | O_EXCL);
    return file.is_open() && file.write(text);
  }();
  if (written) std::filesystem::rename(fresh, *path_, ignored);
  if (!written || ignored) std::filesystem::remove(fresh, ignored);
}

}  // namespace ductus::cli
