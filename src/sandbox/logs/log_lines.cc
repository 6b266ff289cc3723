#include "sandbox/logs/log_lines.h"

#include <array>
#include <cstdio>
#include <string_view>

namespace ductus::sandbox {

std::string text_of(const char* format, unsigned a, unsigned b) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), format, a, b);
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string log_line(std::mt19937& random, std::int64_t bytes) {
  static constexpr std::array<std::string_view, 4> kLevels = {"info", "info", "debug", "warn"};
  static constexpr std::array<std::string_view, 6> kPaths = {"/api/v1/items",  "/api/v1/users",  "/login",
                                                             "/static/app.js", "/api/v1/orders", "/health"};
  const auto size = static_cast<std::size_t>(bytes);
  std::string line = text_of("{\"t\":%03u.%03u,\"m\":\"", 100 + random() % 900, random() % 1000);
  while (line.size() < size - 2) {
    line += kLevels[random() % kLevels.size()];
    line += text_of(" host=web-%02u ms=%u ", random() % 32, random() % 500);
    line += kPaths[random() % kPaths.size()];
    line += text_of("/%u user=u%06u; ", random() % 100'000, random() % 1'000'000);
  }
  line.resize(size - 2);
  return line += "\"}";
}

}  // namespace ductus::sandbox
