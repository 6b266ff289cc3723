// PLACE: TOPIC or TOPIC/PARTITION, as an argument of a verb.
#pragma once

#include <CLI/App.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/attach/node_commands.h"

namespace ductus::cli {

/// Adds it to what `app` takes; `place` is what was typed.
CLI::Option* add_place(CLI::App& app, const std::shared_ptr<std::optional<Place>>& place, const std::string& meaning);

}  // namespace ductus::cli
