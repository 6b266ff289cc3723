#include "cli/status/status_text.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "base/escape.h"
#include "cli/terminal/text_table.h"
#include "cli/terminal/units.h"

namespace ductus::cli {
namespace {

using operate::PartitionStatus;
using operate::StatusReport;

// From what is well to what only somebody can help.
constexpr std::array<std::string_view, 9> kByUrgency = {"ok",      "behind",  "starting", "paused", "deferred",
                                                        "waiting", "backoff", "stalled",  "stopped"};

// A name may take this share of a line, and is never cut below that many characters.
constexpr std::size_t kNameShare = 3;
constexpr std::size_t kNameLeast = 20;

std::string name_cell(const std::string& name, const Style& style) {
  return style.columns == 0 ? name : shortened(name, std::max(kNameLeast, style.columns / kNameShare));
}

bool is_shown(const PartitionStatus& partition, const StatusView& view) {
  return !view.only_lagging || partition.lag() != 0;
}

std::string offset_text(std::optional<std::int64_t> offset) { return offset ? std::to_string(*offset) : "?"; }

std::string rate_cell(std::optional<double> per_s) { return per_s ? rate_text(*per_s) : ""; }

// When the partition will be where its log ends, as its rates go now.
std::string caught_up_cell(const PartitionStatus& partition) {
  const operate::PartitionActivity& activity = partition.activity;
  if (activity.retry_in_s) return "retry in " + duration_text(*activity.retry_in_s);
  if (!activity.in_per_s || !activity.out_per_s || !partition.lag()) return "";
  if (*partition.lag() == 0) return "now";
  const double gain_per_s = *activity.out_per_s - *activity.in_per_s;
  if (gain_per_s <= 0) return "not at this rate";
  return "in " + duration_text(static_cast<double>(*partition.lag()) / gain_per_s);
}

std::string table_by_partition(const StatusReport& report, const StatusView& view, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const PartitionStatus& partition : report.partitions) {
    if (!is_shown(partition, view)) continue;
    const operate::PartitionActivity& activity = partition.activity;
    rows.push_back({{name_cell(place_of(partition), style)},
                    {base::escaped(partition.state), colour_of(partition.state)},
                    {offset_text(partition.next_offset)},
                    {grouped(partition.lag())},
                    {activity.approx_lag_bytes ? size_text(*activity.approx_lag_bytes) : ""},
                    {rate_cell(activity.in_per_s)},
                    {rate_cell(activity.out_per_s)},
                    {activity.behind_s ? duration_text(*activity.behind_s) : ""},
                    {caught_up_cell(partition)},
                    {base::escaped(partition.reason)}});
  }
  if (rows.empty()) return "";
  return text_table({{"TOPIC/PART"},
                     {"STATE"},
                     {"OFFSET", true},
                     {"LAG", true},
                     {"~SIZE", true},
                     {"IN/s", true},
                     {"OUT/s", true},
                     {"BEHIND", true},
                     {"CAUGHT UP"},
                     {"REASON"}},
                    rows, style) +
         "\n";
}

struct TopicSum {
  std::string topic;
  std::size_t partitions = 0;
  std::optional<std::int64_t> lag = 0;
  const PartitionStatus* worst = nullptr;
  std::size_t as_bad = 0;  ///< partitions in the state of the worst
};

bool is_worse(const PartitionStatus& one, const PartitionStatus& other) {
  return std::pair(urgency_of(one.state), one.lag().value_or(INT64_MAX)) >
         std::pair(urgency_of(other.state), other.lag().value_or(INT64_MAX));
}

std::vector<TopicSum> sums_by_topic(const StatusReport& report) {
  std::vector<TopicSum> topics;
  for (const PartitionStatus& partition : report.partitions) {
    if (topics.empty() || topics.back().topic != partition.topic) topics.push_back({.topic = partition.topic});
    TopicSum& topic = topics.back();
    topic.partitions += partition.partition >= 0 ? 1 : 0;
    topic.lag = known_sum(topic.lag, partition.lag());
    if (topic.worst == nullptr || partition.state != topic.worst->state) {
      if (topic.worst != nullptr && !is_worse(partition, *topic.worst)) continue;
      topic.as_bad = 0;
      topic.worst = &partition;
    } else if (is_worse(partition, *topic.worst)) {
      topic.worst = &partition;
    }
    ++topic.as_bad;
  }
  return topics;
}

std::string table_by_topic(const StatusReport& report, const StatusView& view, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const TopicSum& topic : sums_by_topic(report)) {
    if (view.only_lagging && topic.lag == 0) continue;
    std::string state = base::escaped(topic.worst->state);
    if (topic.as_bad < topic.partitions) state += " (" + std::to_string(topic.as_bad) + ")";
    const bool shows_one = !topic.worst->reason.empty() && topic.worst->partition >= 0;
    rows.push_back(
        {{name_cell(base::escaped(topic.topic), style)},
         {topic.partitions > 0 ? std::to_string(topic.partitions) : "?"},
         {state, colour_of(topic.worst->state)},
         {grouped(topic.lag)},
         {(shows_one ? std::to_string(topic.worst->partition) + ": " : "") + base::escaped(topic.worst->reason)}});
  }
  if (rows.empty()) return "";
  return text_table({{"TOPIC"}, {"PARTITIONS", true}, {"STATE"}, {"LAG", true}, {"REASON"}}, rows, style) + "\n";
}

