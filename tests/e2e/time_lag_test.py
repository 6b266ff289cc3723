"""The module time_lag on a real Kafka, pushing its gauges to a local HTTPS server.

By hand: cd tests && DUCTUS_PROGRAM=… python3 -m unittest -v e2e.time_lag_test
"""

import base64
import json
import pathlib
import tempfile
import time
import unittest

from support import kcat
from support.child_process import wait_until
from support.ductus_node import DuctusNode
from support.servers.https_server import HttpsServer, make_certificate
from support.kafka_broker import KafkaBroker

_TOKEN = "b1gs3cret"


class TimeLagTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.broker = cls.enterClassContext(KafkaBroker())
        for topic in ("clicks", "views"):
            cls.broker.create_topic(topic, 2)
        now = int(time.time())
        kcat.produce(cls.broker.bootstrap, "views", 0, b"view someday of nobody\n")
        kcat.produce(cls.broker.bootstrap, "clicks", 0, b"click %d of somebody\n" % (now - 1000))
        kcat.produce(cls.broker.bootstrap, "clicks", 1, b"click %d of somebody\n" % (now - 5000))

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="ductus-e2e-")))
        (self.folder / "token").write_text(_TOKEN + "\n")

    def server(self, **options):
        return self.enterContext(HttpsServer(self.folder / "server", **options))

    def node(self, module="time_lag", **settings):
        node = self.enterContext(
            DuctusNode(
                self.folder,
                self.broker.bootstrap,
                ["clicks", "views"],
                handler={"module": module},
                periodic={"every": "1s"},
                **({"handler.settings": settings} if settings else {}),
            )
        )
        node.start_console()
        return node

    def pushing_node(self, server, **settings):
        settings = {"url": server.url + "/v1/metrics", "ca_file": str(server.ca_file)} | settings
        return self.node(email="me@example.org", token_file="token", **settings)

    def wait_until_said(self, node, words):
        wait_until(lambda: words in node.said, f"the log says {words!r}")

    def wait_until_all_is_read(self, node):
        for place in (("clicks", 0), ("clicks", 1), ("views", 0)):
            node.wait_for_partition(*place, lambda row: row["lag"] == 0, "all is read")

    def next_gauges(self, server):
        _, _, body = server.posts.get(timeout=60)
        return {gauge["source"]: gauge["value"] for gauge in json.loads(body)["gauges"]}

    def test_gauges_come_in_the_shape_of_the_original(self):
        server = self.server()
        node = self.pushing_node(server)
        path, headers, body = server.posts.get(timeout=60)
        self.assertEqual(path, "/v1/metrics")
        self.assertEqual(headers["Content-Type"], "application/json")
        credentials = base64.b64encode(f"me@example.org:{_TOKEN}".encode()).decode()
        self.assertEqual(headers["Authorization"], "Basic " + credentials)
        gauges = json.loads(body)["gauges"]
        self.assertEqual({frozenset(gauge) for gauge in gauges}, {frozenset({"name", "value", "source"})})
        self.assertEqual({gauge["name"] for gauge in gauges}, {"node.seconds_lag"})
        self.assertLessEqual({gauge["source"] for gauge in gauges}, {"clicks", "views"})

        # Its value is kept by a message that comes before half a second of silence is over.
        seen = set()

        def a_lag_was_pushed():
            now = int(time.time())
            kcat.produce(self.broker.bootstrap, "clicks", 0, b"click %d x\n" % (now - 1000))
            kcat.produce(self.broker.bootstrap, "clicks", 1, b"click %d x\n" % (now - 5000))
            while not server.posts.empty():
                seen.add(self.next_gauges(server).get("clicks"))
            return any(lag is not None and 5000 <= lag <= 5060 for lag in seen)

        wait_until(a_lag_was_pushed, "the largest lag of the topic", timeout_s=120)
        wait_until(lambda: self.next_gauges(server) == {"clicks": 0, "views": 0}, "nothing is left to read")
        self.assertIn("no unix time in seconds in the second field of the message at offset 0", node.said)
        self.assertNotIn(_TOKEN, node.said)
        self.assertEqual(node.stop(), 0)

    def test_a_server_with_another_certificate_gets_nothing(self):
        server = self.server()
        other = make_certificate(self.folder / "other", "127.0.0.1")
        node = self.pushing_node(server, ca_file=str(other))
        self.wait_until_said(node, "the gauges were not taken: 127.0.0.1:")
        self.wait_until_said(node, "failed, 2 times by now")
        self.wait_until_all_is_read(node)
        self.assertTrue(server.posts.empty())
        self.assertNotIn(_TOKEN, node.said)

    def test_an_answer_that_is_an_error_is_told_and_stops_nothing(self):
        server = self.server(answer=500)
        node = self.pushing_node(server)
        self.wait_until_said(node, f"the gauges were not taken: {server.url}/v1/metrics answers 500")
        self.wait_until_all_is_read(node)
        server.answer = 204
        said = node.said
        for _ in range(3):
            self.next_gauges(server)
        self.assertLessEqual(node.said.count("answers 500"), said.count("answers 500") + 2)

    def test_a_server_that_stalls_holds_up_neither_reading_nor_the_next_period(self):
        server = self.server(answer=None)
        node = self.pushing_node(server)
        self.wait_until_said(node, "failed, 2 times by now: the module threw: the gauges were not taken: 127.0.0.1:")
        self.assertIn("no answer in time", node.said)
        self.wait_until_all_is_read(node)
        begin = time.monotonic()
        self.assertEqual(node.stop(), 0)
        self.assertLess(time.monotonic() - begin, 10)

    def test_without_an_address_the_lags_are_logged(self):
        node = self.node(module="ductus_example_handler")
        self.wait_until_said(node, "node.seconds_lag 0")
        self.assertEqual(node.stop(), 0)
