// to_toml(): settings → the text of a TOML file that says the same.
//
// Thread: any.
#pragma once

#include <span>
#include <string>

#include "config/tree.h"

namespace ductus::config {

/// `settings` in the order of the documentation, as settings_of() and convert() have them; `with_origins`: behind each
/// key, as a comment, where its value comes from.
std::string to_toml(std::span<const Setting> settings, bool with_origins = false);

/// One value, on one line.
std::string to_toml(const Tree& value);

}  // namespace ductus::config
