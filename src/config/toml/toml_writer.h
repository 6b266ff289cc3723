// to_toml(): settings → the text of a TOML file that says the same.
//
// Thread: any.
#pragma once

#include <span>
#include <string>

#include "config/load.h"
#include "config/tree.h"

namespace ductus::config {

struct TomlForm {
  bool origins = false;       ///< behind each key, as a comment, where its value comes from
  bool hide_secrets = false;  ///< "***" in place of passwords, tokens and the like, also within URLs
};

/// `settings` in the order of the documentation, as explain() and convert() have them.
std::string to_toml(std::span<const Setting> settings, const TomlForm& form);

/// One value, on one line.
std::string to_toml(const Tree& value);

/// True where `value`, the one of a key `path`, holds something that to_toml() hides.
bool holds_secret(const std::string& path, const Tree& value);

}  // namespace ductus::config
