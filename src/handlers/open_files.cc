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
  const std::lock_guard lock(mutex_);
  while (open_.size() >= limit_ && close_least_recent()) {
  }
  open_.push_back(&file);
}

void OpenFiles::closed(LineFile& file) {
  const std::lock_guard lock(mutex_);
  std::erase(open_, &file);
}

// With mutex_ held. False where all are in use. A file is only tried to be locked: its user may wait for mutex_.
bool OpenFiles::close_least_recent() {
  // Their users change the times while this looks on: each is read once.
  std::vector<std::pair<std::uint64_t, LineFile*>> by_age;
  by_age.reserve(open_.size());
  for (LineFile* file : open_) by_age.emplace_back(file->used_at_.load(std::memory_order_relaxed), file);
  std::ranges::sort(by_age);
  for (const auto& [used_at, file] : by_age) {
    LineFile& victim = *file;
    const std::unique_lock victim_lock(victim.mutex_, std::try_to_lock);
    if (!victim_lock.owns_lock()) continue;
    std::erase(open_, file);
    if (const auto synced = victim.sync_now(); !synced) {
      victim.log_(LogLevel::kWarn, synced.error().message);  // its users learn of it at their next call
    }
    victim.close_descriptor();
    return true;
  }
  return false;
}

}  // namespace ductus::handlers
