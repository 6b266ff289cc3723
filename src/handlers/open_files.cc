#include "handlers/open_files.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace ductus::handlers {

LineFile& OpenFiles::at(const std::filesystem::path& path, const Logger& log) {
  const std::lock_guard lock(mutex_);
  auto& file = files_[path];
  if (file == nullptr) file = std::make_unique<LineFile>(path, *this, log);
  return *file;
}

std::size_t OpenFiles::open_count() {
  const std::lock_guard lock(mutex_);
  return open_.size();
}

void OpenFiles::make_room_for(LineFile& file) {
  for (;;) {
    Victim victim;
    {
      const std::lock_guard lock(mutex_);
      if (open_.size() >= limit_) victim = least_recent();
      if (victim.file == nullptr) {
        open_.push_back(&file);
        return;
      }
      std::erase(open_, victim.file);
    }
    // Its disk may hang: that is to hold up its own users, and whoever needs its place, but nobody else.
    if (const auto synced = victim.file->sync_now(); !synced) {
      victim.file->log_(LogLevel::kWarn, synced.error().message);  // its users learn of it at their next call
    }
    victim.file->close_descriptor();
  }
}

void OpenFiles::closed(LineFile& file) {
  const std::lock_guard lock(mutex_);
  std::erase(open_, &file);
}

bool OpenFiles::lasts(const std::filesystem::path& folder) {
  const std::lock_guard lock(mutex_);
  return lasting_.contains(folder);
}

void OpenFiles::set_lasting(const std::filesystem::path& folder, bool lasting) {
  const std::lock_guard lock(mutex_);
  if (lasting) {
    lasting_.insert(folder);
  } else {
    lasting_.erase(folder);
  }
}

// With mutex_ held. None where all are in use: a file is only tried to be locked, since its user may wait for mutex_.
OpenFiles::Victim OpenFiles::least_recent() {
  // Their users change the times while this looks on: each is read once.
  std::vector<std::pair<std::uint64_t, LineFile*>> by_age;
  by_age.reserve(open_.size());
  for (LineFile* file : open_) by_age.emplace_back(file->used_at_.load(std::memory_order_relaxed), file);
  std::ranges::sort(by_age);
  for (const auto& [used_at, file] : by_age) {
    std::unique_lock lock(file->mutex_, std::try_to_lock);
    if (lock.owns_lock()) return {file, std::move(lock)};
  }
  return {};
}

}  // namespace ductus::handlers
