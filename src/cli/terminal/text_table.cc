#include "cli/terminal/text_table.h"

#include <algorithm>

namespace ductus::cli {
namespace {

bool starts_character(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }

// The first byte of character number `index`, or the text's end.
std::size_t place_of(std::string_view text, std::size_t index) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (starts_character(text[at]) && index-- == 0) return at;
  }
  return at;
}

void append_cell(std::string& line, const Cell& cell, std::size_t width, bool to_the_right, const Style& style) {
  if (!line.empty()) line += "  ";
  const std::string padding(width - width_of(cell.text), ' ');
  if (to_the_right) line += padding;
  line += style.paint(cell.text, cell.colour);
  if (!to_the_right) line += padding;
}

}  // namespace

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string shortened(std::string_view text, std::size_t width, bool keep_end) {
  const std::size_t have = width_of(text);
  if (have <= width) return std::string(text);
  if (width == 0) return "";
  const std::size_t back = keep_end ? (width - 1) * 2 / 3 : 0;
  const std::size_t front = width - 1 - back;
  return std::string(text.substr(0, place_of(text, front))) + "…" +
         std::string(text.substr(place_of(text, have - back)));
}

std::string text_table(const std::vector<Column>& columns, const std::vector<std::vector<Cell>>& rows,
                       const Style& style) {
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < columns.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i].text));
  }
  std::vector<std::size_t> shown;
  std::vector<Cell> titles(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    titles[i] = {columns[i].title, Colour::kBold};
    if (widths[i] > 0) shown.push_back(i);
    widths[i] = std::max(widths[i], width_of(columns[i].title));
  }
  std::string text;
  const auto append_row = [&](const std::vector<Cell>& row) {
    std::string line;
    std::size_t last = shown.size();
    while (last > 0 && row[shown[last - 1]].text.empty()) --last;
    for (std::size_t n = 0; n < last; ++n) {
      const std::size_t i = shown[n];
      const bool pad = n + 1 < last || columns[i].to_the_right;
      append_cell(line, row[i], pad ? widths[i] : width_of(row[i].text), columns[i].to_the_right, style);
    }
    text += line + "\n";
  };
  append_row(titles);
  for (const auto& row : rows) append_row(row);
  return text;
}

}  // namespace ductus::cli
