// The text of the original's `status`, for scripts that read it.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "base/escape.h"
#include "cli/status/status_text.h"

namespace ductus::cli {
namespace {

using operate::PartitionStatus;
using operate::StatusReport;
using Number = std::optional<std::int64_t>;

constexpr std::size_t kTopicWidth = 10;
constexpr std::size_t kOffsetWidth = 20;
constexpr std::size_t kLagWidth = 10;

struct ClassicTopic {
  std::string name;
  Number offset = 0;
  Number lag = 0;
};

std::string to_the_right(Number number, std::size_t width) {
  const std::string text = number ? std::to_string(*number) : "?";
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

std::string padded_or_cut(const std::string& topic) {
  const std::string name = base::escaped(topic.substr(0, kTopicWidth));
  return name + std::string(kTopicWidth - std::min(kTopicWidth, name.size()), ' ');
}

Number in_mb(Number bytes) {
  constexpr std::int64_t kMb = 1 << 20;
  return bytes ? Number(*bytes / kMb + (*bytes % kMb >= kMb / 2 ? 1 : 0)) : bytes;
}

std::string line_of(const ClassicTopic& topic, std::optional<ports::OffsetUnit> unit) {
  const bool bytes = unit == ports::OffsetUnit::kBytes;
  return padded_or_cut(topic.name) + ": " + to_the_right(topic.offset, kOffsetWidth) + " Offset" +
         to_the_right(bytes ? in_mb(topic.lag) : topic.lag, kLagWidth) + (bytes ? " MB lag\n" : " messages lag\n");
}

const char* error_in_place_of_lines(const StatusReport& report) {
  if (report.state == "not_running" || report.state == "retrying") return "Error: Adapter supervisor not running.";
  const auto is_found = [](const PartitionStatus& partition) { return partition.partition >= 0; };
  if (std::none_of(report.partitions.begin(), report.partitions.end(), is_found)) {
    return "Error: Adapter supervisor has no children.";
  }
  const auto runs = [](const PartitionStatus& partition) { return partition.next_offset || partition.readable_end; };
  if (std::none_of(report.partitions.begin(), report.partitions.end(), runs)) return "Error: No adpaters running.";
  return nullptr;
}

}  // namespace

std::string classic_text(const StatusReport& report) {
  std::string text =
      "kafka_ductus '" + base::escaped(report.handler_name) + "' from " + base::escaped(report.source) + "\n";
  if (const char* const error = error_in_place_of_lines(report)) return text + error;
  std::vector<ClassicTopic> topics;
  for (const PartitionStatus& partition : report.partitions) {
    if (topics.empty() || topics.back().name != partition.topic) topics.push_back({.name = partition.topic});
    topics.back().offset = known_sum(topics.back().offset, partition.next_offset);
    topics.back().lag = known_sum(topics.back().lag, partition.lag());
  }
  std::vector<std::string> lines;
  for (const ClassicTopic& topic : topics) lines.push_back(line_of(topic, report.unit()));
  std::sort(lines.begin(), lines.end());
  for (const std::string& line : lines) text += line;
  return text + "\n" + total_line(report);
}

}  // namespace ductus::cli
