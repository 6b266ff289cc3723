// Tree: a piece of configuration as it was written, with the place where it stands.
//
// Thread: a plain value.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "ductus/value.h"

namespace ductus::config {

/// Where something was written: a line of a file, a variable of the environment, an argument.
struct Origin {
  std::shared_ptr<const std::string> source;  ///< never null once it is in a Tree
  std::uint32_t line = 0;                     ///< from 1; 0: no line, the source says all
  std::uint32_t column = 0;                   ///< from 1, in characters

  /// "config/local.toml:3:10", or the source alone. Control characters are escaped.
  std::string to_text() const;
  bool in_file() const noexcept { return line > 0; }
};

struct Tree {
  using List = std::vector<Tree>;
  using Table = std::map<std::string, Tree, std::less<>>;

  std::variant<bool, std::int64_t, double, std::string, List, Table> data;
  Origin at;      ///< of the value
  Origin key_at;  ///< of its key; as `at` where it has none
  /// The text before ${…} was replaced: the only form that may be shown. Empty where nothing was replaced.
  std::string written;

  const std::int64_t* as_int() const noexcept { return std::get_if<std::int64_t>(&data); }
  const std::string* as_text() const noexcept { return std::get_if<std::string>(&data); }
  const List* as_list() const noexcept { return std::get_if<List>(&data); }
  const Table* as_table() const noexcept { return std::get_if<Table>(&data); }
};

/// A key and where its value comes from.
struct Setting {
  std::string path;    ///< as it was written: "periodic.every_ms"
  Tree value;          ///< as it was written: `${NAME}` is not replaced
  std::string origin;  ///< "config/local.toml:3:10", "environment variable X", "--set log.level", "default"
};
/// By the path of the key in the documentation.
using Settings = std::map<std::string, Setting, std::less<>>;

/// The content without the places.
Value to_value(const Tree& tree);
/// `value`, which is not null, with `origin` as the place of everything in it.
Tree to_tree(const Value& value, const Origin& origin);

/// The value for an error message: short, escaped, secrets as they were written: `"host:x"`, `17`, `a table`.
std::string shown(const Tree& tree);

/// `over` laid upon `under`: tables merge, everything else is replaced.
void merge(Tree& under, Tree over);

}  // namespace ductus::config
