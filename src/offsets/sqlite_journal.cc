#include "offsets/sqlite_journal.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "offsets/journal.h"
#include "offsets/sqlite_rows.h"
#include "offsets/sqlite_schema.h"

namespace ductus::offsets {
namespace {

using ports::JournalAct;
using ports::Position;
using ports::PositionChange;

constexpr std::string_view kNextAct = "SELECT coalesce(max(act), 0) + 1 FROM changes";

constexpr std::string_view kInsertChange =
    "INSERT INTO changes VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";

constexpr std::string_view kDropOldest =
    "DELETE FROM changes WHERE handler_name = ?1 AND act < "
    "(SELECT DISTINCT act FROM changes WHERE handler_name = ?1 ORDER BY act DESC LIMIT 1 OFFSET ?2)";

constexpr std::string_view kLastActs =
    "SELECT act, at, who, why, count(*) FROM changes WHERE handler_name = ?1 GROUP BY act ORDER BY act DESC LIMIT ?2";

constexpr std::string_view kPositionsOfAct =
    "SELECT topic, partition, unit, old_offset, old_leader_epoch, old_topic_id, new_offset, new_leader_epoch, "
    "new_topic_id "
    "FROM changes WHERE act = ?1 AND handler_name = ?2 ORDER BY topic, partition, unit DESC";

void bind_position(SqliteStatement& statement, int index, const std::optional<Position>& position) {
  if (!position) {
    for (int i = 0; i < 3; ++i) statement.bind_null(index + i);
    return;
  }
  statement.bind(index, position->next_offset);
  statement.bind(index + 1, position->leader_epoch);
  statement.bind(index + 2, std::span<const std::uint8_t>(position->topic_id));
}

Result<std::optional<Position>> read_optional_position(const SqliteStatement& row, int column,
                                                       const std::filesystem::path& path,
                                                       const ports::TopicPartition& partition) {
  if (!row.integer(column) && !row.integer(column + 1) && !row.bytes(column + 2)) return std::optional<Position>();
  auto position = read_position(row, column, path, partition);
  if (!position) return std::move(position).error();
  return std::optional(*position);
}

Result<void> read_positions(SqliteConnection& connection, const std::string& handler_name, JournalAct& act) {
  auto select = connection.prepare(kPositionsOfAct);
  if (!select) return std::move(select).error();
  select->bind(1, act.act);
  select->bind(2, handler_name);
  const std::filesystem::path& path = connection.path();
  for (auto row = select->step(path);; row = select->step(path)) {
    if (!row) return std::move(row).error();
    if (!*row) return {};
    auto partition = read_partition(*select, 0, path);
    if (!partition) return std::move(partition).error();
    auto before = read_optional_position(*select, kPartitionColumns, path, *partition);
    if (!before) return std::move(before).error();
    auto after = read_optional_position(*select, kPartitionColumns + 3, path, *partition);
    if (!after) return std::move(after).error();
    act.positions.push_back({*std::move(partition), *before, *after});
  }
}

}  // namespace

Result<void> note_act(SqliteConnection& connection, const std::string& handler_name,
                      const ports::OperatorChange& change) {
  auto number = connection.ask_integer(kNextAct);
  if (!number) return std::move(number).error();
  const JournalAct act = journal_act(*number, change);
  auto insert = connection.prepare(kInsertChange);
  if (!insert) return std::move(insert).error();
  for (const PositionChange& one : act.positions) {
    insert->bind(1, act.act);
    insert->bind(2, handler_name);
    insert->bind(3, act.at);
    insert->bind(4, act.who);
    insert->bind(5, act.why);
    insert->bind(6, one.partition.topic);
    insert->bind(7, one.partition.partition);
    insert->bind(8, name_of(one.partition.unit));
    bind_position(*insert, 9, one.before);
    bind_position(*insert, 12, one.after);
    auto done = insert->step(connection.path());
    if (!done) return std::move(done).error();
    insert->reset();
  }
  auto drop = connection.prepare(kDropOldest);
  if (!drop) return std::move(drop).error();
  drop->bind(1, handler_name);
  drop->bind(2, static_cast<std::int64_t>(ports::kMaxJournalActs) - 1);
  auto done = drop->step(connection.path());
  if (!done) return std::move(done).error();
  return {};
}

Result<std::vector<JournalAct>> read_acts(SqliteConnection& connection, const std::string& handler_name,
                                          std::size_t limit) {
  auto select = connection.prepare(kLastActs);
  if (!select) return std::move(select).error();
  select->bind(1, handler_name);
  select->bind(2, static_cast<std::int64_t>(std::min(limit, ports::kMaxJournalActs)));
  std::vector<JournalAct> acts;
  std::size_t positions = 0;
  for (auto row = select->step(connection.path());; row = select->step(connection.path())) {
    if (!row) return std::move(row).error();
    if (!*row) return acts;
    const auto number = select->integer(0);
    const auto count = select->integer(4);
    if (!number || !count || *count < 0) return damaged(connection.path(), "no valid act in its journal");
    positions += static_cast<std::size_t>(*count);
    if (!acts.empty() && positions > ports::kMaxStoreEntries) return acts;
    acts.push_back({*number,
                    std::string(select->text(1).value_or("")),
                    std::string(select->text(2).value_or("")),
                    std::string(select->text(3).value_or("")),
                    {}});
    if (auto read = read_positions(connection, handler_name, acts.back()); !read) return std::move(read).error();
  }
}

}  // namespace ductus::offsets
