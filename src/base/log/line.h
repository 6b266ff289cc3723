// rendered(): one event as the bytes of its line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "ductus/module.h"

namespace ductus::base {

/// One event, as it is told; `text` as it came, control bytes and all, cut to kMaxLogLineBytes.
struct LogRecord {
  std::chrono::system_clock::time_point time;
  LogLevel level{};
  std::string_view text;
};

/// What a pipe takes whole or not at all (PIPE_BUF of Linux): no line is longer, its end included.
constexpr std::size_t kMaxLogLineBytes = 4096;

enum class LineFormat : std::uint8_t { kText, kJson };

/// RFC 3339 in UTC with milliseconds: "2026-11-26T13:00:00.250Z".
std::string timestamp(std::chrono::system_clock::time_point time);

/// "debug", "info", "warn" or "error".
std::string_view name_of(LogLevel level);

/// The line, with its end. `for_journal`: its level as journald reads it, <3> to <7>, stands in front, and in text
/// takes the place of time and level. Source of the numbers: sd-daemon(3).
std::string rendered(const LogRecord& record, LineFormat format, bool for_journal);

}  // namespace ductus::base
