#include "cli/status/watch_picture.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "base/escape.h"
#include "cli/status/status_text.h"
#include "cli/terminal/text_table.h"
#include "cli/terminal/units.h"

namespace ductus::cli {
namespace {

using operate::PartitionStatus;

constexpr std::array<const char*, 8> kSteps = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
constexpr std::array<const char*, 8> kPlainSteps = {".", "_", "-", "=", "+", "*", "#", "@"};
constexpr std::size_t kNameColumns = 30;

void remember(std::deque<std::optional<std::int64_t>>& curve, std::optional<std::int64_t> number) {
  curve.push_back(number);
  if (curve.size() > WatchPicture::kCurvePoints) curve.pop_front();
}

const char* mark_of(const PartitionStatus& partition) {
  switch (colour_of(partition.state)) {
    case Colour::kRed:
      return "!";
    case Colour::kYellow:
      return "~";
    default:
      return "";
  }
}

std::string last_result(const operate::PartitionActivity& activity) {
  if (activity.call) return base::escaped(activity.call->what) + " for " + duration_text(activity.call->for_s);
  if (activity.last_results.empty()) return "";
  const operate::CallResult& last = activity.last_results.front();
  return base::escaped(last.verdict) + " " + duration_text(last.ago_s) + " ago";
}

std::string lines_of(const std::vector<std::string>& lines, std::size_t most) {
  std::string text;
  for (std::size_t i = 0; i < std::min(lines.size(), most); ++i) text += (i == 0 ? "" : "\n") + lines[i];
  return text;
}

void append_lines(std::vector<std::string>& lines, const std::string& text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto end = std::min(text.find('\n', at), text.size());
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
}

}  // namespace

std::string curve(const std::deque<std::optional<std::int64_t>>& numbers, bool unicode) {
  const auto& steps = unicode ? kSteps : kPlainSteps;
  std::int64_t most = 0;
  for (const auto& number : numbers) most = std::max(most, number.value_or(0));
  std::string text;
  for (const auto& number : numbers) {
    if (!number) {
      text += " ";
      continue;
    }
    const double share = most == 0 ? 0 : static_cast<double>(*number) / static_cast<double>(most);
    text += steps[std::min(steps.size() - 1, static_cast<std::size_t>(std::max(share, 0.0) * 8))];
  }
  return text;
}

void WatchPicture::add(operate::StatusReport report, std::string events) {
  if (frozen_) return;
  trouble_.clear();
  seen_ = true;
  report_ = std::move(report);
  events_ = std::move(events);
  std::map<Key, Curve> kept;
  for (const PartitionStatus& partition : report_.partitions) {
    const Key key{partition.topic, partition.partition};
    Curve& curve = kept[key] = std::move(curves_[key]);
    remember(curve, partition.lag());
  }
  curves_ = std::move(kept);
  remember(total_, report_.total_lag());
}

void WatchPicture::add_trouble(std::string why) {
  if (!frozen_) trouble_ = std::move(why);
}

std::vector<const PartitionStatus*> WatchPicture::sorted() const {
  std::vector<const PartitionStatus*> partitions;
  for (const PartitionStatus& partition : report_.partitions) partitions.push_back(&partition);
  if (by_name_) return partitions;
  // Of two alike the order stays: they stand in one list.
  const auto key = [](const PartitionStatus* one) {
    return std::tuple(-urgency_of(one->state), -one->lag().value_or(INT64_MAX), one);
  };
  std::ranges::sort(partitions, {}, key);
  return partitions;
}

std::string WatchPicture::total(const Style& style) const {
  std::string line = total_line(report_) + "  " + curve(total_, style.unicode);
  std::optional<double> out_per_s;
  std::optional<double> behind_s;
  for (const PartitionStatus& partition : report_.partitions) {
    const operate::PartitionActivity& activity = partition.activity;
    if (activity.out_per_s) out_per_s = out_per_s.value_or(0) + *activity.out_per_s;
    if (activity.behind_s) behind_s = std::max(behind_s.value_or(0), *activity.behind_s);
  }
  if (out_per_s) line += "  out " + rate_text(*out_per_s) + "/s";
  if (behind_s) line += "  behind " + duration_text(*behind_s);
  return line;
}

std::string WatchPicture::table(std::size_t rows, const Style& style) const {
  std::vector<std::vector<Cell>> cells;
  const auto partitions = sorted();
  const std::size_t shown = partitions.size() <= rows ? partitions.size() : std::max<std::size_t>(rows, 1) - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    const PartitionStatus& partition = *partitions[i];
    const operate::PartitionActivity& activity = partition.activity;
    const Colour colour = colour_of(partition.state);
    cells.push_back({{mark_of(partition), colour},
                     {shortened(place_of(partition), kNameColumns)},
                     {base::escaped(partition.state), colour},
                     {grouped(partition.lag())},
                     {curve(curves_.at({partition.topic, partition.partition}), style.unicode)},
                     {activity.out_per_s ? rate_text(*activity.out_per_s) : ""},
                     {activity.last_results.empty() ? "" : duration_text(activity.last_results.front().took_s)},
                     {last_result(activity)},
                     {base::escaped(partition.reason)}});
  }
  if (cells.empty()) return "";
  std::string text = text_table({{""},
                                 {"TOPIC/PART"},
                                 {"STATE"},
                                 {"LAG", true},
                                 {"SO FAR"},
                                 {"OUT/s", true},
                                 {"BATCH", true},
                                 {"LAST RESULT"},
                                 {"REASON"}},
                                cells, style);
  if (shown < partitions.size()) text += "   and " + std::to_string(partitions.size() - shown) + " more\n";
  return text;
}

