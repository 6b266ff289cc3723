#include "handlers/open_files.h"

#include <algorithm>

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
  std::ranges::sort(open_, {}, [](const LineFile* file) { return file->used_at_.load(std::memory_order_relaxed); });
  for (auto it = open_.begin(); it != open_.end(); ++it) {
    LineFile& victim = **it;
    const std::unique_lock victim_lock(victim.mutex_, std::try_to_lock);
    if (!victim_lock.owns_lock()) continue;
    open_.erase(it);
    if (const auto synced = victim.sync_now(); !synced) {
      victim.log_(LogLevel::kWarn, synced.error().message);  // its users learn of it at their next call
    }
    victim.close_descriptor();
    return true;
  }
  return false;
}

}  // namespace ductus::handlers
