// watch_status(): `status --watch`.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "cli/status/status_text.h"
#include "cli/surroundings.h"
#include "config/node_config.h"

namespace ductus::cli {

struct WatchOptions {
  std::chrono::milliseconds every{2'000};
  bool on_screen = false;  ///< the whole terminal, drawn anew; otherwise one block of text after the other
  StatusView view;
  Style style;
  std::function<std::string(const operate::StatusReport&)> text_of;  ///< a block, of what is not on a screen
};

/// Until the person at the terminal leaves it, a signal comes, or `around.out` takes no more. A node that goes down and
/// comes back is watched on. Returns the exit code. Blocking: until then.
int watch_status(const config::NodeConfig& config, Surroundings& around, const WatchOptions& options);

}  // namespace ductus::cli
