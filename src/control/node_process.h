// NodeProcess: the process behind a node's socket: waiting for its end, and ending it by force.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <utility>

#include "base/process_handle.h"
#include "ductus/result.h"

namespace ductus::control {

/// The node's socket in the node's folder.
inline std::filesystem::path socket_path(const std::filesystem::path& node_dir) { return node_dir / "control.sock"; }

/// Refers to the process itself, so that its number given to another process later does no harm.
class NodeProcess {
 public:
  /// The process that listens at `socket`, even where it answers nothing. Blocking: at most 2 s.
  /// Errors: kNotFound (nobody listens: not running), kTimedOut (its queue is full), kIo.
  static Result<NodeProcess> find(const std::filesystem::path& socket);

  pid_t id() const noexcept { return handle_.id(); }
  /// True once it has ended. Blocking: at most `timeout`.
  bool wait_for_end(std::chrono::milliseconds timeout) const { return handle_.wait_for_end(timeout); }
  /// Sends SIGKILL. Error: kIo.
  Result<void> kill() const;

 private:
  explicit NodeProcess(base::ProcessHandle handle) : handle_(std::move(handle)) {}
  base::ProcessHandle handle_;
};

}  // namespace ductus::control
