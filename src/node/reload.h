// Reload: what SIGHUP makes of a running node.
//
// Thread: one call at a time; reads files, so it blocks on disk.
#pragma once

#include <functional>
#include <mutex>

#include "base/byte_budget.h"
#include "base/log.h"
#include "config/node_config.h"
#include "ductus/result.h"
#include "handlers/runner.h"
#include "node/api/api.h"
#include "node/workers.h"

namespace ductus::node {

class Reload {
 public:
  /// How the configuration is loaded again.
  using Load = std::function<Result<config::NodeConfig>()>;

  /// All outlive it.
  Reload(const config::NodeConfig& config, Load load, base::Log& log, base::ByteBudget& budget,
         handlers::Runner& runner, Api& api)
      : config_(config), load_(std::move(load)), log_(log), budget_(budget), runner_(runner), api_(api) {}

  /// Opens the log file anew, loads the configuration and has the node follow it; says in the log what was done, and
  /// which keys need a restart. With one that is invalid the node goes on as before.
  void run(Workers& workers);

 private:
  void follow(const config::NodeConfig& now, Workers& workers);

  std::mutex mutex_;
  config::NodeConfig config_;  ///< as the node goes by it
  Load load_;
  base::Log& log_;
  base::ByteBudget& budget_;
  handlers::Runner& runner_;
  Api& api_;
};

}  // namespace ductus::node