// "● running  pid 4711  up 3d 04h  handler file  store sqlite:offsets.db (saved 0.4s ago)"
std::string node_line(const StatusReport& report, const Style& style) {
  std::string line = node_mark(report, style);
  if (report.process.pid) line += "  pid " + std::to_string(*report.process.pid);
  if (report.process.guardian == "unguarded") line += "  " + style.paint("unguarded", Colour::kRed);
  if (report.process.uptime_s) line += "  up " + duration_text(*report.process.uptime_s);
  if (!report.process.module.empty()) line += "  handler " + base::escaped(report.process.module);
  if (!report.store.url.empty()) line += "  store " + base::escaped(report.store.url);
  if (report.store.state == "away") {
    line += " " + style.paint("away: " + base::escaped(report.store.reason), Colour::kRed);
  } else if (report.store.stored_ago_s) {
    line += " (saved " + duration_text(*report.store.stored_ago_s) + " ago)";
  }
  if (report.protocol && report.protocol->protocol != "kafka") {
    line += "\n  " + base::escaped(report.protocol->protocol) + ": " + base::escaped(report.protocol->why);
  }
  if (!report.reason.empty()) line += "\n  " + base::escaped(report.reason);
  if (!report.process.log_trouble.empty()) {
    line += "\n  " + style.paint(base::escaped(report.process.log_trouble), Colour::kRed);
  }
  return line + "\n";
}

std::optional<std::int64_t> total_bytes(const StatusReport& report) {
  std::optional<std::int64_t> total = 0;
  for (const PartitionStatus& partition : report.partitions) {
    total = known_sum(total, partition.lag() == 0 ? 0 : partition.activity.approx_lag_bytes);
  }
  return total;
}

std::string summary_line(const StatusReport& report) {
  std::string line = total_line(report);
  const auto bytes = total_bytes(report);
  if (report.total_lag().value_or(0) > 0 && bytes) line += " (~" + size_text(*bytes) + ")";
  if (const PartitionStatus* const worst = worst_of(report)) {
    line += "   worst: " + place_of(*worst) + " " + base::escaped(worst->state);
  }
  if (report.process.pid) {
    const operate::SupervisionStatus& tree = report.supervision;
    line += "   restarts: " + std::to_string(tree.restarts + tree.adapter_restarts);
    if (tree.last_restart_ago_s) line += " (all " + duration_text(*tree.last_restart_ago_s) + " ago)";
  }
  return line + "\n";
}

