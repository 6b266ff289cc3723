"""SteadyLoad: messages that keep coming, whatever the brokers do."""

import subprocess
import threading

from support import messages
from support.child_process import spawn

_LINES = 50
_PACE_S = 0.02
# What a broker that hangs does not answer is sent again after this, not after a minute.
_IMPATIENT = ("-X", "socket.timeout.ms=3000", "-X", "request.timeout.ms=3000")


class SteadyLoad:
    """kcat, which writes messages.lines(series, 0, …) into one partition, some 2,000 a second, until end().

    Each is in the log once and in order (idempotence, acks=all), over leaders that move, stop and die.
    """

    def __init__(self, bootstrap, topic, partition, series):
        self.series = series
        self.written = 0  # kcat has them; the log has them after end()
        self._ending = threading.Event()
        place = ["-b", bootstrap, "-P", "-t", topic, "-p", str(partition)]
        self._kcat = spawn(
            ["kcat", "-q", *place, "-X", "enable.idempotence=true", *_IMPATIENT, "-X", "log_level=2"],
            stdin=subprocess.PIPE,
        )
        self._writer = threading.Thread(target=self._write)
        self._writer.start()

    def end(self):
        """Returns how many messages the log has, once all are acknowledged."""
        self._ending.set()
        self._writer.join()
        self._kcat.stdin.close()
        code = self._kcat.wait(60)
        assert code == 0, f"kcat: exit {code}"
        return self.written

    def close(self):
        """Ends it by force, where end() was not reached."""
        self._ending.set()
        self._kcat.kill()
        self._kcat.wait()
        self._writer.join()

    def _write(self):
        try:
            while not self._ending.wait(_PACE_S):
                self._kcat.stdin.write(messages.lines(self.series, self.written, _LINES))
                self._kcat.stdin.flush()
                self.written += _LINES
        except OSError:
            pass  # kcat has died: end() says so
