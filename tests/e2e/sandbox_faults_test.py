"""A node and a broker that misbehaves by script: everything arrives, in order, whatever goes wrong on the way.

By hand: cd tests && DUCTUS_PROGRAM=… SANDBOX_PROGRAM=… python3 -m unittest -v e2e.sandbox_faults_test
"""

import tempfile
import unittest

from support.ductus_node import DuctusNode
from support.sandbox import Sandbox

_HTTP = b"HTTP/1.1 400 Bad Request\r\n\r\n".hex()
_TLS_ALERT = "15030300020246"


def _seen(output):
    """What the sandbox expects of a reader, taken from a file of lines."""
    lines = output.split(b"\n")[:-1]
    checksum = sum(int.from_bytes(line[:8], "little") ^ offset for offset, line in enumerate(lines)) % 2**64
    return {"messages": len(lines), "value_bytes": sum(map(len, lines)), "checksum": checksum}


class SandboxFaultsTest(unittest.TestCase):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-"))

    def sandbox(self, faults, *options):
        topics = ("--prebuilt", "lines:3:200:lz4:60000", "--topic", "events:2:20000")
        return self.enterContext(Sandbox(self.folder, *topics, *options, faults=faults))

    def node(self, sandbox, *topics):
        return self.enterContext(DuctusNode(self.folder, sandbox.bootstrap, topics))

    def assert_all_arrives(self, faults, *options):
        """Each message once, in order: no fault of a broker costs a message or repeats one."""
        sandbox = self.sandbox(faults, *options)
        node = self.node(sandbox, "lines", "events")
        self.assertEqual(node.run_until_end(), 0, node.said)
        self.assertEqual({place: _seen(node.output(*place)) for place in sandbox.expected}, sandbox.expected)

    def test_errors_and_delays_of_every_api_are_retried(self):
        self.assert_all_arrives(
            "\n".join((
                "metadata 1 of lines: error 5",  # LEADER_NOT_AVAILABLE
                "metadata 2: delay 300",
                "list_offsets 1-2: error 7",  # REQUEST_TIMED_OUT
                "fetch 2-4 of lines/1: error 6",  # NOT_LEADER_OR_FOLLOWER
                "fetch 5: error -1",  # UNKNOWN_SERVER_ERROR
                "fetch 6 of events/0: error 2",  # CORRUPT_MESSAGE
                "fetch 8-9: error 78",  # OFFSET_NOT_AVAILABLE
                "fetch every 7: delay 50",
            ))
        )

    def test_connections_cut_before_within_and_after_an_answer_are_made_anew(self):
        self.assert_all_arrives(
            "\n".join((
                "connection 1: cut 0",
                "api_versions 2: cut 0",
                "metadata 1: cut 20",
                "list_offsets 1: cut after",
                "fetch 2: cut 0",
                "fetch 4: cut 2",  # within the length
                "fetch 6: cut 30",
                "fetch 8: cut 100000",
                "fetch 10: cut after",
            ))
        )

    def test_b40_b43_wrong_correlation_ids_and_answers_that_come_twice_end_the_connection(self):
        self.assert_all_arrives(
            "api_versions 1: id 1\nmetadata 1: id -1\nlist_offsets 1: repeat\nfetch 3: id 1\nfetch 5: repeat\n"
            "fetch 7: id -1000\n"
        )

    def test_b42_answers_in_small_pieces_are_put_together(self):
        self.assert_all_arrives("metadata 1: dribble 1 1\nfetch 1: dribble 5000 1\nfetch 3: dribble 10000 1\n")

    def test_b45_a_port_that_speaks_http_or_tls_is_a_state_with_a_name(self):
        sandbox = self.sandbox(f"api_versions every 2: replace {_TLS_ALERT}\napi_versions: replace {_HTTP}\n")
        node = self.node(sandbox, "lines")
        node.start_console()
        node.wait_for_reason("lines", "HTTP")
        self.assertIsNone(node.exit_code(), node.said)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)

    def test_b39_b77_shortened_answers_are_refused_or_cut_where_a_batch_ends(self):
        self.assert_all_arrives(
            "metadata 1: shorten 5\nlist_offsets 1: shorten 1\nfetch 2: shorten 1\nfetch 4: shorten 900\n"
        )

    def test_b68_bytes_that_turned_on_the_way_are_never_handed_over(self):
        faults = "fetch 2: flip 5000\nfetch 4: flip -300\nfetch 6: flip 100000\n"
        sandbox = self.enterContext(Sandbox(self.folder, "--topic", "events:2:60000", faults=faults))
        node = self.node(sandbox, "events")
        self.assertEqual(node.run_until_end(), 0, node.said)
        for place, expected in sandbox.expected.items():
            # A partition that failed goes on where its offset was stored: it may repeat, it never skips or alters.
            lines = dict.fromkeys(node.output(*place).splitlines(keepends=True))
            self.assertEqual(_seen(b"".join(lines)), expected, place)
        self.assertIn("CRC32C", node.said)

    def test_leaders_move_between_brokers_while_metadata_lags_behind(self):
        self.assert_all_arrives(
            "\n".join((
                "fetch 3 at 1: move lines/0 2",
                "fetch 5 at 2: move lines/1 3",
                "fetch 6 at 3: move lines/0 1",
                "fetch 9 at 2: move events/0 3",
                "metadata 2-4: old_leaders",
            )),
            "--listeners", "3",
        )

    def test_brokers_that_go_away_for_a_while_are_waited_for(self):
        self.assert_all_arrives("fetch 3: down 2 1500\nfetch 6: down 1 700\nfetch 9: down 3 300\n", "--listeners", "3")

    def test_b40_silence_after_a_connection_is_accepted_is_given_up(self):
        self.assert_all_arrives("connection 1: silence\n")

    def test_a_partition_whose_broker_errs_for_ever_delays_no_other(self):
        sandbox = self.sandbox("fetch of lines/1: error 56\n")  # KAFKA_STORAGE_ERROR
        node = self.node(sandbox, "lines", "events")
        node.start_console()
        for place, expected in sandbox.expected.items():
            if place != ("lines", 1):
                node.wait_for_partition(
                    *place, lambda row, end=expected["messages"]: row["next_offset"] == end, "all is read"
                )
        row = node.wait_for_partition("lines", 1, lambda row: "KAFKA_STORAGE_ERROR" in row["reason"], "says why")
        self.assertEqual(row["next_offset"] or 0, 0)
        self.assertEqual(node.stop(), 0)
        self.assertEqual(node.wait_for_exit(), 0, node.said)


if __name__ == "__main__":
    unittest.main()
