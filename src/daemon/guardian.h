// launch(): a node that runs by itself, under a guardian that starts it again when it crashes.
//
//   caller ──fork()── guardian ──fork()── node, once for each start
//
// The guardian does nothing but wait: who is started again, and when, is decided by supervise/process_guard.h. It ends
// with a node that ended well, was ended by force, or says that starting it again is of no use (that another one runs:
// the lock of the folder lets no second one in). SIGTERM and SIGINT are passed on, once; a node that does not end in
// `stop_timeout` and a margin is killed. SIGHUP is passed on too, after the log was opened anew.
// When the guardian is killed the node goes on, unguarded. When `start` is killed both go on.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>

#include "base/process_handle.h"
#include "config/node_config.h"
#include "ductus/result.h"

namespace ductus::daemon {

/// What a node's process is given.
struct Guarded {
  std::function<void()> when_up;  ///< to be called once the node answers
  const base::ProcessHandle& guardian;
};
/// Runs the node and returns its exit code. Called in a process of its own, again for each start: what may have changed
/// since, such as the configuration, is read there.
using NodeMain = std::function<int(const Guarded&)>;

struct Launched {
  enum class How : std::uint8_t { kUp, kEnded, kTimedOut } how = How::kEnded;
  int exit_code = 0;  ///< kEnded: of the node; 1 where a signal killed it
  pid_t guardian = 0;
};

/// How long a node may take until it answers.
inline constexpr std::chrono::milliseconds kUpWithin{60'000};
/// How long after `stop_timeout` a node is killed.
inline constexpr std::chrono::milliseconds kStopMargin{5'000};

/// Starts guardian and node of `config`, whose folder exists. Unless it is up, nothing of it is left at the return; why
/// is in the log. Thread: the only one. Blocking: at most `patience`, and then until it has ended. Error: kIo.
Result<Launched> launch(const config::NodeConfig& config, const NodeMain& node,
                        std::chrono::milliseconds patience = kUpWithin);

}  // namespace ductus::daemon
