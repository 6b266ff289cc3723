#include "config/toml/nesting.h"

#include <cstddef>
#include <string>
#include <vector>

namespace ductus::config {
namespace {

// Skips the string whose opening quote is at `at`; returns the place behind it. One that is not closed ends with
// its line (or, with three quotes, with the text): the parser will say so.
std::size_t skip_string(std::string_view text, std::size_t at) {
  const char quote = text[at];
  const std::string triple(3, quote);
  const bool long_form = text.substr(at, 3) == triple;
  at += long_form ? 3 : 1;
  while (at < text.size()) {
    if (quote == '"' && text[at] == '\\') {
      at += 2;
    } else if (long_form && text.substr(at, 3) == triple) {
      at += 3;
      // Up to two quotes may stand right before the closing three.
      for (int extra = 0; extra < 2 && at < text.size() && text[at] == quote; ++extra) ++at;
      return at;
    } else if (!long_form && (text[at] == quote || text[at] == '\n')) {
      return at + (text[at] == quote ? 1 : 0);
    } else {
      ++at;
    }
  }
  return text.size();
}

}  // namespace

Result<void> check_nesting(std::string_view text) {
  std::vector<int> outer;  // the depth around each open bracket
  int depth = 0;           // here: brackets and dots of the key that is being read
  for (std::size_t at = 0; at < text.size();) {
    switch (text[at]) {
      case '"':
      case '\'':
        at = skip_string(text, at);
        continue;
      case '#':
        while (at < text.size() && text[at] != '\n') ++at;
        continue;
      case '[':
      case '{':
        outer.push_back(depth++);
        break;
      case '.':
        ++depth;
        break;
      case ']':
      case '}':
        if (!outer.empty()) {
          depth = outer.back();
          outer.pop_back();
        }
        break;
      case ',':
      case '\n':
        depth = outer.empty() ? 0 : outer.back() + 1;
        break;
      default:
        break;
    }
    if (depth > kMaxNesting) {
      std::size_t line = 1;
      for (const char c : text.substr(0, at)) line += c == '\n' ? 1 : 0;
      return Error{ErrorCode::kLimit, "line " + std::to_string(line) + ": nested more than " +
                                          std::to_string(kMaxNesting) + " levels deep"};
    }
    ++at;
  }
  return {};
}

}  // namespace ductus::config
