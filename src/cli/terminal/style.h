// Style: how text is dressed for who reads it: a person at a terminal, or a pipe.
//
// Thread: a plain value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/layers.h"

namespace ductus::cli {

enum class Colour : std::uint8_t { kNone, kBold, kDim, kGreen, kYellow, kRed };
enum class ColourChoice : std::uint8_t { kAuto, kAlways, kNever };

struct Style {
  bool colour = false;
  bool unicode = true;      ///< marks and curves beyond ASCII can be shown
  bool terminal = false;    ///< a person reads along: a hint is welcome
  std::size_t columns = 0;  ///< of the terminal; 0: as wide as it gets

  /// `text` in its colour; as it is where there are none. It must hold no control bytes.
  std::string paint(std::string_view text, Colour in) const;
};

/// "auto", "always" or "never".
std::optional<ColourChoice> colour_choice(std::string_view word);

/// For what is written to `fd`. kAuto: colours on a terminal, unless NO_COLOR is set or TERM is "dumb". Unicode is left
/// out where LC_ALL, LC_CTYPE or LANG (the first that is set) names a locale without UTF-8.
Style style_for(int fd, ColourChoice choice, const config::Environment& environment);

}  // namespace ductus::cli
