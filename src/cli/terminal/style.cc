#include "cli/terminal/style.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace ductus::cli {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::kNone:
      return "";
    case Colour::kBold:
      return "\x1b[1m";
    case Colour::kDim:
      return "\x1b[2m";
    case Colour::kGreen:
      return "\x1b[32m";
    case Colour::kYellow:
      return "\x1b[33m";
    case Colour::kRed:
      return "\x1b[31m";
  }
  return "";
}

std::string variable(const config::Environment& environment, const char* name) {
  return environment ? environment(name).value_or("") : "";
}

bool has_utf8(std::string locale) {
  std::transform(locale.begin(), locale.end(), locale.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

bool shows_unicode(const config::Environment& environment) {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const std::string locale = variable(environment, name); !locale.empty()) return has_utf8(locale);
  }
  return true;
}

}  // namespace

std::string Style::paint(std::string_view text, Colour in) const {
  if (!colour || in == Colour::kNone || text.empty()) return std::string(text);
  return std::string(code_of(in)).append(text).append("\x1b[0m");
}

std::optional<ColourChoice> colour_choice(std::string_view word) {
  if (word == "auto") return ColourChoice::kAuto;
  if (word == "always") return ColourChoice::kAlways;
  if (word == "never") return ColourChoice::kNever;
  return std::nullopt;
}

Style style_for(int fd, ColourChoice choice, const config::Environment& environment) {
  Style style;
  style.terminal = fd >= 0 && ::isatty(fd) == 1;
  const bool welcome =
      style.terminal && variable(environment, "NO_COLOR").empty() && variable(environment, "TERM") != "dumb";
  style.colour = choice == ColourChoice::kAlways || (choice == ColourChoice::kAuto && welcome);
  style.unicode = shows_unicode(environment);
  winsize size{};
  if (style.terminal && ::ioctl(fd, TIOCGWINSZ, &size) == 0) style.columns = size.ws_col;
  return style;
}

}  // namespace ductus::cli
