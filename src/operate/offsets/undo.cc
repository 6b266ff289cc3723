#include "operate/offsets/undo.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/escape.h"

namespace ductus::operate {
namespace {

/// Partitions that an error names.
constexpr std::size_t kShown = 5;

std::string in_words(const std::optional<ports::Position>& position) {
  return position ? std::to_string(position->next_offset) : std::string("nothing");
}

Error moved_on(std::int64_t act, const std::vector<ResetRow>& moved,
               const std::vector<std::optional<ports::Position>>& written) {
  std::string places;
  for (std::size_t i = 0; i < std::min(moved.size(), kShown); ++i) {
    const ports::TopicPartition& partition = moved[i].partition;
    places += (i > 0 ? ", " : "") + base::escaped(partition.topic) + "/" + std::to_string(partition.partition) +
              " (set to " + in_words(written[i]) + ", now " + in_words(moved[i].before) + ")";
  }
  if (moved.size() > kShown) places += " and " + std::to_string(moved.size() - kShown) + " more";
  return {ErrorCode::kRefused, "act " + std::to_string(act) + " cannot be taken back: these have moved since: " +
                                   places + "; nothing was changed: set what you want by 'offsets set'"};
}

}  // namespace

Result<Undo> plan_undo(const std::vector<ports::JournalAct>& journal, std::optional<std::int64_t> act,
                       const Places& stored) {
  const auto wanted = std::find_if(journal.begin(), journal.end(),
                                   [&](const ports::JournalAct& one) { return !act || one.act == *act; });
  if (wanted == journal.end()) {
    return Error{ErrorCode::kNotFound,
                 act ? "the journal has no act " + std::to_string(*act) + "; 'offsets log' shows what there is"
                     : std::string("the journal is empty: there is nothing to take back")};
  }
  Undo undo{wanted->act, {}};
  std::vector<ResetRow> moved;
  std::vector<std::optional<ports::Position>> written;
  for (const ports::PositionChange& one : wanted->positions) {
    const auto place = stored.find(one.partition);
    const auto now = place == stored.end() ? std::nullopt : std::optional(place->second);
    undo.plan.rows.push_back({one.partition, now, one.before, {}, {}, ""});
    if (now == one.after) continue;
    moved.push_back(undo.plan.rows.back());
    written.push_back(one.after);
  }
  if (!moved.empty()) return moved_on(wanted->act, moved, written);
  return undo;
}

}  // namespace ductus::operate
