#include "config/erlang/init_value.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/escape.h"
#include "config/utf8.h"

namespace ductus::config::erlang {
namespace {

constexpr std::size_t kMaxShownBytes = 80;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = decode_utf8(text).size;
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

Tree at_place(const Term& term) { return Tree{"", term.at, term.at, ""}; }

std::optional<Tree> list_of(const Term& term, Problems& problems) {
  Tree tree = at_place(term);
  Tree::List list;
  list.reserve(term.elements.size());
  for (const Term& element : term.elements) {
    auto value = init_value(element, problems);
    if (!value) return std::nullopt;
    list.push_back(*std::move(value));
  }
  tree.data = std::move(list);
  return tree;
}

bool add_entry(const Term& name, const Term& value, Tree::Table& table, Problems& problems) {
  const auto key = text_of(name);
  if (!key) {
    problems.add(name.at, "expected a name, got " + shown(name));
    return false;
  }
  auto entry = init_value(value, problems);
  if (!entry) return false;
  entry->key_at = name.at;
  const bool fresh = table.emplace(*key, *std::move(entry)).second;
  if (!fresh) problems.add(name.at, shown(name) + " is given twice");
  return fresh;
}

std::optional<Tree> table_of(const Term& term, Problems& problems) {
  Tree tree = at_place(term);
  Tree::Table table;
  if (term.kind == Term::Kind::kMap) {
    for (std::size_t i = 0; i < term.elements.size(); i += 2) {
      if (!add_entry(term.elements[i], term.elements[i + 1], table, problems)) return std::nullopt;
    }
  } else {
    for (const Term& pair : term.elements) {
      if (!add_entry(pair.elements[0], pair.elements[1], table, problems)) return std::nullopt;
    }
  }
  tree.data = std::move(table);
  return tree;
}

bool is_list_of_pairs(const Term& term) {
  const auto names_something = [](const Term& element) { return element.is_pair() && element.elements[0].is_text(); };
  return term.kind == Term::Kind::kList && !term.elements.empty() &&
         std::all_of(term.elements.begin(), term.elements.end(), names_something);
}

}  // namespace

std::optional<std::string> text_of(const Term& term) {
  if (!term.is_text() || !is_utf8(term.text)) return std::nullopt;
  return term.text;
}

std::string shown(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kAtom:
      return "'" + base::escaped(term.text, kMaxShownBytes) + "'";
    case Term::Kind::kText:
    case Term::Kind::kBinary:
      return '"' + base::escaped(term.text, kMaxShownBytes) + '"';
    case Term::Kind::kInteger:
      return std::to_string(term.integer);
    case Term::Kind::kFloat:
      return std::to_string(term.real);
    default:
      return std::string(name_of(term.kind));
  }
}

std::optional<Tree> init_value(const Term& term, Problems& problems) {
  Tree tree = at_place(term);
  switch (term.kind) {
    case Term::Kind::kAtom:
      if (term.is_atom("true") || term.is_atom("false")) {
        tree.data = term.is_atom("true");
      } else {
        tree.data = term.text;
      }
      return tree;
    case Term::Kind::kText:
    case Term::Kind::kBinary:
      if (!text_of(term)) {
        problems.add(term.at, "the bytes of this binary are no UTF-8: write <<\"…\"/utf8>>");
        return std::nullopt;
      }
      tree.data = term.text;
      return tree;
    case Term::Kind::kInteger:
      tree.data = term.integer;
      return tree;
    case Term::Kind::kFloat:
      tree.data = term.real;
      return tree;
    case Term::Kind::kMap:
      return table_of(term, problems);
    case Term::Kind::kTuple:
    case Term::Kind::kList:
      return is_list_of_pairs(term) ? table_of(term, problems) : list_of(term, problems);
  }
  return std::nullopt;
}

}  // namespace ductus::config::erlang
