"""Tests of tools/check_layers.py."""

import tomllib
import unittest

from checkout_fixture import ROOT, CheckoutTest

import check_layers

TABLE = tomllib.loads((ROOT / "tools/layers.toml").read_text())


class CheckLayersTest(CheckoutTest):
    def setUp(self):
        super().setUp()
        for header in ("include/ductus/batch.h", "src/base/log.h", "src/kafka/wire.h", "src/kafka/planner.h",
                       "src/kafka06/reader.h", "src/offsets/sqlite_store.h", "src/net/socket.h", "src/node/brain.h"):
            self.write(header, "#pragma once\n")

    def objections_to(self, file, *includes):
        self.write(file, "".join(f"#include {include}\n" for include in includes))
        return [finding for finding in check_layers.findings(self.root, TABLE) if finding.startswith(file)]

    def test_accepts_lower_layers_and_the_public_headers(self):
        self.assertEqual([], self.objections_to("src/kafka/cluster.cc", '"kafka/planner.h"', '"net/socket.h"',
                                                '"ductus/batch.h"', '"base/log.h"', "<vector>", "<sys/socket.h>"))

    def test_names_file_and_line_of_an_upward_include(self):
        found = self.objections_to("src/net/tls.cc", '"net/socket.h"', '"node/brain/brain.h"')
        self.assertEqual(['src/net/tls.cc:2: net may not include "node/brain/brain.h"'], found)

    def test_keeps_the_three_steps_of_the_data_path_apart(self):
        self.assertTrue(self.objections_to("src/kafka/a.cc", '"offsets/sqlite_store.h"'))
        self.assertTrue(self.objections_to("src/handlers/a.cc", '"kafka/planner.h"'))
        self.assertTrue(self.objections_to("src/pipeline/a.cc", '"kafka/planner.h"'))

    def test_keeps_the_two_protocol_lines_apart(self):
        self.assertTrue(self.objections_to("src/kafka/a.cc", '"kafka06/reader.h"'))
        self.assertTrue(self.objections_to("src/kafka06/a.cc", '"kafka/planner.h"'))

    def test_gives_the_sandbox_only_the_byte_primitives_of_kafka(self):
        self.assertEqual([], self.objections_to("src/sandbox/a.cc", '"kafka/wire.h"'))
        self.assertTrue(self.objections_to("src/sandbox/b.cc", '"kafka/planner.h"'))

    def test_keeps_public_headers_to_std_and_themselves(self):
        self.assertEqual([], self.objections_to("include/ductus/a.h", "<string_view>", '"ductus/batch.h"'))
        self.assertTrue(self.objections_to("include/ductus/b.h", "<sqlite3.h>"))
        self.assertTrue(self.objections_to("include/ductus/c.h", '"base/log.h"'))

    def test_keeps_examples_to_what_a_copy_of_them_finds(self):
        self.write("examples/a/module.h", "#pragma once\n")
        self.assertEqual([], self.objections_to("examples/a/main.cc", '"module.h"', "<ductus/app.h>", "<sys/socket.h>",
                                                "<unistd.h>", "<vector>"))
        self.assertEqual(3, len(self.objections_to("examples/a/b.cc", '"base/log.h"', "<fmt/core.h>", "<sqlite3.h>")))

    def test_keeps_a_library_to_its_module(self):
        self.assertEqual([], self.objections_to("src/offsets/a.cc", "<sqlite3.h>"))
        self.assertEqual([], self.objections_to("src/cli/version.cc", "<sqlite3.h>"))
        self.assertEqual(["src/node/a.cc:1: <sqlite3.h> belongs to offsets, cli/version.cc, not to node"],
                         self.objections_to("src/node/a.cc", "<sqlite3.h>"))

    def test_wants_includes_by_module_and_name(self):
        self.assertTrue(self.objections_to("src/net/a.cc", '"socket.h"'))
        self.assertTrue(self.objections_to("src/net/b.cc", '"base/no_such.h"'))

    def test_wants_every_module_in_the_table(self):
        self.assertTrue(self.objections_to("src/novel/a.cc", '"base/log.h"'))

    def test_the_table_has_no_circle(self):
        done, table = set(), TABLE["may_include"]
        while len(done) < len(table):
            ready = {module for module in table.keys() - done
                     if {name.split("/")[0] for name in table[module]} <= done}
            self.assertTrue(ready, f"a circle among {sorted(table.keys() - done)}")
            done |= ready


if __name__ == "__main__":
    unittest.main()
