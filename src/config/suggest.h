// closest(): the word that somebody may have meant.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace ductus::config {

/// The candidate that differs least from `word`, in letters added, left out, changed or swapped; nullopt where none
/// is near.
std::optional<std::string> closest(std::string_view word, std::span<const std::string> candidates);

}  // namespace ductus::config
