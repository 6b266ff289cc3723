#include "cli/offsets/offset_text.h"

#include <optional>
#include <utility>

#include "base/escape.h"
#include "base/hex.h"
#include "cli/terminal/text_table.h"

namespace ductus::cli {
namespace {

std::string name_of(const ports::TopicPartition& partition) {
  return base::escaped(partition.topic) + "/" + std::to_string(partition.partition);
}

std::string offset_of(const std::optional<ports::Position>& position) {
  return position ? std::to_string(position->next_offset) : std::string("none");
}

std::string change_of(const operate::ResetRow& row) {
  if (!row.before || !row.after) return "-";
  const std::int64_t change = row.after->next_offset - row.before->next_offset;
  return (change > 0 ? "+" : "") + std::to_string(change);
}

// What skips messages, or may stop the partition, stands out.
Colour colour_of(const operate::ResetRow& row) {
  if (row.outside_log() || !row.after) return Colour::kRed;
  return row.before && row.after->next_offset > row.before->next_offset ? Colour::kYellow : Colour::kNone;
}

}  // namespace

std::string plan_text(const config::NodeConfig& config, const operate::ResetPlan& plan, operate::PlanState state,
                      const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const operate::ResetRow& row : plan.rows) {
    rows.push_back({{name_of(row.partition)},
                    {offset_of(row.before)},
                    {offset_of(row.after)},
                    {change_of(row)},
                    {operate::what_happens(row), colour_of(row)}});
  }
  return "PLAN  " + base::escaped(config.handler_name) +
         (state == operate::PlanState::kDryRun ? "      nothing is written (--dry-run)" : "") + "\n" +
         text_table({{"TOPIC/PART"}, {"NOW", true}, {"NEW", true}, {"CHANGE", true}, {"WHAT HAPPENS"}}, rows, style);
}

std::string stored_text(const ports::StoreEntries& entries, const Style& style) {
  std::vector<std::vector<Cell>> rows;
  for (const auto& [partition, position] : entries.positions) {
    const bool has_id = position.topic_id != ports::TopicId();
    rows.push_back({{name_of(partition)},
                    {std::to_string(position.next_offset)},
                    {position.leader_epoch < 0 ? "?" : std::to_string(position.leader_epoch)},
                    {has_id ? base::to_hex(position.topic_id) : "?"}});
  }
  return text_table({{"TOPIC/PART"}, {"OFFSET", true}, {"EPOCH", true}, {"TOPIC ID"}}, rows, style);
}

std::string journal_text(const std::vector<ports::JournalAct>& acts) {
  std::string text;
  for (const ports::JournalAct& act : acts) {
    text += "act " + std::to_string(act.act) + "  " + base::escaped(act.at) + "  " + base::escaped(act.who) + "  " +
            base::escaped(act.why) + "\n";
    for (const auto& [partition, before, after] : act.positions) {
      text += "  " + name_of(partition) + ": " + offset_of(before) + " -> " + offset_of(after) + "\n";
    }
  }
  return text;
}

}  // namespace ductus::cli
