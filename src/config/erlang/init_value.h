// init_value(): any Erlang term → the value that a callback module is given.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/erlang/terms.h"
#include "config/problems.h"
#include "config/tree.h"

namespace ductus::config::erlang {

/// Numbers and text as such; atoms as text, true and false as themselves; tuples and lists as lists, a list of pairs
/// {Name, Value} and a map as a table. nullopt where a problem was found: bytes that are no UTF-8, names of a table
/// that are no text or stand twice.
std::optional<Tree> init_value(const Term& term, Problems& problems);

/// The text of an atom, "…" or a binary; nullopt for anything else, and for bytes that are no UTF-8.
std::optional<std::string> text_of(const Term& term);

/// The term for a message, short and escaped: `"host"`, `'atom'`, `17`, `a tuple`.
std::string shown(const Term& term);

}  // namespace ductus::config::erlang