std::string hint(const StatusReport& report, const StatusView& view, const Style& style) {
  if (!style.terminal || view.config.empty()) return "";
  const std::string config = base::escaped(view.config);
  const PartitionStatus* const worst = worst_of(report);
  std::string command;
  if (report.state == "not_running") {
    command = "ductus start " + config;
  } else if (worst == nullptr) {
    return "";
  } else if (worst->state == "paused") {
    command = "ductus resume " + config + " " + place_of(*worst);
  } else {
    command = "ductus attach " + config + " -c 'trace " + place_of(*worst) + "'";
  }
  return style.paint("hint: " + command, Colour::kDim) + "\n";
}

}  // namespace

std::optional<std::int64_t> known_sum(std::optional<std::int64_t> one, std::optional<std::int64_t> other) {
  std::int64_t total = 0;
  if (!one || !other || __builtin_add_overflow(*one, *other, &total)) return std::nullopt;
  return total;
}

std::string place_of(const PartitionStatus& partition) {
  return base::escaped(partition.topic) + "/" + (partition.partition < 0 ? "?" : std::to_string(partition.partition));
}

int urgency_of(const std::string& partition_state) {
  const auto* const found = std::find(kByUrgency.begin(), kByUrgency.end(), partition_state);
  return static_cast<int>(found - kByUrgency.begin());
}

Colour colour_of(const std::string& partition_state) {
  if (partition_state == "ok") return Colour::kGreen;
  if (partition_state == "behind" || partition_state == "starting") return Colour::kNone;
  if (partition_state == "backoff" || partition_state == "stalled" || partition_state == "stopped") return Colour::kRed;
  return Colour::kYellow;
}

const PartitionStatus* worst_of(const StatusReport& report) {
  const PartitionStatus* worst = nullptr;
  // Where nothing runs all are stopped, and no partition is worse off than another for it.
  if (report.state == "not_running") return nullptr;
  for (const PartitionStatus& partition : report.partitions) {
    if (urgency_of(partition.state) == 0) continue;
    if (worst == nullptr || is_worse(partition, *worst)) worst = &partition;
  }
  return worst;
}

std::string node_mark(const StatusReport& report, const Style& style) {
  if (report.state == "running") return style.paint(style.unicode ? "● running" : "* running", Colour::kGreen);
  if (report.state == "not_running")
    return style.paint(style.unicode ? "○ not running" : "- not running", Colour::kDim);
  const Colour colour = report.state == "retrying" ? Colour::kRed : Colour::kYellow;
  return style.paint((style.unicode ? "◐ " : "~ ") + base::escaped(report.state), colour);
}

std::string total_line(const StatusReport& report) {
  const auto total = report.total_lag();
  const char* const unit = report.unit() == ports::OffsetUnit::kBytes ? " Bytes" : " messages";
  if (total) return "Total lag: " + std::to_string(*total) + unit;
  std::optional<std::int64_t> known = 0;
  std::size_t unknown = 0;
  for (const PartitionStatus& partition : report.partitions) {
    const auto lag = partition.lag();
    unknown += lag ? 0 : 1;
    known = known_sum(known, lag.value_or(0));
  }
  std::string line = std::string("Total lag: ?") + unit;
  if (unknown > 0 && unknown < report.partitions.size() && known) {
    line += " (at least " + std::to_string(*known) + ": " + std::to_string(unknown) + " of " +
            std::to_string(report.partitions.size()) + " partitions unknown)";
  }
  return line;
}

std::string status_text(const StatusReport& report, const StatusView& view, const Style& style) {
  return "kafka_ductus '" + base::escaped(report.handler_name) + "' from " + base::escaped(report.source) + "\n" +
         node_line(report, style) + "\n" +
         (view.by_topic ? table_by_topic(report, view, style) : table_by_partition(report, view, style)) +
         summary_line(report) + hint(report, view, style);
}

}  // namespace ductus::cli
