#include "config/toml/toml_text.h"

#include <toml++/toml.h>

#include <sstream>

#include "base/escape.h"
#include "config/toml/nesting.h"

namespace ductus::config {
namespace {

constexpr std::size_t kMaxDescriptionBytes = 400;

class Converter {
 public:
  /// `fixed` is null where places are to be taken from the text.
  Converter(const std::shared_ptr<const std::string>& file, const Origin* fixed) : file_(file), fixed_(fixed) {}

  Tree convert(const toml::node& node) const {
    Tree tree;
    tree.at = place(node.source());
    tree.key_at = tree.at;
    if (const auto* table = node.as_table()) {
      Tree::Table entries;
      for (const auto& [key, value] : *table) {
        Tree entry = convert(value);
        entry.key_at = place(key.source());
        entries.emplace(std::string(key.str()), std::move(entry));
      }
      tree.data = std::move(entries);
    } else if (const auto* array = node.as_array()) {
      Tree::List elements;
      elements.reserve(array->size());
      for (const toml::node& element : *array) elements.push_back(convert(element));
      tree.data = std::move(elements);
    } else {
      tree.data = scalar(node);
    }
    return tree;
  }

 private:
  Origin place(const toml::source_region& region) const {
    if (fixed_ != nullptr) return *fixed_;
    return {file_, region.begin.line, region.begin.column};
  }

  static decltype(Tree::data) scalar(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return number->get();
    if (const auto* real = node.as_floating_point()) return real->get();
    if (const auto* flag = node.as_boolean()) return flag->get();
    std::ostringstream moment;
    if (const auto* date = node.as_date()) moment << date->get();
    if (const auto* time = node.as_time()) moment << time->get();
    if (const auto* both = node.as_date_time()) moment << both->get();
    return std::move(moment).str();
  }

  const std::shared_ptr<const std::string>& file_;
  const Origin* fixed_;
};

}  // namespace

Result<Tree> parse_toml(std::string_view text, const std::shared_ptr<const std::string>& file) {
  if (auto shallow = check_nesting(text); !shallow) {
    return Error{shallow.error().code, base::escaped(*file) + ": " + shallow.error().message};
  }
  try {
    const toml::table table = toml::parse(text, std::string_view(*file));
    return Converter(file, nullptr).convert(table);
  } catch (const toml::parse_error& error) {
    const auto at = error.source().begin;
    return Error{ErrorCode::kInvalid, Origin{file, at.line, at.column}.to_text() + ": " +
                                          base::escaped(error.description(), kMaxDescriptionBytes)};
  }
}

Result<Tree> parse_toml_value(std::string_view text, const Origin& origin) {
  if (auto shallow = check_nesting(text); !shallow) return std::move(shallow).error();
  try {
    const toml::table table = toml::parse("v=" + std::string(text));
    const toml::node* value = table.get("v");
    // More lines could hold more keys.
    if (value == nullptr || table.size() != 1) return Error{ErrorCode::kInvalid, "more than one value"};
    return Converter(origin.source, &origin).convert(*value);
  } catch (const toml::parse_error& error) {
    return Error{ErrorCode::kInvalid, base::escaped(error.description(), kMaxDescriptionBytes)};
  }
}

}  // namespace ductus::config
