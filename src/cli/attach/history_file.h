// HistoryFile: the lines that were typed, kept from one session to the next.
//
// One line each, oldest first. Sessions at the same time each append theirs. Thread: one.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/layers.h"

namespace ductus::cli {

class HistoryFile {
 public:
  static constexpr std::size_t kMaxLines = 1'000;
  static constexpr std::size_t kMaxLineBytes = 4'096;
  /// What is larger is not ours, and is left alone.
  static constexpr std::size_t kMaxFileBytes = 8u << 20;

  /// `$XDG_STATE_HOME/ductus/history`, or `~/.local/state/ductus/history`; nullopt where neither is set.
  static std::optional<std::filesystem::path> path_from(const config::Environment& environment);

  /// Reads what is there. A file that cannot be read, or written later, is no reason to do without lines: then there is
  /// no history. Where it holds more than twice kMaxLines, the oldest are dropped from it.
  explicit HistoryFile(std::optional<std::filesystem::path> path);

  const std::vector<std::string>& lines() const noexcept { return lines_; }
  /// Appends it, also to the file (mode 0600, in a folder of mode 0700). A line that is empty, too long, or the same as
  /// the last one is not kept.
  void add(std::string_view line);

 private:
  void load();
  void rewrite() const;

  std::optional<std::filesystem::path> path_;
  std::vector<std::string> lines_;
};

}  // namespace ductus::cli
