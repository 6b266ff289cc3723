#include "config/toml/toml_writer.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <type_traits>

#include "base/escape.h"
#include "config/utf8.h"

namespace ductus::config {
namespace {

constexpr std::string_view kHidden = "***";
constexpr std::string_view kUnknownCharacter = "\xEF\xBF\xBD";
constexpr auto kSecretNames =
    std::to_array<std::string_view>({"password", "passwd", "secret", "token", "credential", "api_key", "private_key"});

// ---- secrets ---------------------------------------------------------------------------------------------

bool names_secret(std::string_view path) {
  std::string name(path.substr(path.rfind('.') + 1));
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  const auto is_part = [&](std::string_view secret) { return name.find(secret) != std::string::npos; };
  return std::ranges::any_of(kSecretNames, is_part) && !name.ends_with("_file");
}

// scheme://user:password@host: without the password.
std::string without_password(const std::string& text) {
  const std::size_t scheme = text.find("://");
  if (scheme == std::string::npos) return text;
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.rfind('@', end);
  const std::size_t colon = text.find(':', begin);
  if (at == std::string::npos || at < begin || colon >= at) return text;
  return text.substr(0, colon + 1) + std::string(kHidden) + text.substr(at);
}

Tree without_secrets(const std::string& path, Tree tree) {
  const std::string* reference = tree.as_text();
  if (reference != nullptr && reference->find("${") != std::string::npos) return tree;  // the place of a secret
  if (names_secret(path)) {
    tree.data = std::string(kHidden);
  } else if (auto* text = std::get_if<std::string>(&tree.data)) {
    *text = without_password(*text);
  } else if (auto* list = std::get_if<Tree::List>(&tree.data)) {
    for (Tree& element : *list) element = without_secrets(path, std::move(element));
  } else if (auto* table = std::get_if<Tree::Table>(&tree.data)) {
    for (auto& [key, value] : *table) value = without_secrets(key, std::move(value));
  }
  return tree;
}

// ---- values ----------------------------------------------------------------------------------------------

std::string quoted_text(std::string_view text) {
  constexpr const char* kDigits = "0123456789ABCDEF";
  std::string result = "\"";
  while (!text.empty()) {
    const auto [character, size] = decode_utf8(text);
    const auto byte = static_cast<unsigned char>(text[0]);
    if (size == 0) {
      result += kUnknownCharacter;
    } else if (byte == '"' || byte == '\\') {
      result += {'\\', text[0]};
    } else if (byte == '\n') {
      result += "\\n";
    } else if (byte == '\t') {
      result += "\\t";
    } else if (byte < 0x20 || byte == 0x7F) {
      result += std::string("\\u00") + kDigits[byte >> 4u] + kDigits[byte & 0xFu];
    } else {
      result += text.substr(0, size);
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return result + '"';
}

std::string key_text(const std::string& key) {
  const bool bare = !key.empty() && std::ranges::all_of(key, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
  return bare ? key : quoted_text(key);
}

std::string real_text(double value) {
  std::array<char, 64> digits{};
  const auto [end, failure] = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  std::string text(digits.data(), end);
  if (text.find_first_of(".en") == std::string::npos) text += ".0";
  return text;
}

// ---- lines -----------------------------------------------------------------------------------------------

class Writer {
 public:
  explicit Writer(const TomlForm& form) : form_(form) {}

  void add(const Setting& setting) {
    const std::size_t dot = setting.path.find('.');
    const std::string table = dot == std::string::npos ? "" : setting.path.substr(0, dot);
    const Tree value = form_.hide_secrets ? without_secrets(setting.path, setting.value) : setting.value;
    const Tree::List* topics = setting.path == "topics" ? value.as_list() : nullptr;
    if (topics != nullptr) {
      for (const Tree& topic : *topics) add_topic(topic, setting.origin);
      return;
    }
    if (table != table_) {
      begin("[" + table + "]", "");
      table_ = table;
    }
    line(setting.path.substr(table.empty() ? 0 : dot + 1) + " = " + to_toml(value), setting.origin);
  }

  std::string take() { return std::move(text_); }

 private:
  void begin(const std::string& header, const std::string& origin) {
    if (!text_.empty()) text_ += '\n';
    line(header, origin);
  }

  void line(const std::string& what, const std::string& origin) {
    text_ += what;
    if (form_.origins && !origin.empty()) text_ += "  # " + base::escaped(origin);
    text_ += '\n';
  }

  void add_topic(const Tree& topic, const std::string& origin) {
    begin("[[topics]]", topic.at.source == nullptr ? origin : topic.at.to_text());
    const Tree::Table* table = topic.as_table();
    if (table == nullptr) return;
    if (const auto name = table->find("name"); name != table->end()) line("name = " + to_toml(name->second), "");
    for (const auto& [key, value] : *table) {
      if (key != "name") line(key_text(key) + " = " + to_toml(value), "");
    }
  }

  const TomlForm& form_;
  std::string text_;
  std::string table_;
};

}  // namespace

std::string to_toml(const Tree& value) {
  return std::visit(
      [](const auto& data) -> std::string {
        using Data = std::decay_t<decltype(data)>;
        std::string text;
        if constexpr (std::is_same_v<Data, Tree::List>) {
          for (const Tree& element : data) text += (text.empty() ? "" : ", ") + to_toml(element);
          return "[" + text + "]";
        } else if constexpr (std::is_same_v<Data, Tree::Table>) {
          for (const auto& [key, element] : data) {
            text += (text.empty() ? " " : ", ") + key_text(key) + " = " + to_toml(element);
          }
          return text.empty() ? "{}" : "{" + text + " }";
        } else if constexpr (std::is_same_v<Data, std::string>) {
          return quoted_text(data);
        } else if constexpr (std::is_same_v<Data, bool>) {
          return data ? "true" : "false";
        } else if constexpr (std::is_same_v<Data, double>) {
          return real_text(data);
        } else {
          return std::to_string(data);
        }
      },
      value.data);
}

std::string to_toml(std::span<const Setting> settings, const TomlForm& form) {
  Writer writer(form);
  for (const Setting& setting : settings) writer.add(setting);
  return writer.take();
}

bool holds_secret(const std::string& path, const Tree& value) {
  return to_toml(without_secrets(path, value)) != to_toml(value);
}

}  // namespace ductus::config
