// changes(): what a running node has to do to follow a configuration that was loaded anew.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/node_config.h"

namespace ductus::config {

/// Topics by name, in the order of the configuration that has them; keys by path, in the order of the documentation.
struct Changes {
  std::vector<std::string> added_topics;    ///< to be started
  std::vector<std::string> removed_topics;  ///< to be drained; their offsets stay
  std::vector<std::string> changed_topics;  ///< another init or other partitions: to be restarted
  std::vector<std::string> live;            ///< keys whose new value a running node takes over
  std::vector<std::string> restart;         ///< keys whose new value counts from the next start

  bool empty() const {
    return added_topics.empty() && removed_topics.empty() && changed_topics.empty() && live.empty() && restart.empty();
  }
};

/// Both come from load(), with the same request. Where `restart` is not empty, the node goes on with the old values of
/// those keys.
Changes changes(const NodeConfig& old, const NodeConfig& now);

/// `old` as a running node goes on with it once it follows `now`: topics and live keys of `now`, the rest of `old`.
NodeConfig followed(const NodeConfig& old, const NodeConfig& now);

/// True for a key that a running node can take over.
bool applies_live(std::string_view path) noexcept;

}  // namespace ductus::config
