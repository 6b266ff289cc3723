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

constexpr std::string_view kUnknownCharacter = "\xEF\xBF\xBD";

// ---- values ----------------------------------------------------------------------------------------------

// What acts on a terminal or a viewer: control characters, and marks that turn the direction of writing.
bool is_control(char32_t character) {
  return character < 0x20 || (character >= 0x7F && character <= 0x9F) || (character >= 0x2028 && character <= 0x202E) ||
         (character >= 0x2066 && character <= 0x2069);
}

void append_by_number(std::string& text, char32_t character) {
  text += "\\u";
  for (const unsigned shift : {12u, 8u, 4u, 0u}) text += "0123456789ABCDEF"[character >> shift & 0xFu];
}

std::string quoted_text(std::string_view text) {
  std::string result = "\"";
  while (!text.empty()) {
    const auto [character, size] = decode_utf8(text);
    if (size == 0) {
      result += kUnknownCharacter;
    } else if (character == '"' || character == '\\') {
      result += {'\\', text[0]};
    } else if (character == '\n') {
      result += "\\n";
    } else if (character == '\t') {
      result += "\\t";
    } else if (is_control(character)) {
      append_by_number(result, character);
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
  explicit Writer(bool with_origins) : with_origins_(with_origins) {}

  void add(const Setting& setting) {
    const std::size_t dot = setting.path.find('.');
    const std::string table = dot == std::string::npos ? "" : setting.path.substr(0, dot);
    const Tree::List* topics = setting.path == "topics" ? setting.value.as_list() : nullptr;
    if (topics != nullptr) {
      for (const Tree& topic : *topics) add_topic(topic, setting.origin);
      return;
    }
    if (table != table_) {
      begin("[" + table + "]", "");
      table_ = table;
    }
    line(setting.path.substr(table.empty() ? 0 : dot + 1) + " = " + to_toml(setting.value), setting.origin);
  }

  std::string take() { return std::move(text_); }

 private:
  void begin(const std::string& header, const std::string& origin) {
    if (!text_.empty()) text_ += '\n';
    line(header, origin);
  }

  void line(const std::string& what, const std::string& origin) {
    text_ += what;
    if (with_origins_ && !origin.empty()) text_ += "  # " + base::escaped(origin);
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

  const bool with_origins_;
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

std::string to_toml(std::span<const Setting> settings, bool with_origins) {
  Writer writer(with_origins);
  for (const Setting& setting : settings) writer.add(setting);
  return writer.take();
}

}  // namespace ductus::config
