#!/usr/bin/env python3
"""The speed of the node beside its rivals, all reading the same messages from the practice broker.

    ductus-null   the node with the handler `null`
    ductus-file   the node with the handler `file`, one message a line, into memory (tmpfs)
    librdkafka    its cheapest way to consume, with its best settings (librdkafka_main.cc)
    drain         the bytes out of the socket and nothing else: the floor (drain_main.cc)
    single-loop   the node's own parts in one bare loop (single_loop_main.cc); only where --only names it

Each run is a whole process, from start to exit, with a broker of its own: user and system time, wall-clock time, peak
memory, and the count, bytes and checksum of what it saw compared with what the broker served. The contestants take
turns run by run, each with as many messages as keep it busy for some seconds; what is compared is per message or
per GB of values. Pinned: the broker spins on one processor, the contestant has another one for itself.
Exit code 1: a contestant failed, or saw something else than was served.
"""

import argparse
import contextlib
import ctypes
import json
import os
import pathlib
import re
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

CASE = "100B-none"
TOPIC = "bench"
VALUE_BYTES = 100
TIMEOUT_S = 300
CALIBRATION_MESSAGES = 2_000_000
TMPFS = pathlib.Path("/dev/shm")
MAX_FILE_MESSAGES = 6_000_000  # in a file of 600 MB

CONFIG = """\
handler_name = "bench"
[node]
dir = "{folder}/run"
[source]
brokers = ["127.0.0.1:{port}"]
[store]
url = "memory:"
[offsets]
when_missing = "earliest"
[handler]
module = "{module}"
[log]
level = "warn"
[[topics]]
name = "{topic}"
init = "{output}"
"""


class RunFailed(Exception):
    """A contestant did not do its job."""


class Contestant:
    max_messages = 1_000_000_000

    def __init__(self, name, seconds, command):
        self.name = name
        self.seconds = seconds  # how long a run lasts at least on an otherwise idle machine
        self.command = command  # (port, messages, folder) -> arguments
        self.messages = CALIBRATION_MESSAGES

    def totals(self, printed, _folder):
        """What it saw: messages, and where it counts them value bytes and checksum."""
        match = re.search(r"^\w+: messages=(\d+)(?: value_bytes=(\d+) checksum=(\d+))?$", printed, re.MULTILINE)
        if not match:
            raise RunFailed(f"no totals in: {printed[-500:]!r}")
        names = ("messages", "value_bytes", "checksum")
        return {name: int(number) for name, number in zip(names, match.groups()) if number is not None}


class FileWriter(Contestant):
    max_messages = MAX_FILE_MESSAGES

    def totals(self, _printed, folder):
        """What the file holds, read line by line: each value has the same length."""
        line = struct.Struct(f"<Q{VALUE_BYTES - 8}xc")
        messages = checksum = 0
        with (folder / "output").open("rb") as file:
            while block := file.read(line.size * 100_000):
                for first_bytes, end in line.iter_unpack(block):
                    if end != b"\n":
                        raise RunFailed(f"line {messages} has another length")
                    checksum += first_bytes ^ messages
                    messages += 1
        return {"messages": messages, "value_bytes": messages * VALUE_BYTES, "checksum": checksum % 2**64}


def contestants(build):
    def node(module):
        def command(port, _messages, folder):
            config, output = folder / "node.toml", folder / "output"
            config.write_text(CONFIG.format(folder=folder, port=port, topic=TOPIC, module=module, output=output))
            return [build / "ductus", "console", config, "--until-end"]

        return command

    return [
        Contestant("ductus-null", 1.5, node("null")),
        FileWriter("ductus-file", 1.5, node("file")),
        Contestant("librdkafka", 3.0, lambda port, messages, _: [build / "bench_librdkafka", port, TOPIC, messages]),
        Contestant("drain", 1.5, lambda port, messages, _: [build / "bench_drain", port, TOPIC, messages]),
        Contestant("single-loop", 1.5, lambda port, messages, _: [build / "bench_single_loop", port, TOPIC, messages]),
    ]


# --- processes --------------------------------------------------------------------------------------------------------


