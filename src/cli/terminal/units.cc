#include "cli/terminal/units.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace ductus::cli {
namespace {

// Beyond them nothing is told apart any more.
constexpr double kMostSeconds = 1e12;
constexpr double kMostPerSecond = 1e15;

double within(double number, double most) { return std::isnan(number) ? 0 : std::clamp(number, 0.0, most); }

std::string one_decimal(double number) {
  const auto tenths = std::llround(number * 10);
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10);
}

std::string two_digits(std::int64_t number) { return (number < 10 ? "0" : "") + std::to_string(number); }

}  // namespace

std::string grouped(std::optional<std::int64_t> number) {
  if (!number) return "?";
  std::string digits = std::to_string(*number);
  const std::size_t first = digits.front() == '-' ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ' ');
  return digits;
}

std::string duration_text(double seconds) {
  seconds = within(seconds, kMostSeconds);
  if (seconds < 0.0995) return std::to_string(std::llround(seconds * 1'000)) + "ms";
  if (seconds < 9.95) return one_decimal(seconds) + "s";
  const std::int64_t whole = std::llround(seconds);
  if (whole < 60) return std::to_string(whole) + "s";
  if (whole < 3'600) return std::to_string(whole / 60) + "m" + two_digits(whole % 60) + "s";
  if (whole < 86'400) return std::to_string(whole / 3'600) + "h" + two_digits(whole / 60 % 60) + "m";
  return std::to_string(whole / 86'400) + "d " + two_digits(whole / 3'600 % 24) + "h";
}

std::string size_text(std::int64_t bytes) {
  constexpr std::array<const char*, 7> kUnits = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  auto size = static_cast<double>(std::max<std::int64_t>(bytes, 0));
  std::size_t unit = 0;
  while (size >= 999.5 && unit + 1 < kUnits.size()) {
    size /= 1'000;
    ++unit;
  }
  return (unit > 0 && size < 9.95 ? one_decimal(size) : std::to_string(std::llround(size))) + " " + kUnits[unit];
}

std::string rate_text(double per_s) {
  per_s = within(per_s, kMostPerSecond);
  if (per_s > 0 && per_s < 9.95) return one_decimal(per_s);
  return grouped(std::llround(per_s));
}

}  // namespace ductus::cli
