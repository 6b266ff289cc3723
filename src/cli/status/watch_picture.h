// WatchPicture: what `status --watch` draws, from what was seen so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/terminal/screen.h"
#include "cli/terminal/style.h"
#include "operate/status_report.h"

namespace ductus::cli {

/// Thread: none of its own.
class WatchPicture {
 public:
  /// Looks of which a curve remembers the lag.
  static constexpr std::size_t kCurvePoints = 30;

  /// What was seen now, and the node's last events, a line each. Curves of partitions that are gone are forgotten.
  void add(operate::StatusReport report, std::string events = {});
  /// The node could not be asked: what was seen last stays, with this word above it.
  void add_trouble(std::string why);

  void toggle_frozen() noexcept { frozen_ = !frozen_; }
  /// Of what calls for somebody first, or by name.
  void toggle_sorting() noexcept { by_name_ = !by_name_; }

  /// Lines for a screen of `size`, none after the last. `head` is its first words: the config, the time, how often.
  std::string draw(const std::string& head, Screen::Size size, const Style& style) const;

 private:
  using Curve = std::deque<std::optional<std::int64_t>>;
  using Key = std::pair<std::string, std::int32_t>;

  std::vector<const operate::PartitionStatus*> sorted() const;
  std::string total(const Style& style) const;
  std::string table(std::size_t rows, const Style& style) const;
  std::string tree(const Style& style) const;

  operate::StatusReport report_;
  std::map<Key, Curve> curves_;
  Curve total_;
  std::string trouble_;
  std::string events_;
  bool seen_ = false;
  bool frozen_ = false;
  bool by_name_ = false;
};

/// Numbers as a curve of as many characters: low ▁ to high █, a blank where one is not known. Without Unicode it is
/// made of ._-=+*#@.
std::string curve(const std::deque<std::optional<std::int64_t>>& numbers, bool unicode);

}  // namespace ductus::cli
