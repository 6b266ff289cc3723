// What verbs and `attach` tell a running node to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::cli {

/// A topic of the node, or one partition of it.
struct Place {
  std::string topic;
  std::optional<std::int32_t> partition;
};

/// "orders" or "orders/3"; nullopt where the text is neither.
std::optional<Place> place_from(std::string_view text);

/// Asks `METHOD path`, with `body` where there is one, and returns the answer's body. Blocking: at most kAnswerTimeout.
/// Errors: kNotFound (no node runs), kRefused and kInvalid with the node's own words, kUnsupported (a node of another
/// version), and those of control::request().
Result<std::string> tell_node(const config::NodeConfig& config, const std::string& method, const std::string& path,
                              const std::string& body = {});

/// `action`: pause, resume or restart. Returns once a pause or resume is noted for good, or a restart has begun.
/// Errors: as of tell_node(), and kIo with the node's own words: it is done, but could not be noted.
Result<void> act_on(const config::NodeConfig& config, const std::string& action, const Place& place);
/// What the node's answer to a command says of its outcome, waited for at most `timeout`: {"change": N}.
/// Errors: that of `begun`; kIo with the node's own words: it failed; kTimedOut: it is not over yet.
Result<void> finish_change(const config::NodeConfig& config, const Result<std::string>& begun,
                           std::chrono::milliseconds timeout);
/// "paused", "resumed", "is being restarted".
std::string done_word(const std::string& action);

}  // namespace ductus::cli