def start(arguments, processor, **options):
    """Starts a process on one processor (None: on any). It dies with this script."""
    libc = ctypes.CDLL(None)
    death_signal = 1  # PR_SET_PDEATHSIG

    def prepare():
        libc.prctl(death_signal, signal.SIGKILL, 0, 0, 0)
        if processor is not None:
            os.sched_setaffinity(0, {processor})

    return subprocess.Popen([str(word) for word in arguments], preexec_fn=prepare, stdin=subprocess.DEVNULL, **options)


@contextlib.contextmanager
def sandbox(build, folder, messages, processor):
    """A broker with `messages` messages in one partition; gives its port and what a reader must see of them."""
    port, expected = folder / "port", folder / "expected.json"
    topic = f"{TOPIC}:1:{VALUE_BYTES}:none:{messages}"
    arguments = [build / "ductus-sandbox", "--prebuilt", topic, "--port-file", port, "--expect-file", expected]
    if processor is not None:
        arguments.append("--spin")
    broker = start(arguments, processor, stdout=subprocess.DEVNULL)
    try:
        while not port.exists():
            if broker.poll() is not None:
                raise RunFailed("the sandbox did not start")
            time.sleep(0.01)
        yield port.read_text().strip(), json.loads(expected.read_text())[0]
    finally:
        broker.kill()
        broker.wait()


