// The tables of an offsets file: made, checked, and brought up from an older schema.
//
//   positions  where each partition of each handler_name is
//   topics     since schema 2: which topic id and how many partitions those positions account for
//   changes    since schema 2: the journal of operators, one row per partition; rows of one command share `act`.
//              Since schema 3 its new_* may be NULL: the place was forgotten
// Since schema 4 positions and changes have a `unit`: "messages", or "bytes" for the logs of Kafka 0.6 and 0.7.
#pragma once

#include "ductus/result.h"
#include "offsets/sqlite_connection.h"

namespace ductus::offsets {

/// What stands in `PRAGMA user_version`. A file with a higher one is refused.
inline constexpr int kSchemaVersion = 4;

/// Makes the tables in an empty file, brings an older file up to kSchemaVersion, checks one of today: all of it or
/// nothing. Errors: kUnsupported (newer), kInvalid (of another program), kCorrupt (other tables), kIo.
Result<void> prepare_schema(SqliteConnection& connection);

/// The error for a file whose content cannot have been written by us.
Error damaged(const std::filesystem::path& path, const std::string& what);

}  // namespace ductus::offsets
