#include "config/shown/secrets.h"

#include <algorithm>
#include <array>
#include <utility>

#include "config/toml/toml_writer.h"

namespace ductus::config {
namespace {

constexpr std::string_view kHidden = "***";
constexpr auto kSecretNames =
    std::to_array<std::string_view>({"password", "passwd", "secret", "token", "credential", "api_key", "private_key"});

bool names_secret(std::string_view path) {
  std::string name(path.substr(path.rfind('.') + 1));
  std::ranges::transform(name, name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c; });
  const auto is_part = [&](std::string_view secret) { return name.find(secret) != std::string::npos; };
  return std::ranges::any_of(kSecretNames, is_part) && !name.ends_with("_file");
}

// ${NAME}, and nothing beside it.
bool is_reference(std::string_view text) { return text.starts_with("${") && text.find('}') == text.size() - 1; }

struct Range {
  std::size_t begin = 0;
  std::size_t end = 0;
};

// The password of the url whose "//" ends before `begin`: of what stands before the @, all behind the first colon.
Range password_in(std::string_view text, std::size_t begin) {
  const std::size_t host_end = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.rfind('@', host_end);
  const std::size_t colon = text.find(':', begin);
  if (at == std::string_view::npos || at < begin || colon >= at) return {};
  return {colon + 1, at};
}

std::string hide_passwords(std::string_view text, bool references_stay) {
  std::string shown;
  std::size_t done = 0;
  for (std::size_t scheme = 0; (scheme = text.find("://", scheme)) != std::string_view::npos; scheme += 3) {
    const Range password = password_in(text, scheme + 3);
    if (password.end <= done) continue;
    if (references_stay && is_reference(text.substr(password.begin, password.end - password.begin))) continue;
    shown += text.substr(done, password.begin - done);
    shown += kHidden;
    done = password.end;
  }
  return shown += text.substr(done);
}

}  // namespace

std::string without_password(std::string_view text) { return hide_passwords(text, false); }

Tree without_secrets(std::string_view path, Tree value) {
  auto* const text = std::get_if<std::string>(&value.data);
  const bool in_file = value.at.in_file();  // elsewhere nothing is replaced: what looks like a reference is none
  if (names_secret(path)) {
    if (text == nullptr || !in_file || !is_reference(*text)) value.data = std::string(kHidden);
  } else if (text != nullptr) {
    *text = hide_passwords(*text, in_file);
  } else if (auto* const list = std::get_if<Tree::List>(&value.data)) {
    for (Tree& element : *list) element = without_secrets(path, std::move(element));
  } else if (auto* const table = std::get_if<Tree::Table>(&value.data)) {
    for (auto& [key, element] : *table) element = without_secrets(key, std::move(element));
  }
  return value;
}

bool holds_secret(std::string_view path, const Tree& value) {
  return to_toml(without_secrets(path, value)) != to_toml(value);
}

}  // namespace ductus::config
