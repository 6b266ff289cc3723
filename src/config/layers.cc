#include "config/layers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/escape.h"
#include "config/kafka_names.h"
#include "config/readers.h"
#include "config/toml/toml_text.h"

namespace ductus::config {
namespace {

constexpr std::string_view kSource = "source.";

bool is_name_letter(char c, bool first) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' || (!first && c >= '0' && c <= '9');
}

// `text` with ${NAME} replaced; $${ stands for ${ itself. The error says what is wrong with the text.
Result<std::string> expand(std::string_view text, const Environment& environment) {
  std::string expanded;
  while (!text.empty() && expanded.size() <= kMaxExpandedBytes) {
    const std::size_t dollar = text.find("${");
    expanded += text.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    text.remove_prefix(dollar + 2);
    if (dollar > 0 && expanded.ends_with('$')) {
      expanded += '{';
      continue;
    }
    std::size_t size = 0;
    while (size < text.size() && is_name_letter(text[size], size == 0)) ++size;
    const std::string name(text.substr(0, size));
    if (name.empty() || size == text.size() || text[size] != '}') {
      return Error{ErrorCode::kInvalid, "expected ${NAME}; write $${ for ${ itself"};
    }
    const auto value = environment(name);
    if (!value) return Error{ErrorCode::kInvalid, "the environment has no variable " + name};
    expanded += *value;
    text.remove_prefix(size + 1);
  }
  if (expanded.size() <= kMaxExpandedBytes) return expanded;
  return Error{ErrorCode::kLimit, "longer than " + std::to_string(kMaxExpandedBytes) + " bytes with its variables"};
}

// Expands all text in `tree`; false where a problem was found.
bool expand_all(Tree& tree, const Environment& environment, Problems& problems) {
  bool good = true;
  if (auto* list = std::get_if<Tree::List>(&tree.data)) {
    for (Tree& element : *list) good = expand_all(element, environment, problems) && good;
  } else if (auto* table = std::get_if<Tree::Table>(&tree.data)) {
    for (auto& [key, element] : *table) good = expand_all(element, environment, problems) && good;
  } else if (auto* text = std::get_if<std::string>(&tree.data); text != nullptr && tree.at.in_file()) {
    if (text->find("${") == std::string::npos) return true;
    auto expanded = expand(*text, environment);
    if (!expanded) {
      problems.add(tree.at, shown(tree) + ": " + expanded.error().message, expanded.error().code);
      return false;
    }
    tree.written = std::exchange(*text, *std::move(expanded));
  }
  return good;
}

std::string quoted_path(const std::string& path) { return "'" + base::escaped(path, kMaxTextBytes) + "'"; }

}  // namespace

