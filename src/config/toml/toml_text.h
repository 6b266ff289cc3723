// parse_toml(): TOML text → Tree, with line and column of every key and value. The only place that knows toml++.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "config/tree.h"
#include "ductus/result.h"

namespace ductus::config {

/// A whole document; the Tree is a table. Dates and times become text.
/// Errors, with `file:line:column` in front: kInvalid (no TOML), kLimit (nested too deeply).
Result<Tree> parse_toml(std::string_view text, const std::shared_ptr<const std::string>& file);

/// One value, as after a `key =`. Every place in it is `origin`. Errors: kInvalid, kLimit, without a place.
Result<Tree> parse_toml_value(std::string_view text, const Origin& origin);

}  // namespace ductus::config
