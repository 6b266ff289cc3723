#include "base/log/line.h"

#include <fmt/core.h>

#include <array>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/escape.h"

namespace ductus::base {

namespace {

int journal_level(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return 7;
    case LogLevel::kInfo:
      return 6;
    case LogLevel::kWarn:
      return 4;
    case LogLevel::kError:
      return 3;
  }
  return 3;
}

std::string as_text(const LogRecord& record, bool for_journal, std::size_t max_bytes) {
  const std::string text = escaped(record.text, max_bytes);
  if (for_journal) return text + "\n";
  return fmt::format("{} {:<5} {}\n", timestamp(record.time), name_of(record.level), text);
}

std::string as_json(const LogRecord& record, std::size_t max_bytes) {
  const nlohmann::ordered_json object = {{"time", timestamp(record.time)},
                                         {"level", name_of(record.level)},
                                         {"message", record.text.substr(0, max_bytes)}};
  // Bytes that are no UTF-8 become U+FFFD. ASCII only, so that no byte acts on a terminal.
  return object.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string timestamp(std::chrono::system_clock::time_point time) {
  const auto since_1970 = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const std::time_t seconds = std::chrono::floor<std::chrono::seconds>(since_1970).count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return fmt::format("{}.{:03}Z", std::string_view(text.data(), size), since_1970.count() % 1000);
}

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarn:
      return "warn";
    case LogLevel::kError:
      return "error";
  }
  return "error";
}

std::string rendered(const LogRecord& record, LineFormat format, bool for_journal) {
  std::string line = for_journal ? fmt::format("<{}>", journal_level(record.level)) : std::string();
  const std::size_t prefix = line.size();
  // Escapes make text up to six times longer: less of it is taken until the line fits.
  for (std::size_t max_bytes = kMaxLogLineBytes - 128;; max_bytes /= 2) {
    line.resize(prefix);
    line += format == LineFormat::kJson ? as_json(record, max_bytes) : as_text(record, for_journal, max_bytes);
    if (line.size() <= kMaxLogLineBytes) return line;
  }
}

}  // namespace ductus::base
