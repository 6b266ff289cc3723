// The journal of operators within an offsets file: the table `changes`.
//
// Thread: that of the connection. Blocking: on disk.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ductus/result.h"
#include "offsets/sqlite_connection.h"
#include "ports/offset_store.h"

namespace ductus::offsets {

/// Notes the change, and lets the oldest act beyond kMaxJournalActs go. To be called within a transaction, for a change
/// whose `before` is what the store holds. Errors: those of SqliteStatement::step().
Result<void> note_act(SqliteConnection& connection, const std::string& handler_name,
                      const ports::OperatorChange& change);

/// As OffsetStore::journal().
Result<std::vector<ports::JournalAct>> read_acts(SqliteConnection& connection, const std::string& handler_name,
                                                 std::size_t limit);

}  // namespace ductus::offsets
