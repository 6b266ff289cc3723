// text_table(): rows of cells → lines whose columns stand one below the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/terminal/style.h"

namespace ductus::cli {

/// Characters of UTF-8 text. Those of double width count as one.
std::size_t width_of(std::string_view text);
/// At most `width` characters: the middle gives way to "…", so that a name keeps its end; with `keep_end` false, the
/// end.
std::string shortened(std::string_view text, std::size_t width, bool keep_end = true);

struct Cell {
  std::string text;
  Colour colour = Colour::kNone;
};

struct Column {
  std::string title;
  bool to_the_right = false;
};

/// The titles, then the rows, each as long as `columns`. A column in which no row has text is left out. No blanks at a
/// line's end. The cells must be escaped.
std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                       const Style& style);

}  // namespace ductus::cli
