#include "handlers/line_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/escape.h"
#include "handlers/open_files.h"

namespace ductus::handlers {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 64 * 1024;

// What heals by itself once somebody makes room.
bool is_shortage(int error) { return error == ENOSPC || error == EDQUOT || error == EMFILE || error == ENFILE; }

std::string quoted(const fs::path& path) { return "'" + base::escaped(path.native()) + "'"; }

Error make_error(const char* what, const fs::path& path, int cause) {
  return {is_shortage(cause) ? ErrorCode::kLimit : ErrorCode::kIo,
          std::string("cannot ") + what + " " + quoted(path) + ": " + std::generic_category().message(cause)};
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

// Such folders cannot be synced.
bool is_no_failure(int error) { return error == 0 || error == EINVAL || error == ENOSYS || error == EOPNOTSUPP; }
// Folders that others have made may be closed to us, or on a file system that is not written to.
bool is_not_ours(int error) { return error == EACCES || error == EPERM || error == EROFS; }

// `far`: it is not the one that the file itself stands in.
Result<void> sync_folder(const fs::path& folder, bool far) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0 && far && is_not_ours(errno)) return {};
  if (file < 0) return make_error("open the folder", folder, errno);
  const int error = ::fsync(file) == 0 ? 0 : errno;
  ::close(file);
  if (is_no_failure(error) || (far && is_not_ours(error))) return {};
  return make_error("sync the folder", folder, error);
}

}  // namespace

LineFile::LineFile(fs::path path, OpenFiles& files, Logger log)
    : path_(std::move(path)), files_(files), log_(std::move(log)) {}

LineFile::~LineFile() { close_descriptor(); }

Result<std::uint64_t> LineFile::open() {
  const std::lock_guard lock(mutex_);
  if (auto opened = ensure_open(); !opened) return std::move(opened).error();
  return failed_syncs_;
}

Result<void> LineFile::append(const Batch& batch, LineWriter& writer, std::uint64_t failed_syncs) {
  const std::lock_guard lock(mutex_);
  if (auto checked = check_syncs(failed_syncs); !checked) return checked;
  const auto size = ensure_open();
  if (!size) return size.error();
  if (batch.empty()) return {};
  const LineWriter::Outcome outcome = writer.write(file_, batch);
  if (outcome.error != 0) return roll_back(*size, outcome.error);
  dirty_ = true;
  return {};
}

Result<void> LineFile::sync(std::uint64_t failed_syncs) {
  const std::lock_guard lock(mutex_);
  if (auto checked = check_syncs(failed_syncs); !checked) return checked;
  auto synced = sync_now();
  if (file_ < 0) leave();
  return synced;
}

// ---- opening ---------------------------------------------------------------------------------------------

// Returns its size.
Result<std::int64_t> LineFile::ensure_open() {
  used_at_.store(files_.next_tick(), std::memory_order_relaxed);
  if (file_ >= 0) {
    struct stat state{};
    if (::fstat(file_, &state) != 0) return error("look at", errno);
    if (state.st_nlink > 0) return state.st_size;
    log_(LogLevel::kWarn, quoted(path_) + " was deleted: it is begun anew");
    leave();
    known_ = false;
  }
  files_.make_room_for(*this);
  auto size = open_descriptor();
  if (!size) {
    leave();
    return size;
  }
  dirty_ = false;
  durable_bytes_ = *size;
  return size;
}

Result<std::int64_t> LineFile::open_descriptor() {
  // O_NONBLOCK: a FIFO in its place must not hold us; on a regular file it means nothing.
  constexpr int kFlags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  file_ = ::open(path_.c_str(), kFlags, 0640);
  if (file_ < 0 && errno == ENOENT) {
    if (auto made = make_folder(folder_of(path_)); !made) return std::move(made).error();
    file_ = ::open(path_.c_str(), kFlags, 0640);
  }
  if (file_ < 0) return error("open", errno);
  if (!known_) note_new_entries();
  known_ = true;
  return check_descriptor();
}

// Makes `folder` and those above it that are missing.
Result<void> LineFile::make_folder(const fs::path& folder) {
  files_.set_lasting(folder, false);
  if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  if (errno != ENOENT || !folder.has_parent_path()) return make_error("make the folder", folder, errno);
  if (auto made = make_folder(folder.parent_path()); !made) return made;
  if (::mkdir(folder.c_str(), 0755) == 0 || errno == EEXIST) return {};
  return make_error("make the folder", folder, errno);
}