class PeakMemory(threading.Thread):
    """Watches VmHWM of a process. ru_maxrss will not do: it starts with the memory of the process that forked."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.bytes = 0
        self._status = pathlib.Path(f"/proc/{pid}/status")
        self._ended = threading.Event()

    def run(self):
        while not self._ended.wait(0.05):
            with contextlib.suppress(OSError):
                match = re.search(r"VmHWM:\s+(\d+) kB", self._status.read_text())
                self.bytes = max(self.bytes, int(match[1]) * 1024 if match else 0)

    def end(self):
        self._ended.set()
        self.join()


def measure(arguments, processor, folder):
    """Runs a contestant: what it printed, wall-clock and CPU seconds, peak bytes."""
    output, errors = folder / "stdout", folder / "stderr"
    with output.open("wb") as stdout, errors.open("wb") as stderr:
        began = time.perf_counter()
        process = start(arguments, processor, stdout=stdout, stderr=stderr)
        memory = PeakMemory(process.pid)
        memory.start()
        alarm = threading.Timer(TIMEOUT_S, process.kill)
        alarm.daemon = True  # it must not hold up the end of this script
        alarm.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - began
        alarm.cancel()
        memory.end()
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        words = errors.read_text(errors="replace")[-2000:]
        raise RunFailed(f"{' '.join(map(str, arguments))}: exit {process.returncode}\n{words}")
    return output.read_text(), wall_s, usage.ru_utime + usage.ru_stime, memory.bytes


# --- runs -------------------------------------------------------------------------------------------------------------


def run(contestant, build, processors):
    """One row of the result."""
    broker_processor, processor = processors or (None, None)
    with tempfile.TemporaryDirectory(prefix="ductus-bench-", dir=TMPFS if TMPFS.is_dir() else None) as name:
        folder = pathlib.Path(name)
        with sandbox(build, folder, contestant.messages, broker_processor) as (port, expected):
            arguments = contestant.command(port, contestant.messages, folder)
            printed, wall_s, cpu_s, peak_bytes = measure(arguments, processor, folder)
            seen = contestant.totals(printed, folder)
    messages, checksum_ok = seen["messages"], all(expected[name] == number for name, number in seen.items())
    value_bytes = messages * VALUE_BYTES
    return {
        "case": CASE,
        "contestant": contestant.name,
        "messages": messages,
        "value_bytes": value_bytes,
        "wall_s": round(wall_s, 4),
        "cpu_s": round(cpu_s, 4),
        "cpu_s_per_gb": round(cpu_s / value_bytes * 1e9, 4),
        "messages_per_s": round(messages / wall_s),
        "peak_rss_bytes": peak_bytes,
        "checksum_ok": checksum_ok,
        "pinned": processors is not None,
    }


def calibrate(contestant, build, processors):
    """Chooses the message count that keeps this contestant busy for its time."""
    contestant.messages = CALIBRATION_MESSAGES
    while True:
        row = run(contestant, build, processors)
        # On a busy machine the wall clock runs while others work: it alone would make runs too short to tell anything.
        seconds = min(row["wall_s"], row["cpu_s"] / 0.6)
        most = contestant.messages == contestant.max_messages
        if seconds >= contestant.seconds or row["wall_s"] >= 8 * contestant.seconds or most:
            return
        # Of a short run most is start-up: the speed shows only as runs get longer.
        growth = min(1.2 * contestant.seconds / max(seconds, 0.01), 8)
        wanted = round(contestant.messages * growth / 1e6 + 1) * 1_000_000
        contestant.messages = min(wanted, contestant.max_messages)


def run_set(taking_part, build, processors, runs):
    rows = []
    for contestant in taking_part:
        calibrate(contestant, build, processors)
        print(f"{contestant.name}: {contestant.messages:,} messages a run", file=sys.stderr)
    for turn in range(runs):
        for contestant in taking_part:
            row = run(contestant, build, processors)
            rows.append(row)
            print(
                f"run {turn + 1}/{runs} {contestant.name}: {row['cpu_s_per_gb']:.3f} CPU s/GB, "
                f"{row['messages_per_s'] / 1e6:.2f} M msg/s",
                file=sys.stderr,
            )
    return rows


# --- report -----------------------------------------------------------------------------------------------------------


def spread(values, digits):
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f}-{max(values):.{digits}f}]"


def print_table(rows):
    how = "pinned, broker spinning" if rows[0]["pinned"] else "not pinned, broker sleeping"
    runs = {}
    for row in rows:
        runs.setdefault(row["contestant"], []).append(row)
    cost = {name: statistics.median(row["cpu_s_per_gb"] for row in of) for name, of in runs.items()}

    def times(name, rival):
        return f"{cost[name] / cost[rival]:.3f}" if rival in cost else "-"

    print(f"\n{CASE}, {how}, {len(next(iter(runs.values())))} runs: median [min-max]")
    layout = "{:<12} {:>22} {:>22} {:>14} {:>10} {:>8} {:>9}"
    print(layout.format("", "M msg/s", "CPU s/GB", "vs librdkafka", "vs drain", "RSS MB", "checksum"))
    for name, of in runs.items():
        print(
            layout.format(
                name,
                spread([row["messages_per_s"] / 1e6 for row in of], 2),
                spread([row["cpu_s_per_gb"] for row in of], 3),
                times(name, "librdkafka"),
                times(name, "drain"),
                f"{max(row['peak_rss_bytes'] for row in of) / 1e6:.1f}",
                "ok" if all(row["checksum_ok"] for row in of) else "WRONG",
            )
        )


def parse_arguments():
    root = pathlib.Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3 runs of each instead of 5")
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write every run into FILE")
    parser.add_argument("--both-free", action="store_true", help="a second set, with nothing pinned")
    parser.add_argument("--only", action="append", metavar="NAME", help="this contestant (may be repeated)")
    parser.add_argument("--build", type=pathlib.Path, default=root / "build" / "release", metavar="FOLDER")
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to stop"))  # so that folders and brokers are cleared
    arguments = parse_arguments()
    names = arguments.only or ["ductus-null", "ductus-file", "librdkafka", "drain"]
    taking_part = [one for one in contestants(arguments.build) if one.name in names]
    if not taking_part:
        sys.exit("bench: no such contestant")
    processors = sorted(os.sched_getaffinity(0))[:2]
    if len(processors) < 2:
        sys.exit("bench: needs two processors, one for the broker")
    if os.getloadavg()[0] > 1:
        print(f"bench: load average {os.getloadavg()[0]:.1f}: others disturb these numbers", file=sys.stderr)
    runs = 3 if arguments.quick else 5
    rows = []
    for placed in [processors, None] if arguments.both_free else [processors]:
        try:
            rows_of_set = run_set(taking_part, arguments.build, placed, runs)
        except RunFailed as failure:
            sys.exit(f"bench: {failure}")
        print_table(rows_of_set)
        rows += rows_of_set
    if arguments.json:
        arguments.json.write_text(json.dumps(rows, indent=1) + "\n")
    if not all(row["checksum_ok"] for row in rows):
        sys.exit("bench: a contestant saw something else than was served")


if __name__ == "__main__":
    main()
