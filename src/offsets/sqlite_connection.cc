#include "offsets/sqlite_connection.h"

#include <utility>

#include "base/escape.h"

namespace ductus::offsets {
namespace {

// The connection is the only one: it waits for nobody but a program that looks in from outside.
constexpr int kBusyTimeoutMs = 1000;

}  // namespace

Error sqlite_error(sqlite3* handle, int answer, const std::filesystem::path& path) {
  std::string reason = sqlite3_errstr(answer);
  if (handle != nullptr && sqlite3_extended_errcode(handle) == answer) reason = sqlite3_errmsg(handle);
  reason = base::escaped(reason, 400) + " (SQLite " + std::to_string(answer) + ")";
  const std::string name = base::escaped(path.string());
  switch (answer & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {ErrorCode::kRefused, name + ": another program uses the file: " + reason};
    case SQLITE_NOTADB:
      return {ErrorCode::kInvalid, name + ": no SQLite file; name another one in store.url"};
    case SQLITE_CORRUPT:
      return {ErrorCode::kCorrupt, name + ": damaged; restore a copy, or move it away and set the offsets: " + reason};
    case SQLITE_FULL:
      return {ErrorCode::kIo, name + ": disk full; make room: " + reason};
    case SQLITE_READONLY:
      return {ErrorCode::kIo, name + ": may not be written; check owner and mode: " + reason};
    case SQLITE_CANTOPEN:
      return {ErrorCode::kIo, name + ": cannot be opened; check the folder and its owner: " + reason};
    case SQLITE_IOERR:
      return {ErrorCode::kIo, name + ": the disk refuses; look at its room, quotas and health: " + reason};
    default:
      return {ErrorCode::kIo, name + ": " + reason};
  }
}

void SqliteStatement::bind(int index, std::int64_t value) {
  const int answer = sqlite3_bind_int64(statement_.get(), index, value);
  if (answer != SQLITE_OK) bind_failure_ = answer;
}

void SqliteStatement::bind(int index, std::string_view text) {
  const int answer = sqlite3_bind_text64(statement_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (answer != SQLITE_OK) bind_failure_ = answer;
}

void SqliteStatement::bind(int index, std::span<const std::uint8_t> bytes) {
  const int answer = sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
  if (answer != SQLITE_OK) bind_failure_ = answer;
}

void SqliteStatement::bind_null(int index) {
  const int answer = sqlite3_bind_null(statement_.get(), index);
  if (answer != SQLITE_OK) bind_failure_ = answer;
}

Result<bool> SqliteStatement::step(const std::filesystem::path& path) {
  sqlite3* const handle = sqlite3_db_handle(statement_.get());
  if (bind_failure_ != SQLITE_OK) return sqlite_error(handle, bind_failure_, path);
  const int answer = sqlite3_step(statement_.get());
  if (answer == SQLITE_ROW) return true;
  if (answer == SQLITE_DONE) return false;
  return sqlite_error(handle, answer, path);
}

void SqliteStatement::reset() {
  // The answer repeats that of step(), which was looked at.
  sqlite3_reset(statement_.get());
  bind_failure_ = SQLITE_OK;
}

std::optional<std::int64_t> SqliteStatement::integer(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_INTEGER) return std::nullopt;
  return sqlite3_column_int64(statement_.get(), column);
}

std::optional<std::string_view> SqliteStatement::text(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_TEXT) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return std::nullopt;  // no memory
  return std::string_view(text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

std::optional<std::span<const std::uint8_t>> SqliteStatement::bytes(int column) const {
  if (sqlite3_column_type(statement_.get(), column) != SQLITE_BLOB) return std::nullopt;
  const auto* bytes = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_.get(), column));
  return std::span(bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column)));
}

Result<SqliteConnection> SqliteConnection::open(const std::filesystem::path& path) {
  sqlite3* handle = nullptr;
  const int answer =
      sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  SqliteConnection connection(handle, path);
  if (answer != SQLITE_OK) return sqlite_error(handle, answer, path);
  sqlite3_extended_result_codes(handle, 1);
  sqlite3_busy_timeout(handle, kBusyTimeoutMs);
  for (const auto& [option, on] : {std::pair{SQLITE_DBCONFIG_DEFENSIVE, 1},
                                   {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                                   {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                                   {SQLITE_DBCONFIG_ENABLE_VIEW, 0}}) {
    const int configured = sqlite3_db_config(handle, option, on, nullptr);
    if (configured != SQLITE_OK) return sqlite_error(handle, configured, path);
  }
  return connection;
}

Result<SqliteStatement> SqliteConnection::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int answer = sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (answer != SQLITE_OK) return sqlite_error(handle_.get(), answer, path_);
  return SqliteStatement(statement);
}

Result<void> SqliteConnection::run(const std::string& sql) {
  const int answer = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (answer != SQLITE_OK) return sqlite_error(handle_.get(), answer, path_);
  return {};
}

Result<std::string> SqliteConnection::ask_text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->step(path_);
  if (!row) return std::move(row).error();
  return std::string(*row ? statement->text(0).value_or("") : "");
}

Result<std::int64_t> SqliteConnection::ask_integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return std::move(statement).error();
  auto row = statement->step(path_);
  if (!row) return std::move(row).error();
  return *row ? statement->integer(0).value_or(0) : 0;
}

}  // namespace ductus::offsets
