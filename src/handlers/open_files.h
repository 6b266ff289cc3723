// OpenFiles: the files of a file module by path; of them at most `limit` are open, those used last.
//
// A file that must make room is synced and closed; it is opened again when it is next written to. Files that are in
// use just then stay open, so that the limit may be passed by as many as there are threads.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "ductus/module.h"
#include "handlers/line_file.h"

namespace ductus::handlers {

/// Thread: any.
class OpenFiles {
 public:
  explicit OpenFiles(std::size_t limit) : limit_(limit) {}

  /// The file of a path in normal form; lives as long as this. `log` is the one of the first who asks.
  LineFile& at(const std::filesystem::path& path, const Logger& log);
  /// How many are open.
  std::size_t open_count();

 private:
  friend class LineFile;

  // Called by a file with its own lock held: it is about to be open; it is closed.
  void make_room_for(LineFile& file);
  void closed(LineFile& file);
  struct Victim {
    LineFile* file = nullptr;
    std::unique_lock<std::mutex> lock;
  };
  Victim least_recent();
  /// Whether the folder's own entry is durable, as far as this process knows; and what it knows.
  bool lasts(const std::filesystem::path& folder);
  void set_lasting(const std::filesystem::path& folder, bool lasting);
  std::uint64_t next_tick() noexcept { return tick_.fetch_add(1, std::memory_order_relaxed); }

  const std::size_t limit_;
  std::atomic<std::uint64_t> tick_{1};
  std::mutex mutex_;  // guards what follows; may be taken with a file's lock held, not the other way round
  std::vector<LineFile*> open_;
  std::set<std::filesystem::path> lasting_;
  std::map<std::filesystem::path, std::unique_ptr<LineFile>> files_;
};

}  // namespace ductus::handlers
