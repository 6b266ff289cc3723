#include "config/tree.h"

#include <type_traits>

#include "base/escape.h"

namespace ductus::config {
namespace {

constexpr std::size_t kMaxShownBytes = 80;

}  // namespace

std::string Origin::to_text() const {
  std::string text = base::escaped(*source);
  if (in_file()) text += ':' + std::to_string(line) + ':' + std::to_string(column);
  return text;
}

Value to_value(const Tree& tree) {
  return std::visit(
      [](const auto& data) -> Value {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, Tree::List>) {
          Value::List list;
          list.reserve(data.size());
          for (const Tree& element : data) list.push_back(to_value(element));
          return list;
        } else if constexpr (std::is_same_v<Data, Tree::Table>) {
          Value::Map map;
          for (const auto& [key, element] : data) map.emplace(key, to_value(element));
          return map;
        } else {
          return data;
        }
      },
      tree.data);
}

Tree to_tree(const Value& value, const Origin& origin) {
  Tree tree{"", origin, origin, ""};
  if (const auto* list = value.as_list()) {
    Tree::List elements;
    elements.reserve(list->size());
    for (const Value& element : *list) elements.push_back(to_tree(element, origin));
    tree.data = std::move(elements);
  } else if (const auto* map = value.as_map()) {
    Tree::Table table;
    for (const auto& [key, element] : *map) table.emplace(key, to_tree(element, origin));
    tree.data = std::move(table);
  } else if (const auto* text = value.as_string()) {
    tree.data = *text;
  } else if (const auto* number = value.as_int()) {
    tree.data = *number;
  } else if (const auto* real = value.as_double()) {
    tree.data = *real;
  } else if (const auto* flag = value.as_bool()) {
    tree.data = *flag;
  }
  return tree;
}

std::string shown(const Tree& tree) {
  if (!tree.written.empty()) return '"' + base::escaped(tree.written, kMaxShownBytes) + '"';
  return std::visit(
      [](const auto& data) -> std::string {
        using Data = std::decay_t<decltype(data)>;
        if constexpr (std::is_same_v<Data, Tree::List>) {
          return data.empty() ? "an empty list" : "a list";
        } else if constexpr (std::is_same_v<Data, Tree::Table>) {
          return "a table";
        } else if constexpr (std::is_same_v<Data, std::string>) {
          return '"' + base::escaped(data, kMaxShownBytes) + '"';
        } else if constexpr (std::is_same_v<Data, bool>) {
          return data ? "true" : "false";
        } else {
          return std::to_string(data);
        }
      },
      tree.data);
}

void merge(Tree& under, Tree over) {
  auto* lower = std::get_if<Tree::Table>(&under.data);
  auto* upper = std::get_if<Tree::Table>(&over.data);
  if (lower == nullptr || upper == nullptr) {
    under = std::move(over);
    return;
  }
  for (auto& [key, value] : *upper) {
    const auto [entry, fresh] = lower->try_emplace(key);
    if (fresh) {
      entry->second = std::move(value);
    } else {
      merge(entry->second, std::move(value));
    }
  }
}

}  // namespace ductus::config
