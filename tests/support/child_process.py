"""Processes that die with the test, whatever ends it, and waiting with a deadline."""

import ctypes
import os
import signal
import subprocess
import time

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def spawn(arguments, **options):
    """A subprocess.Popen that the kernel kills as soon as this process is gone."""
    test = os.getpid()

    def die_with_the_test():
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != test:  # it ended before the line above
            os._exit(1)

    return subprocess.Popen([str(argument) for argument in arguments], preexec_fn=die_with_the_test, **options)


def wait_until(condition, what, timeout_s=60):
    """Polls until condition() is true and returns that answer; after the deadline the test fails."""
    deadline = time.monotonic() + timeout_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout_s} s: {what}")
        time.sleep(0.02)
