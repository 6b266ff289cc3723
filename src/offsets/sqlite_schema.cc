#include "offsets/sqlite_schema.h"

#include <array>
#include <string>
#include <utility>

#include "base/escape.h"

namespace ductus::offsets {
namespace {

// "duct": PRAGMA application_id tells our files from those of other programs.
constexpr std::int64_t kApplicationId = 0x64756374;

struct Table {
  int since;  // the schema that brought it
  int until;  // the last schema that has it so
  const char* name;
  const char* create;       // as SQLite keeps it in sqlite_schema
  const char* copied = "";  // what its rows are taken over as into the table of today
};

constexpr const char* kOldPositions =
    "handler_name, topic, partition, 'messages', next_offset, leader_epoch, topic_id, updated_at";
constexpr const char* kOldChanges =
    "act, handler_name, at, who, why, topic, partition, 'messages', old_offset, old_leader_epoch, old_topic_id, "
    "new_offset, new_leader_epoch, new_topic_id";

constexpr std::array<Table, 6> kTables = {{
    {1, 3, "positions",
     "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
     "next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, updated_at TEXT NOT NULL, "
     "PRIMARY KEY(handler_name, topic, partition)) STRICT, WITHOUT ROWID",
     kOldPositions},
    {4, kSchemaVersion, "positions",
     "CREATE TABLE positions(handler_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, "
     "unit TEXT NOT NULL, next_offset INTEGER NOT NULL, leader_epoch INTEGER NOT NULL, topic_id BLOB NOT NULL, "
     "updated_at TEXT NOT NULL, PRIMARY KEY(handler_name, topic, partition, unit)) STRICT, WITHOUT ROWID"},
    {2, kSchemaVersion, "topics",
     "CREATE TABLE topics(handler_name TEXT NOT NULL, topic TEXT NOT NULL, topic_id BLOB NOT NULL, "
     "partition_count INTEGER NOT NULL, updated_at TEXT NOT NULL, "
     "PRIMARY KEY(handler_name, topic)) STRICT, WITHOUT ROWID"},
    {2, 2, "changes",
     "CREATE TABLE changes(act INTEGER NOT NULL, handler_name TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, "
     "why TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, old_offset INTEGER, old_leader_epoch "
     "INTEGER, "
     "old_topic_id BLOB, new_offset INTEGER NOT NULL, new_leader_epoch INTEGER NOT NULL, new_topic_id BLOB NOT NULL, "
     "PRIMARY KEY(act, topic, partition)) STRICT, WITHOUT ROWID",
     kOldChanges},
    {3, 3, "changes",
     "CREATE TABLE changes(act INTEGER NOT NULL, handler_name TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, "
     "why TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, old_offset INTEGER, "
     "old_leader_epoch INTEGER, old_topic_id BLOB, new_offset INTEGER, new_leader_epoch INTEGER, new_topic_id BLOB, "
     "PRIMARY KEY(act, topic, partition)) STRICT, WITHOUT ROWID",
     kOldChanges},
    {4, kSchemaVersion, "changes",
     "CREATE TABLE changes(act INTEGER NOT NULL, handler_name TEXT NOT NULL, at TEXT NOT NULL, who TEXT NOT NULL, "
     "why TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, unit TEXT NOT NULL, old_offset INTEGER, "
     "old_leader_epoch INTEGER, old_topic_id BLOB, new_offset INTEGER, new_leader_epoch INTEGER, new_topic_id BLOB, "
     "PRIMARY KEY(act, topic, partition, unit)) STRICT, WITHOUT ROWID"},
}};

// A table of `version` that today's schema has otherwise goes, and its rows into the new one.
Result<void> bring_up(SqliteConnection& connection, std::int64_t version) {
  std::string sql = "BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kApplicationId) +
                    "; PRAGMA user_version = " + std::to_string(kSchemaVersion) + "; ";
  std::string fill;
  for (const Table& table : kTables) {
    if (table.since > version || table.until < version || table.until == kSchemaVersion) continue;
    const std::string old = std::string(table.name) + "_old";
    sql += "ALTER TABLE " + std::string(table.name) + " RENAME TO " + old + "; ";
    fill += "INSERT INTO " + std::string(table.name) + " SELECT " + table.copied + " FROM " + old + "; DROP TABLE " +
            old + "; ";
  }
  for (const Table& table : kTables) {
    if (table.since > version && table.until == kSchemaVersion) sql += std::string(table.create) + "; ";
  }
  return connection.run(sql + fill + "COMMIT");
}

Result<void> check_tables(SqliteConnection& connection, std::int64_t version) {
  for (const Table& table : kTables) {
    if (table.since > version || table.until < version) continue;
    auto sql = connection.ask_text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '" +
                                   std::string(table.name) + "'");
    if (!sql) return std::move(sql).error();
    if (*sql == table.create) continue;
    return damaged(connection.path(),
                   "its table " + std::string(table.name) + " is not that of schema " + std::to_string(version));
  }
  return {};
}

}  // namespace

Error damaged(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCode::kCorrupt, base::escaped(path.string()) + ": damaged: " + base::escaped(what, 400) +
                                   "; restore a copy, or move it away and set the offsets"};
}

Result<void> prepare_schema(SqliteConnection& connection) {
  auto application = connection.ask_integer("PRAGMA application_id");
  if (!application) return std::move(application).error();
  auto version = connection.ask_integer("PRAGMA user_version");
  if (!version) return std::move(version).error();
  auto objects = connection.ask_integer("SELECT count(*) FROM sqlite_schema");
  if (!objects) return std::move(objects).error();

  if (*application == 0 && *version == 0 && *objects == 0) return bring_up(connection, 0);
  const std::string name = base::escaped(connection.path().string());
  if (*application != kApplicationId) {
    return Error{ErrorCode::kInvalid, name + ": a SQLite file of another program; name another one in store.url"};
  }
  if (*version > kSchemaVersion) {
    return Error{ErrorCode::kUnsupported, name + ": written by a newer ductus: schema " + std::to_string(*version) +
                                              ", this one knows " + std::to_string(kSchemaVersion)};
  }
  if (*version < 1) return damaged(connection.path(), "schema " + std::to_string(*version) + " never was");
  if (auto checked = check_tables(connection, *version); !checked) return checked;
  if (*version == kSchemaVersion) return {};
  return bring_up(connection, *version);
}

}  // namespace ductus::offsets
