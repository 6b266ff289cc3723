// running: whether a node of this configuration is there.
#include "cli/verb.h"
#include "control/node_process.h"
#include "daemon/guardian_lock.h"
#include "node/lock.h"

namespace ductus::cli {
namespace {

int tell_whether_running(const Call&, const config::NodeConfig& config, Surroundings& around) {
  const auto process = control::NodeProcess::find(control::socket_path(config.dir));
  // One whose queue is full runs as well.
  const bool runs = process || process.error().code == ErrorCode::kTimedOut || node::node_is_there(config);
  if (!runs && process.error().code != ErrorCode::kNotFound) {
    say(around, process.error().message);
    return to_int(ExitCode::kFailed);
  }
  if (const auto guardian = daemon::find_guardian(config.dir); !runs && guardian && *guardian) {
    say(around, config.name + " has crashed, and its guardian (process " + std::to_string((*guardian)->id()) +
                    ") starts it again");
  }
  around.out << (runs ? "true\n" : "false\n");
  return to_int(runs ? ExitCode::kOk : ExitCode::kNotRunning);
}

}  // namespace

Action describe_running(CLI::App&) { return with_config(tell_whether_running); }

}  // namespace ductus::cli
