// peek_at(): what the verb `peek`, and that of `attach`, look at and show.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/attach/node_commands.h"
#include "cli/terminal/style.h"
#include "config/node_config.h"
#include "ductus/result.h"
#include "operate/peek/peek.h"

namespace ductus::cli {

struct PeekArguments {
  Place place;
  std::size_t count = 1;               ///< from 1 to operate::kMaxPeeked
  std::optional<std::int64_t> offset;  ///< nullopt: where the node is, or what is stored while none runs
};

/// From 1 to operate::kMaxPeeked. Error: kInvalid.
Result<std::size_t> peek_count_from(std::string_view text);

/// Asks the node or the store for the place, and the brokers for the messages; it moves nothing. Blocking: at most
/// kAnswerTimeout for the node, as operate::peek() for the brokers. Errors: those of get_from_node() but kNotFound, of
/// operate::stored_entries() and operate::peek(); kInvalid for a topic that is not the configuration's.
Result<operate::Peeked> peek_at(const config::NodeConfig& config, const PeekArguments& arguments);

/// The messages, a line for each, escaped: on a terminal cut to its width. Empty where there are none.
std::string peek_text(const operate::Peeked& peeked, const Style& style);
/// Why there are fewer messages than `count`; empty where there are not.
std::string why_no_more(const operate::Peeked& peeked, std::size_t count);

}  // namespace ductus::cli
