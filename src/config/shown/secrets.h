// What of a configuration nobody is shown: passwords, tokens and the like.
//
// Thread: any.
#pragma once

#include <string>
#include <string_view>

#include "config/tree.h"

namespace ductus::config {

/// `text` with "***" for the password in each `scheme://user:password@host` of it.
std::string without_password(std::string_view text);

/// `value`, the one of a key `path`, with "***" for what is secret: all of a key whose name says so, and passwords
/// within URLs. What a file says by ${NAME} stays: that is the place of a secret.
Tree without_secrets(std::string_view path, Tree value);

/// True where `value`, the one of a key `path`, holds something that without_secrets() hides.
bool holds_secret(std::string_view path, const Tree& value);

}  // namespace ductus::config