// The file's own entry, and those of the folders above it, whoever made them: an earlier run may have been killed
// before it had synced them.
void LineFile::note_new_entries() {
  fs::path entry = path_;
  for (fs::path folder = folder_of(entry); folder != entry; folder = folder_of(entry)) {
    if (entry != path_ && files_.lasts(entry)) break;
    folders_to_sync_.push_back({.entry = entry, .folder = folder});
    entry = folder;
  }
}

Result<std::int64_t> LineFile::check_descriptor() {
  struct stat state{};
  if (::fstat(file_, &state) != 0) return error("look at", errno);
  if (!S_ISREG(state.st_mode)) return Error{ErrorCode::kRefused, quoted(path_) + " is no regular file"};
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    return Error{ErrorCode::kRefused, quoted(path_) + " is being written by another node, or under another name"};
  }
  return cut_torn_line(state.st_size);
}

// Returns the size without the bytes behind the last "\n".
Result<std::int64_t> LineFile::cut_torn_line(std::int64_t size) {
  std::vector<char> block(static_cast<std::size_t>(std::min<std::int64_t>(size, kBlockBytes)));
  std::int64_t end = 0;
  for (std::int64_t unseen = size; unseen > 0 && end == 0;) {
    if (size - unseen > kMaxTornBytes) {
      return Error{ErrorCode::kRefused, quoted(path_) + " does not end in a line: give another file"};
    }
    const std::int64_t from = std::max<std::int64_t>(unseen - static_cast<std::int64_t>(block.size()), 0);
    const auto wanted = static_cast<std::size_t>(unseen - from);
    const ssize_t got = ::pread(file_, block.data(), wanted, from);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return error("read", errno);
    if (static_cast<std::size_t>(got) != wanted) return error("read", EIO);
    const std::size_t last = std::string_view(block.data(), wanted).rfind('\n');
    if (last != std::string_view::npos) end = from + static_cast<std::int64_t>(last) + 1;
    unseen = from;
  }
  if (end == size) return size;
  if (::ftruncate(file_, end) != 0) return error("cut the torn last line of", errno);
  log_(LogLevel::kWarn, quoted(path_) + " ended in a torn line: cut off " + std::to_string(size - end) + " bytes");
  return end;
}

// ---- errors and durability -------------------------------------------------------------------------------

Result<void> LineFile::check_syncs(std::uint64_t failed_syncs) const {
  if (failed_syncs == failed_syncs_) return {};
  return Error{ErrorCode::kIo, "a sync of " + quoted(path_) + " failed: what was not yet durable must come again"};
}

/// Takes a batch that was written in part back out.
Error LineFile::roll_back(std::int64_t size, int cause) {
  Error why = error("write to", cause);
  const bool cut = ::ftruncate(file_, size) == 0;
  if (cut && is_shortage(cause)) return why;
  // A new descriptor may help, and cuts the torn line if this one could not. What others appended is saved first.
  if (auto synced = sync_now(); !synced) why.message += "; " + synced.error().message;
  leave();
  return why;
}

// Closes the descriptor where the disk failed; OpenFiles may have its lock and is told by the caller.
Result<void> LineFile::sync_now() {
  if (dirty_) {
    struct stat state{};
    if (::fstat(file_, &state) != 0 || ::fdatasync(file_) != 0) return lose_unsynced(errno);
    dirty_ = false;
    durable_bytes_ = state.st_size;
  }
  return sync_folders();
}

Result<void> LineFile::sync_folders() {
  while (!folders_to_sync_.empty()) {
    const NewEntry& last = folders_to_sync_.back();
    if (auto synced = sync_folder(last.folder, last.entry != path_); !synced) return synced;
    if (last.entry != path_) files_.set_lasting(last.entry, true);
    folders_to_sync_.pop_back();
  }
  return {};
}

Error LineFile::lose_unsynced(int cause) {
  Error why = error("sync", cause);
  ++failed_syncs_;
  struct stat state{};
  if (::fstat(file_, &state) == 0 && state.st_size > durable_bytes_ && ::ftruncate(file_, durable_bytes_) != 0) {
    why.message += "; what was lost could not be cut off";
  }
  close_descriptor();
  return why;
}

Error LineFile::error(const char* what, int cause) const { return make_error(what, path_, cause); }

void LineFile::close_descriptor() {
  if (file_ >= 0) ::close(std::exchange(file_, -1));
  dirty_ = false;
}

void LineFile::leave() {
  files_.closed(*this);
  close_descriptor();
}

}  // namespace ductus::handlers
