#include "cli/logs/log_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/log/line.h"

namespace ductus::cli {
namespace {

std::optional<LogText> json_line_from(std::string_view line) {
  const auto object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  const auto level = object.find("level");
  const auto message = object.find("message");
  if (level == object.end() || !level->is_string() || message == object.end() || !message->is_string()) {
    return std::nullopt;
  }
  const auto known = base::log_level_of(level->get_ref<const std::string&>());
  if (!known) return std::nullopt;
  return LogText{*known, message->get<std::string>()};
}

// "2026-11-26T13:00:00.250Z": each 0 stands for a digit.
bool is_timestamp(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00:00.000Z";
  return std::ranges::equal(text, kShape,
                            [](char is, char shape) { return shape == '0' ? is >= '0' && is <= '9' : is == shape; });
}

bool is_name_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// Behind a name: nothing that goes on with it. A dot may also end a sentence.
bool ends_name(std::string_view rest) {
  if (rest.starts_with('.')) rest.remove_prefix(1);
  return rest.empty() || !is_name_letter(rest.front());
}

bool is_partition(std::string_view rest) {
  return rest.size() >= 2 && rest[0] == '/' && rest[1] >= '0' && rest[1] <= '9';
}

}  // namespace

// text = TIME SP LEVEL *SP SP message; levels are padded to five characters.
std::optional<LogText> log_line_from(std::string_view line) {
  constexpr std::size_t kTime = 24;
  constexpr std::size_t kLevel = 5;
  if (line.size() >= base::kMaxLogLineBytes) return std::nullopt;
  if (line.starts_with('{')) return json_line_from(line);
  if (line.size() < kTime + kLevel + 2 || !is_timestamp(line.substr(0, kTime)) || line[kTime] != ' ' ||
      line[kTime + 1 + kLevel] != ' ') {
    return std::nullopt;
  }
  std::string_view level = line.substr(kTime + 1, kLevel);
  while (level.ends_with(' ')) level.remove_suffix(1);
  const auto known = base::log_level_of(level);
  if (!known) return std::nullopt;
  return LogText{*known, std::string(line.substr(kTime + kLevel + 2))};
}

bool concerns(std::string_view message, std::string_view topic) {
  const bool of_configuration = message.starts_with("configuration: ");
  for (std::size_t at = 0; (at = message.find(topic, at)) != std::string_view::npos; ++at) {
    const std::string_view before = message.substr(0, at);
    const std::string_view rest = message.substr(at + topic.size());
    // Behind a '/' it is a piece of a path.
    if (!before.empty() && (is_name_letter(before.back()) || before.back() == '/')) continue;
    if (is_partition(rest)) return true;
    if (ends_name(rest) && (of_configuration || before.ends_with("topic "))) return true;
  }
  return false;
}

}  // namespace ductus::cli
