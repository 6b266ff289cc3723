// ProcessHandle: a process by a descriptor instead of by its number, which may be another's tomorrow (pidfd_open(2)).
//
// Move only. Thread: any, one at a time.
#pragma once

#include <sys/types.h>

#include <chrono>

#include "ductus/result.h"

namespace ductus::base {

class ProcessHandle {
 public:
  /// Takes hold of the process that has this number now: the caller makes sure, afterwards, that it is the one meant.
  /// Errors: kNotFound (there is none), kIo.
  static Result<ProcessHandle> open(pid_t id);

  ProcessHandle(ProcessHandle&& other) noexcept;
  ProcessHandle& operator=(ProcessHandle&& other) noexcept;
  ~ProcessHandle();

  pid_t id() const noexcept { return id_; }
  /// True once it has ended. Blocking: at most `timeout`.
  bool wait_for_end(std::chrono::milliseconds timeout) const;
  bool has_ended() const { return wait_for_end(std::chrono::milliseconds(0)); }
  /// Sends a signal; to one that has ended, that is nothing. Error: kIo.
  Result<void> signal(int number) const;

 private:
  ProcessHandle(int fd, pid_t id) noexcept : fd_(fd), id_(id) {}
  int fd_ = -1;
  pid_t id_ = -1;
};

}  // namespace ductus::base