std::string variable_of(std::string_view path) {
  std::string name = "DUCTUS__";
  bool in_table = true;
  for (const char c : path) {
    if (c == '.') {
      name += in_table ? "__" : "_";
      in_table = false;
    } else {
      name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
  }
  return name;
}

void Layers::add_document(const Tree& document) {
  Layer layer;
  if (const Tree::Table* table = document.as_table()) collect(*table, "", layer);
  lay(std::move(layer));
}

void Layers::add_environment(const Environment& environment) {
  Layer layer;
  for (const Key& key : keys()) {
    for (const std::string& path : {std::string(key.path), ms_alias_of(key)}) {
      if (path.empty()) continue;
      const std::string name = variable_of(path);
      const auto text = environment(name);
      if (!text) continue;
      const Origin origin{std::make_shared<const std::string>("environment variable " + name)};
      add_text(key, path, *text, origin, layer);
    }
  }
  lay(std::move(layer));
}

void Layers::add_argument(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  const std::string path = argument.substr(0, equals);
  const Origin origin{std::make_shared<const std::string>("--set " + path.substr(0, kMaxTextBytes))};
  if (equals == std::string::npos || path.empty()) {
    return problems_.add(origin, "expected KEY=VALUE, such as log.level=debug");
  }
  const std::string text = argument.substr(equals + 1);
  Layer layer;
  if (const Key* key = find_key(path)) {
    add_text(*key, path, text, origin, layer);
    return lay(std::move(layer));
  }
  // A key below free settings (handler.settings.path) is read as TOML where it is TOML, and nested as its dots say.
  auto value = parse_toml_value(text, origin);
  Tree tree = value ? *std::move(value) : Tree{text, origin, origin, ""};
  std::size_t dot = path.rfind('.');
  for (std::size_t end = path.size(); dot != std::string::npos; end = dot, dot = path.rfind('.', dot - 1)) {
    Tree::Table table;
    table.emplace(path.substr(dot + 1, end - dot - 1), std::move(tree));
    tree = Tree{std::move(table), origin, origin, ""};
    const Key* key = find_key(path.substr(0, dot));
    if (key != nullptr && takes_table(*key)) {
      add_setting(*key, path.substr(0, dot), std::move(tree), layer);
      return lay(std::move(layer));
    }
    if (dot == 0) break;
  }
  refuse(path, Tree{text, origin, origin, ""});
}

void Layers::collect(const Tree::Table& table, const std::string& front, Layer& layer) {
  for (const auto& [name, value] : table) {
    const std::string path = front.empty() ? name : front + '.' + name;
    const bool nested = value.as_table() != nullptr;
    const Key* key = find_key(path);
    if (key != nullptr && (!nested || takes_table(*key) || !is_table_of_keys(path))) {
      add_setting(*key, path, value, layer);
    } else if (nested && (is_table_of_keys(path) ||
                          (path.starts_with(kSource) && is_front_of_kafka_name(path.substr(kSource.size()))))) {
      collect(*value.as_table(), path, layer);
    } else {
      refuse(path, value);
    }
  }
}

void Layers::refuse(const std::string& path, const Tree& value) {
  const std::string shown_path = quoted_path(path);
  if (path.starts_with(kSource)) {
    if (const KafkaName* name = find_unsupported_kafka_name(std::string_view(path).substr(kSource.size()))) {
      const std::string advice = name->advice.empty() ? "" : ": " + std::string(name->advice);
      return problems_.add(value.key_at, shown_path + " is not supported by this version" + advice,
                           ErrorCode::kUnsupported);
    }
  }
  if (is_table_of_keys(path)) {
    return problems_.add(value.key_at, shown_path + ": expected a table, got " + shown(value));
  }
  problems_.add(value.key_at, "unknown key " + shown_path + advice_for(path));
}

void Layers::add_setting(const Key& key, const std::string& path, Tree value, Layer& layer) {
  const Origin at = value.key_at;
  const auto [entry, fresh] = layer.try_emplace(&key, Setting{std::move(value), path});
  if (!fresh) problems_.add(at, quoted_path(path) + " is given twice, also at " + entry->second.value.key_at.to_text());
}

void Layers::add_text(const Key& key, const std::string& path, const std::string& text, const Origin& origin,
                      Layer& layer) {
  const bool looks_like_toml = !text.empty() && std::string_view("\"'[{").find(text[0]) != std::string_view::npos;
  Tree value{text, origin, origin, ""};
  if (looks_like_toml || text_form_of(key) == TextForm::kToml) {
    auto parsed = parse_toml_value(text, origin);
    if (parsed) {
      value = *std::move(parsed);
    } else if (looks_like_toml) {
      return problems_.add(origin, quoted_path(path) + ": " + parsed.error().message, parsed.error().code);
    }
  }
  add_setting(key, path, std::move(value), layer);
}

void Layers::lay(Layer layer) {
  for (auto& [key, setting] : layer) {
    const auto [entry, fresh] = settings_.try_emplace(key);
    if (!fresh && takes_table(*key)) {
      merge(entry->second.value, std::move(setting.value));
    } else {
      entry->second.value = std::move(setting.value);
    }
    entry->second.written_as = std::move(setting.written_as);
  }
}

void Layers::apply_to(NodeConfig& config, const Environment& environment) const {
  for (const auto& [key, setting] : settings_) {
    Tree value = setting.value;
    if (expand_all(value, environment, problems_)) apply(*key, setting.written_as, value, config, problems_);
  }
}

}  // namespace ductus::config
