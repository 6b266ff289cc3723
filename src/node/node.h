// run(): a node from its configuration to its end. The one place where the parts are put together.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/process_handle.h"
#include "config/node_config.h"
#include "ductus/app.h"
#include "ductus/module.h"
#include "ductus/result.h"

namespace ductus::node {

struct RunOptions {
  bool until_end = false;  ///< end once every partition has passed the readable end seen at the start
  std::optional<std::chrono::milliseconds> timeout;  ///< of until_end
  /// Loads the configuration again, for SIGHUP; empty: there is none to load.
  std::function<Result<config::NodeConfig>()> reload;
  std::function<void()> when_up;                  ///< called once, when the control socket answers
  const base::ProcessHandle* guardian = nullptr;  ///< of a daemon: the process that starts it again
};

/// The modules that `config` may name: the user's, then those that ship. Of two with the same name the first counts.
std::vector<ModuleEntry> all_modules(std::vector<ModuleEntry> users, const config::NodeConfig& config);

/// Runs a node in this process until it is stopped (SIGTERM, SIGINT, POST /v1/stop) or, with until_end, has read to the
/// end; a second signal, the guardian's aside, ends it by force. Returns the process's exit code: 0 ended well · 1
/// failed, or calls had to be left behind · 4 `timeout` is over · 5 another node owns the folder or the store. Why is
/// said on stderr. Blocking: all the while. Thread: the main thread, before any other was started; it blocks SIGTERM,
/// SIGINT and SIGHUP. After a forced end (a callback that does not return) it does not return either, but ends the
/// process with that code.
int run(const config::NodeConfig& config, std::unique_ptr<Module> module, const RunOptions& options);

}  // namespace ductus::node
