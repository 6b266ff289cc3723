#include "cli/attach/texts.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/escape.h"
#include "cli/status/status_text.h"
#include "cli/terminal/text_table.h"
#include "cli/terminal/units.h"

namespace ductus::cli {
namespace {

using operate::PartitionActivity;
using operate::PartitionStatus;
using operate::StatusReport;

std::string number(std::optional<std::int64_t> of) { return of ? std::to_string(*of) : "?"; }

std::string results(const PartitionActivity& activity, const Style& style) {
  std::string text;
  for (const operate::CallResult& result : activity.last_results) {
    if (!text.empty()) text += style.unicode ? " · " : ", ";
    text += base::escaped(result.verdict) + " ";
    text += duration_text(result.deferred_by_s ? *result.deferred_by_s : result.took_s);
  }
  return text;
}

void append_line(std::string& text, const char* what, const std::string& value) {
  constexpr std::size_t kWhatColumns = 10;
  if (value.empty()) return;
  const std::string name = what;
  text += "  " + name + std::string(kWhatColumns - std::min(kWhatColumns, name.size()), ' ') + value + "\n";
}

std::string counted(std::uint64_t count, const char* what) {
  return count == 0 ? "" : std::to_string(count) + " " + what;
}

// A restarted, troubled or resting adapter: one line.
std::string adapter_line(const PartitionStatus& partition, const Style& style) {
  std::string line =
      place_of(partition) + "  " + style.paint(base::escaped(partition.state), colour_of(partition.state));
  const PartitionActivity& activity = partition.activity;
  if (activity.retry_in_s) line += "  again in " + duration_text(*activity.retry_in_s);
  if (activity.restarts.value_or(0) > 0) line += "  restarts " + std::to_string(*activity.restarts);
  if (!activity.last_error.empty()) {
    line += "  last error: " + base::escaped(activity.last_error);
    if (activity.last_error_ago_s) line += " (" + duration_text(*activity.last_error_ago_s) + " ago)";
  }
  return line;
}

bool is_worth_a_line(const PartitionStatus& partition) {
  return partition.activity.restarts.value_or(0) > 0 || urgency_of(partition.state) > urgency_of("behind");
}

}  // namespace

std::string trace_text(const PartitionStatus& partition, const Style& style) {
  const PartitionActivity& activity = partition.activity;
  std::string text = place_of(partition) + "  " +
                     style.paint(base::escaped(partition.state), colour_of(partition.state)) + "  offset " +
                     number(partition.next_offset) + "  lag " + grouped(partition.lag()) + "\n";
  append_line(text, "reason", base::escaped(partition.reason));
  append_line(text, "log",
              "from " + number(partition.log_start_offset) + " to " + number(partition.readable_end) +
                  (partition.high_watermark && partition.high_watermark != partition.readable_end
                       ? ", high watermark " + number(partition.high_watermark)
                       : ""));
  if (activity.batch) {
    append_line(text, "batch",
                std::to_string(activity.batch->first_offset) + ".." + std::to_string(activity.batch->next_offset - 1) +
                    " (" + size_text(static_cast<std::int64_t>(activity.batch->bytes)) + " as fetched)");
  }
  if (activity.call) {
    append_line(text, "call", base::escaped(activity.call->what) + " for " + duration_text(activity.call->for_s));
  }
  append_line(text, "results", results(activity, style));
  if (activity.in_per_s && activity.out_per_s) {
    append_line(text, "rates",
                "in " + rate_text(*activity.in_per_s) + "/s, out " + rate_text(*activity.out_per_s) + "/s");
  }
  if (activity.behind_s) append_line(text, "behind", duration_text(*activity.behind_s));
  if (activity.uncommitted_batches) {
    append_line(text, "to store",
                std::to_string(*activity.uncommitted_batches) + " batches accepted and not yet stored");
  }
  if (activity.retry_in_s) append_line(text, "again in", duration_text(*activity.retry_in_s));
  append_line(text, "restarts", counted(activity.restarts.value_or(0), "since the node started"));
  if (!activity.last_error.empty()) {
    append_line(text, "error",
                base::escaped(activity.last_error) +
                    (activity.last_error_ago_s ? " (" + duration_text(*activity.last_error_ago_s) + " ago)" : ""));
  }
  return text;
}

std::string tree_text(const StatusReport& report, const Style& style) {
  const operate::SupervisionStatus& tree = report.supervision;
  const char* const branch = style.unicode ? "├─ " : "|- ";
  const char* const last = style.unicode ? "└─ " : "`- ";
  const char* const below = style.unicode ? "│  " : "|  ";
  std::string text =
      "ductus_sup  level " + base::escaped(tree.level) + "  restarts of everything " + std::to_string(tree.restarts);
  if (tree.last_restart_ago_s) {
    text += ", the last " + duration_text(*tree.last_restart_ago_s) + " ago: " + base::escaped(tree.last_restart_why);
  }
  text += "  counted failures " + std::to_string(tree.counted_failures) + "\n";
  if (!tree.reason.empty()) text += "  " + base::escaped(tree.reason) + "\n";
  if (tree.retry_in_s) text += "  everything is tried again in " + duration_text(*tree.retry_in_s) + "\n";
  text += branch + std::string("store  ") + base::escaped(tree.store) + "  " + base::escaped(report.store.url);
  if (!report.store.reason.empty()) text += "  " + base::escaped(report.store.reason);
  text += "\n";
  text += (tree.periodic ? branch : last) + std::string("adapter_sup  adapters:");
  for (const auto& [state, count] : tree.adapters) text += " " + std::to_string(count) + " " + base::escaped(state);
  text += "  restarts " + std::to_string(tree.adapter_restarts) + "\n";
  for (const PartitionStatus& partition : report.partitions) {
    if (!is_worth_a_line(partition)) continue;
    text += (tree.periodic ? below : "   ") + std::string(branch) + adapter_line(partition, style) + "\n";
  }
  if (tree.periodic) {
    text += last + std::string("periodic  ") + base::escaped(tree.periodic->state);
    if (tree.periodic->next_in_s) text += "  next in " + duration_text(*tree.periodic->next_in_s);
    text += "  collections " + std::to_string(tree.periodic->collections);
    if (tree.periodic->failures > 0) text += "  failures " + std::to_string(tree.periodic->failures);
    text += "\n";
  }
  return text;
}

std::string offsets_text(const StatusReport& report, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const PartitionStatus& partition : report.partitions) {
    rows.push_back({{place_of(partition)},
                    {number(partition.next_offset)},
                    {number(partition.log_start_offset)},
                    {number(partition.readable_end)},
                    {grouped(partition.lag())}});
  }
  return text_table({{"TOPIC/PART"}, {"NEXT", true}, {"LOG START", true}, {"READABLE END", true}, {"LAG", true}}, rows,
                    style);
}