std::string WatchPicture::tree(const Style& style) const {
  const operate::SupervisionStatus& supervision = report_.supervision;
  if (supervision.level.empty()) return "";
  const char* const joint = style.unicode ? " ─ " : " - ";
  std::size_t adapters = 0;
  for (const auto& [state, count] : supervision.adapters) adapters += count;
  const auto running = supervision.adapters.find("running");
  std::string line = "tree    level " + base::escaped(supervision.level) + joint + "store " +
                     base::escaped(supervision.store) + joint + "adapters " +
                     std::to_string(running == supervision.adapters.end() ? 0 : running->second) + "/" +
                     std::to_string(adapters) + " running";
  if (supervision.periodic) {
    line += joint + ("periodic " + base::escaped(supervision.periodic->state));
    if (supervision.periodic->next_in_s) line += " (next in " + duration_text(*supervision.periodic->next_in_s) + ")";
  }
  if (supervision.retry_in_s) line += joint + ("everything again in " + duration_text(*supervision.retry_in_s));
  return line;
}

std::string WatchPicture::draw(const std::string& head, Screen::Size size, const Style& style) const {
  std::vector<std::string> lines;
  lines.push_back(head + (seen_ ? "  " + node_mark(report_, style) : "") +
                  (frozen_ ? style.paint("  frozen", Colour::kYellow) : "") +
                  style.paint("   q quit  space freeze  s sort", Colour::kDim));
  if (!trouble_.empty()) lines.push_back(style.paint("not answering: " + base::escaped(trouble_), Colour::kRed));
  if (!seen_) return lines_of(lines, size.rows);
  if (!report_.reason.empty()) lines.push_back(base::escaped(report_.reason));
  lines.push_back(total(style));
  lines.emplace_back();
  std::vector<std::string> below;
  append_lines(below, tree(style));
  append_lines(below, events_);
  // On a small screen the table comes first.
  constexpr std::size_t kSmall = 12;
  const std::size_t room = size.rows > lines.size() ? size.rows - lines.size() : 0;
  const std::size_t wanted = report_.partitions.size() + 2;
  const std::size_t left = room > wanted ? room - wanted : 0;
  below.resize(std::min(below.size(), std::max(left, room < kSmall ? 0 : room / 3)));
  const std::size_t used = lines.size() + 1 + (below.empty() ? 0 : below.size() + 1);
  append_lines(lines, table(size.rows > used ? size.rows - used : 1, style));
  if (!below.empty()) lines.emplace_back();
  lines.insert(lines.end(), below.begin(), below.end());
  return lines_of(lines, size.rows);
}

}  // namespace ductus::cli
