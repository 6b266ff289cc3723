"""Tests of bench/run.py: what it calls proven, and what its table compares."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

from checkout_fixture import ROOT

sys.path.insert(0, str(ROOT / "bench"))
import run  # noqa: E402

# Writes as kcat does: lines in blocks of 4096 bytes, and between them a byte to wake a thread.
WRITER = """
import os, sys
data = b"x" * int(sys.argv[1])
_, wake = os.pipe()
for at in range(0, len(data), 4096):
    os.write(1, data[at:at + 4096])
    os.write(wake, b"!")
"""


def row(contestant, cpu_s_per_gb, messages_per_s=1_000_000):
    return {
        "case": "100B-none",
        "contestant": contestant,
        "cpu_s_per_gb": cpu_s_per_gb,
        "messages_per_s": messages_per_s,
        "peak_rss_bytes": 1_000_000,
        "checksum_ok": True,
        "pinned": True,
    }


def printed(rows):
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        run.print_table(rows)
    return output.getvalue()


class BenchTest(unittest.TestCase):
    def kcat_that_wrote(self, size, proven):
        """Whether a run that wrote `size` bytes counts as one of 1000 messages."""
        kcat = run.Kcat("kcat", run.Site(ROOT, None), run.CASES["100B-none"])
        kcat.proven = proven
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            measured = run.measure([sys.executable, "-c", WRITER, size], None, folder, kcat.output(folder))
            return run.agrees(kcat.seen(measured, {"messages": 1000}, folder), {"messages": 1000})

    def test_kcat_is_proven_by_every_byte_and_a_checksummed_run(self):
        self.assertTrue(self.kcat_that_wrote(101_000, proven=True))
        self.assertFalse(self.kcat_that_wrote(100_899, proven=True))  # a line less
        self.assertFalse(self.kcat_that_wrote(101_101, proven=True))  # a line more
        self.assertFalse(self.kcat_that_wrote(101_000, proven=False))

    def test_there_is_a_case_for_each_size_and_codec_and_of_each_size_for_kafka_07(self):
        self.assertEqual(12, len(run.CASES))
        self.assertEqual(run.Case("1KiB-zstd", 1024, "zstd"), run.CASES["1KiB-zstd"])
        self.assertLessEqual(set(run.QUICK_CASES), set(run.CASES))

    def test_compares_with_the_better_api_of_librdkafka(self):
        table = printed([row("ductus-null", 0.2), row("librdkafka", 2.4), row("librdkafka-batch", 2.0)])
        self.assertRegex(table, r"(?m)^ductus-null .* 10\.00 ")

    def test_shows_what_the_reference_machine_gave(self):
        rivals = [row("librdkafka", 2.4, 4_100_000), row("librdkafka-batch", 2.5, 3_900_000)]
        table = printed([row("drain", 0.16), *rivals])
        self.assertIn("drain: 0.160 CPU s/GB; reference 0.13", table)
        self.assertIn("librdkafka: 4.10 M msg/s; reference 4.8", table)


if __name__ == "__main__":
    unittest.main()