Result<std::string> events_text(const std::string& answer, std::size_t most) {
  const auto json = nlohmann::json::parse(answer, nullptr, false);
  const auto events = json.is_object() ? json.find("events") : json.end();
  if (!json.is_object() || events == json.end() || !events->is_array()) {
    return Error{ErrorCode::kInvalid, "the answer has no list of events: the node is of another version"};
  }
  std::string text;
  for (std::size_t i = events->size() - std::min(most, events->size()); i < events->size(); ++i) {
    const auto& event = (*events)[i];
    std::string line;
    for (const char* const field : {"time", "level", "text"}) {
      const auto value = event.is_object() ? event.find(field) : event.end();
      if (!event.is_object() || value == event.end() || !value->is_string()) continue;
      line += (line.empty() ? "" : "  ") + base::escaped(value->get<std::string>());
    }
    text += line + "\n";
  }
  return text;
}

Result<std::string> config_text(const std::string& answer) {
  const auto json = nlohmann::json::parse(answer, nullptr, false);
  const auto toml = json.is_object() ? json.find("toml") : json.end();
  if (!json.is_object() || toml == json.end() || !toml->is_string()) {
    return Error{ErrorCode::kInvalid, "the answer has no configuration: the node is of another version"};
  }
  std::string text;
  std::string_view left = toml->get_ref<const std::string&>();
  while (!left.empty()) {
    const auto end = left.find('\n');
    text += base::escaped_once(left.substr(0, end)) + "\n";
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  return text;
}

}  // namespace ductus::cli
