// escaped() and its like: text from outside, made harmless for a terminal, a log line or a table.
#pragma once

#include <string>
#include <string_view>

namespace ductus::base {

/// Control bytes (also those of a terminal's escape sequences), a lone byte that is no UTF-8 and the backslash
/// as \n, \t, \r, \\ or \xNN; all other text as it is. At most `max_bytes` of `text` are taken, then "…" stands.
std::string escaped(std::string_view text, std::size_t max_bytes = std::string_view::npos);

/// The same of text that may be escaped already: the backslash stays as it is.
std::string escaped_once(std::string_view text);

}  // namespace ductus::base
