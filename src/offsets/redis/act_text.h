// An operator's act as an element of the journal's list in Redis.
//
//   element = act " " count "\n" body          the head is written by the script, which counts the acts
//   body    = text(at) text(who) text(why) "\n" position…
//   text    = size ":" bytes ","                a netstring: names may hold any bytes
//   position = text(field) before ";" after "\n"          each as place_text()
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ports/offset_store.h"

namespace ductus::offsets {

/// An element of more bytes is not written, and not read.
inline constexpr std::size_t kMaxActBytes = std::size_t{64} << 20;

/// All but the head.
std::string act_body(const ports::JournalAct& act);
/// nullopt: no element of ours.
std::optional<ports::JournalAct> act_in(std::string_view element);

}  // namespace ductus::offsets
