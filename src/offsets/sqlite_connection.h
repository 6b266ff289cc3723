// SqliteConnection: SQLite's C interface behind Result: every answer looked at, every error with file and reason.
//
// Thread: one at a time. Blocking: on disk.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ductus/result.h"

namespace ductus::offsets {

/// A prepared statement. Ends before its connection.
class SqliteStatement {
 public:
  explicit SqliteStatement(sqlite3_stmt* statement) : statement_(statement) {}

  // Parameters count from 1. Text and bytes must live until reset().
  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, std::span<const std::uint8_t> bytes);
  void bind_null(int index);

  /// True: a row is there. False: done.
  Result<bool> step(const std::filesystem::path& path);
  void reset();

  // Columns count from 0; nullopt where the value is of another kind. Views live until the next step() or reset().
  std::optional<std::int64_t> integer(int column) const;
  std::optional<std::string_view> text(int column) const;
  std::optional<std::span<const std::uint8_t>> bytes(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_failure_ = SQLITE_OK;
};

class SqliteConnection {
 public:
  /// Opens or makes the file and turns off what data in a file could do by itself (triggers, views).
  static Result<SqliteConnection> open(const std::filesystem::path& path);

  Result<SqliteStatement> prepare(std::string_view sql);
  /// Runs statements that answer nothing.
  Result<void> run(const std::string& sql);
  /// The first column of the first row.
  Result<std::string> ask_text(std::string_view sql);
  Result<std::int64_t> ask_integer(std::string_view sql);

  const std::filesystem::path& path() const noexcept { return path_; }
  /// True while a transaction is open.
  bool in_transaction() const noexcept { return sqlite3_get_autocommit(handle_.get()) == 0; }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  SqliteConnection(sqlite3* handle, std::filesystem::path path) : handle_(handle), path_(std::move(path)) {}

  std::unique_ptr<sqlite3, Close> handle_;
  std::filesystem::path path_;
};

/// What SQLite's answer means. Errors: kRefused (busy), kCorrupt, kInvalid (no SQLite file), kIo.
Error sqlite_error(sqlite3* handle, int answer, const std::filesystem::path& path);

}  // namespace ductus::offsets
